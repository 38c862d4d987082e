using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>A head screened by bfloat16 logits, for CPUs with matrix units for those (AMX).</summary>
internal sealed unsafe class BFloat16Head : ScreenedHead
{
    private const float Rounding = 1f / 256; // of a number to bfloat16, relative

    private readonly Tensor _rounded, _norms, _errors; // by token: ‖w‖ and ‖w − rounded w‖

    public BFloat16Head(Tensor weight) : base(weight)
    {
        _rounded = empty([Vocabulary, Hidden], dtype: ScalarType.BFloat16).DetachFromDisposeScope();
        _norms = empty([Vocabulary], dtype: ScalarType.Float32).DetachFromDisposeScope();
        _errors = empty([Vocabulary], dtype: ScalarType.Float32).DetachFromDisposeScope();
        nint from = Matmul.Address(weight), to = Matmul.Address(_rounded), norms = Matmul.Address(_norms), errors = Matmul.Address(_errors);
        var team = ThreadTeam.Shared;
        team.Run(part =>
        {
            var (start, end) = team.Share(part, Vocabulary, 1);
            for (var token = start; token < end; token++)
                Round((float*)from + (long)token * Hidden, (ushort*)to + (long)token * Hidden, Hidden, (float*)norms + token, (float*)errors + token);
        });
    }

    /// <summary>Whether this pays: a float32 head on a CPU that multiplies bfloat16 many times as fast.</summary>
    public static bool Pays(Tensor weight) =>
        Supports(weight) && CpuFeatures.BFloat16Units;

    /// <summary>Memory that this takes beside a head.</summary>
    public static new long Bytes(Tensor weight) => weight.shape[0] * (weight.shape[1] * sizeof(ushort) + 2 * sizeof(float));

    public override void Dispose()
    {
        _rounded.Dispose();
        _norms.Dispose();
        _errors.Dispose();
    }

    protected override void Screen(Tensor x, long* found)
    {
        var rounded = x.to(ScalarType.BFloat16);
        var logits = nn.functional.linear(rounded, _rounded); // bfloat16, [rows, vocabulary]
        var rows = (int)x.size(0);
        nint exact = Matmul.Address(x), rough = Matmul.Address(rounded), scores = Matmul.Address(logits), best = (nint)found;
        nint matrix = Matmul.Address(Weight), norms = Matmul.Address(_norms), errors = Matmul.Address(_errors);
        var team = ThreadTeam.Shared;
        team.Run(part =>
        {
            var candidates = stackalloc int[MaxCandidates];
            var (start, end) = team.Share(part, rows, 1);
            for (var row = start; row < end; row++)
            {
                var state = (float*)exact + (long)row * Hidden;
                var (byNorm, byError) = SlackOf(state, (ushort*)rough + (long)row * Hidden);
                var count = Screen((ushort*)scores + (long)row * Vocabulary, (float*)norms, (float*)errors, byNorm, byError, Vocabulary, candidates);
                ((long*)best)[row] = count is 0 or > MaxCandidates ? -1 : Best(state, (float*)matrix, candidates, count);
            }
        });
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

    private (float ByNorm, float ByError) SlackOf(float* exact, ushort* rough)
    {
        double squares = 0, differences = 0;
        for (var i = 0; i < Hidden; i++)
        {
            float rounded = BitConverter.UInt32BitsToSingle((uint)rough[i] << 16), difference = exact[i] - rounded;
            squares += rounded * rounded;
            differences += difference * difference;
        }
        return Slack(Math.Sqrt(squares), Math.Sqrt(differences));
    }

    /// <summary>Collects the tokens whose logit may be the largest.</summary>
    /// <returns>How many there are; more than <see cref="ScreenedHead.MaxCandidates"/> are not collected.</returns>
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
        var threshold = Largest.Of(least);
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
