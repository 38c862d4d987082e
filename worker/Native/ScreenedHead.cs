using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>
/// The likeliest token of many rows, as float32 logits would have it, at the price of bfloat16 ones where the CPU has matrix units for those (AMX). The rounded logits come with
/// a bound of their error; only tokens that could still be the best within it are scored in float32. Holds a bfloat16 copy of the head as it was when this was made.
/// </summary>
internal sealed unsafe class ScreenedHead : IDisposable
{
    /// <summary>Fewer rows are bound by the weights' way from memory, and then the product itself is as fast.</summary>
    public const int MinRows = 32;

    private const int Lanes = 16, MaxCandidates = 1024;
    private const float Rounding = 1f / 256; // of a number to bfloat16, relative

    private readonly Tensor _weight, _rounded, _norms, _errors; // by token: ‖w‖ and ‖w − rounded w‖
    private readonly int _vocabulary, _hidden;

    public ScreenedHead(Tensor weight)
    {
        (_weight, _vocabulary, _hidden) = (weight, (int)weight.shape[0], (int)weight.shape[1]);
        _rounded = empty([_vocabulary, _hidden], dtype: ScalarType.BFloat16).DetachFromDisposeScope();
        _norms = empty([_vocabulary], dtype: ScalarType.Float32).DetachFromDisposeScope();
        _errors = empty([_vocabulary], dtype: ScalarType.Float32).DetachFromDisposeScope();
        nint from = Matmul.Address(weight), to = Matmul.Address(_rounded), norms = Matmul.Address(_norms), errors = Matmul.Address(_errors);
        var team = ThreadTeam.Shared;
        team.Run(part =>
        {
            var (start, end) = team.Share(part, _vocabulary, 1);
            for (var token = start; token < end; token++)
                Round((float*)from + (long)token * _hidden, (ushort*)to + (long)token * _hidden, _hidden, (float*)norms + token, (float*)errors + token);
        });
    }

    /// <summary>Whether this pays: a float32 head on a CPU that multiplies bfloat16 several times as fast.</summary>
    public static bool Pays(Tensor weight) =>
        Supports(weight) && X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Edx >> 22 & 1) != 0; // AMX-BF16

    public static bool Supports(Tensor weight) =>
        Avx512F.IsSupported && weight.dtype == ScalarType.Float32 && weight.device_type == DeviceType.CPU && weight.is_contiguous() && weight.shape[1] % Lanes == 0;

    /// <summary>Memory that this takes beside a head.</summary>
    public static long Bytes(Tensor weight) => weight.shape[0] * (weight.shape[1] * 2 + 2 * sizeof(float));

    /// <summary>The index of each row's largest logit: [rows], int64.</summary>
    /// <param name="states">[rows, hidden].</param>
    public Tensor Likeliest(Tensor states)
    {
        using var scope = NewDisposeScope();
        var x = states.contiguous();
        var rounded = x.to(ScalarType.BFloat16);
        var logits = nn.functional.linear(rounded, _rounded); // bfloat16, [rows, vocabulary]
        var rows = (int)x.size(0);
        var best = empty([rows], dtype: ScalarType.Int64);
        nint exact = Matmul.Address(x), rough = Matmul.Address(rounded), scores = Matmul.Address(logits), found = Matmul.Address(best);
        nint matrix = Matmul.Address(_weight), norms = Matmul.Address(_norms), errors = Matmul.Address(_errors);
        var team = ThreadTeam.Shared;
        team.Run(part =>
        {
            var candidates = stackalloc int[MaxCandidates];
            var (start, end) = team.Share(part, rows, 1);
            for (var row = start; row < end; row++)
            {
                var state = (float*)exact + (long)row * _hidden;
                var (byNorm, byError) = Slack(state, (ushort*)rough + (long)row * _hidden, _hidden);
                var count = Screen((ushort*)scores + (long)row * _vocabulary, (float*)norms, (float*)errors, byNorm, byError, _vocabulary, candidates);
                ((long*)found)[row] = count is 0 or > MaxCandidates ? -1 : Best(state, (float*)matrix, candidates, count);
            }
        });
        Settle(x, best);
        return best.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _rounded.Dispose();
        _norms.Dispose();
        _errors.Dispose();
    }

    /// <summary>Rows whose logits lie too close together are computed in full.</summary>
    private void Settle(Tensor x, Tensor best)
    {
        var found = new ReadOnlySpan<long>((void*)Matmul.Address(best), (int)best.numel());
        if (!found.ContainsAnyInRange(long.MinValue, -1))
            return;
        var open = new List<long>();
        for (var row = 0; row < found.Length; row++)
            if (found[row] < 0)
                open.Add(row);
        var rows = tensor(open);
        var states = x.index_select(0, rows);
        best.index_copy_(0, rows, Argmax.OfRows(Matmul.TryLinear(states, _weight) ?? nn.functional.linear(states, _weight)));
    }

    private int Best(float* state, float* matrix, int* candidates, int count)
    {
        var (best, most) = (candidates[0], Matmul.Dot(state, matrix + (long)candidates[0] * _hidden, _hidden));
        for (var i = 1; i < count; i++)
        {
            var score = Matmul.Dot(state, matrix + (long)candidates[i] * _hidden, _hidden);
            if (score > most)
                (best, most) = (candidates[i], score);
        }
        return best;
    }

    /// <summary>Rounds a row of W to the nearest, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round(float* from, ushort* to, int count, float* norm, float* error)
    {
        Vector512<float> squares = default, differences = default;
        for (var i = 0; i < count; i += Lanes)
        {
            var value = Vector512.Load(from + i);
            var bits = value.AsUInt32();
            var high = bits + Vector512.Create(0x7FFFu) + (bits >>> 16 & Vector512<uint>.One) >>> 16;
            Vector256.Store(Avx512F.ConvertToVector256UInt16(high), to + i);
            var difference = value - (high << 16).AsSingle();
            squares = Vector512.FusedMultiplyAdd(value, value, squares);
            differences = Vector512.FusedMultiplyAdd(difference, difference, differences);
        }
        *norm = MathF.Sqrt(Vector512.Sum(squares)) * 1.0001f; // a little more than the sums' own rounding
        *error = MathF.Sqrt(Vector512.Sum(differences)) * 1.0001f;
    }

    /// <summary>
    /// The factors of ‖w‖ and ‖w − ŵ‖ in the bound of |x·w − x̂·ŵ|: the difference is (x − x̂)·w + x̂·(w − ŵ), each at most the product of the norms (Cauchy and Schwarz),
    /// and both sums are rounded in float32.
    /// </summary>
    private static (float ByNorm, float ByError) Slack(float* exact, ushort* rough, int count)
    {
        double squares = 0, differences = 0;
        for (var i = 0; i < count; i++)
        {
            float rounded = BitConverter.UInt32BitsToSingle((uint)rough[i] << 16), difference = exact[i] - rounded;
            squares += rounded * rounded;
            differences += difference * difference;
        }
        var norm = Math.Sqrt(squares);
        return ((float)((Math.Sqrt(differences) + norm * count / (1 << 22)) * 1.0001), (float)(norm * 1.0001));
    }

    /// <summary>Collects the tokens whose logit may be the largest.</summary>
    /// <returns>How many there are; more than <see cref="MaxCandidates"/> are not collected.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Screen(ushort* scores, float* norms, float* errors, float byNorm, float byError, int count, int* candidates)
    {
        Vector512<float> norm = Vector512.Create(byNorm), error = Vector512.Create(byError), least = Vector512.Create(float.NegativeInfinity);
        var i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            var score = Widen(scores + i);
            least = Vector512.MaxNative(least, score - Bound(score, norms + i, errors + i, norm, error));
        }
        var threshold = float.NegativeInfinity;
        for (var lane = 0; lane < Lanes; lane++)
            threshold = MathF.Max(threshold, least[lane]);
        for (var rest = i; rest < count; rest++)
        {
            var score = BitConverter.UInt32BitsToSingle((uint)scores[rest] << 16);
            threshold = MathF.Max(threshold, score - Bound(score, norms[rest], errors[rest], byNorm, byError));
        }

        var found = 0;
        for (i = 0; i + Lanes <= count; i += Lanes)
        {
            var score = Widen(scores + i);
            var mask = Vector512.GreaterThanOrEqual(score + Bound(score, norms + i, errors + i, norm, error), Vector512.Create(threshold)).ExtractMostSignificantBits();
            for (; mask != 0 && found < MaxCandidates; mask &= mask - 1)
                candidates[found++] = i + System.Numerics.BitOperations.TrailingZeroCount(mask);
            if (mask != 0)
                return MaxCandidates + 1;
        }
        for (; i < count; i++)
        {
            var score = BitConverter.UInt32BitsToSingle((uint)scores[i] << 16);
            if (!(score + Bound(score, norms[i], errors[i], byNorm, byError) >= threshold))
                continue;
            if (found == MaxCandidates)
                return MaxCandidates + 1;
            candidates[found++] = i;
        }
        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Widen(ushort* values) => (Avx512F.ConvertToVector512UInt32(Vector256.Load(values)) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Bound(Vector512<float> score, float* norms, float* errors, Vector512<float> byNorm, Vector512<float> byError) =>
        Vector512.FusedMultiplyAdd(Vector512.Load(norms), byNorm, Vector512.FusedMultiplyAdd(Vector512.Load(errors), byError, Vector512.Abs(score) * (1.01f * Rounding)));

    private static float Bound(float score, float norm, float error, float byNorm, float byError) => norm * byNorm + error * byError + MathF.Abs(score) * 1.01f * Rounding;
}
