using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>
/// A head screened by logits of bytes, for CPUs whose vectors multiply those four times as fast as float32. Rows of x and of W are whole numbers up to 127 with a scale each; sums of their
/// products are exact. Logits are looked at while they lie in registers and never written down.
/// </summary>
internal sealed unsafe class ByteHead : ScreenedHead
{
    // Rows whose candidates are collected together.
    private const int ChunkRows = 256, PanelRows = ByteProduct.PanelRows, Units = 127;

    private readonly Tensor _bytes;
    private readonly Tensor _tokens; // [vocabulary, 4], Token

    [ThreadStatic]
    private static ThreadScratch? t_scratch, t_panels, t_candidates;

    /// <summary>What belongs to a row of W beside its bytes.</summary>
    /// <param name="Scale">What a unit of its bytes is worth.</param>
    /// <param name="Offset">What its sums are too large by, since those of x are shifted to be positive.</param>
    /// <param name="Norm">‖w‖</param>
    /// <param name="Error">‖w − ŵ‖</param>
    private readonly record struct Token(float Scale, int Offset, float Norm, float Error);

    public ByteHead(Tensor weight) : base(weight)
    {
        _bytes = empty([Vocabulary, Hidden], dtype: ScalarType.Int8).DetachFromDisposeScope();
        _tokens = empty([Vocabulary, sizeof(Token) / sizeof(float)], dtype: ScalarType.Float32).DetachFromDisposeScope();
        nint from = Matmul.Address(weight), to = Matmul.Address(_bytes), tokens = Matmul.Address(_tokens);
        var team = ThreadTeam.Shared;
        team.Run(part =>
        {
            var (start, end) = team.Share(part, Vocabulary, 1);
            for (var token = start; token < end; token++)
            {
                var bytes = (sbyte*)to + (long)token * Hidden;
                var (scale, sum, norm, error) = Round((float*)from + (long)token * Hidden, bytes, Hidden);
                ((Token*)tokens)[token] = new Token(scale, 128 * sum, (float)((norm + error) * 1.0001), (float)(error * 1.0001));
            }
        });
    }

    /// <summary>Whether this pays: a float32 head on a CPU that multiplies bytes four times as fast.</summary>
    public static bool Pays(Tensor weight) => Supports(weight) && ByteProduct.Available && weight.shape[0] >= ByteProduct.TileOutputs;

    /// <summary>Memory that this takes beside a head.</summary>
    public static new long Bytes(Tensor weight) => weight.shape[0] * (weight.shape[1] + sizeof(Token));

    public override void Dispose()
    {
        _bytes.Dispose();
        _tokens.Dispose();
    }

    protected override void Screen(Tensor x, long* found)
    {
        var rows = (int)x.size(0);
        var exact = (float*)Matmul.Address(x);
        for (var row = 0; row < rows; row += ChunkRows)
            ScreenChunk(exact + (long)row * Hidden, Math.Min(ChunkRows, rows - row), found + row);
    }

    private void ScreenChunk(float* exact, int rows, long* found)
    {
        var team = ThreadTeam.Shared;
        var panels = (rows + PanelRows - 1) / PanelRows;
        var padded = panels * PanelRows;
        var packed = (byte*)(t_panels ??= new ThreadScratch()).Floats((nuint)padded * (nuint)Hidden / sizeof(float));
        var lists = new CandidateList[team.Threads * padded];
        var memory = (t_candidates ??= new ThreadScratch()).Floats((nuint)lists.Length * CandidateList.Floats);
        var states = new float[3 * padded]; // scales, factors of ‖w‖ and of ‖w − ŵ‖
        nint source = (nint)exact, target = (nint)packed, best = (nint)found;
        team.Run(part =>
        {
            var (first, end) = team.Share(part, panels, 1);
            for (var panel = first; panel < end; panel++)
                Pack((float*)source + (long)panel * PanelRows * Hidden, Math.Min(PanelRows, rows - panel * PanelRows), (byte*)target + (long)panel * PanelRows * Hidden, states, panel * PanelRows);
        });
        team.Run(part =>
        {
            var mine = lists.AsSpan(part * padded, padded);
            for (var row = 0; row < padded; row++)
                mine[row] = new CandidateList((float*)memory + (long)(part * padded + row) * CandidateList.Floats);
            var (start, end) = team.Share(part, Vocabulary, ByteProduct.TileOutputs);
            fixed (float* factors = states)
            fixed (CandidateList* collected = mine)
                Collect((byte*)target, panels, rows, factors, collected, start, end);
        });
        team.Run(part =>
        {
            var candidates = stackalloc int[MaxCandidates];
            var (first, end) = team.Share(part, rows, 1);
            for (var row = first; row < end; row++)
            {
                var count = CandidateList.Merge(lists, row, padded, candidates, MaxCandidates);
                ((long*)best)[row] = count == 0 ? -1 : Best((float*)source + (long)row * Hidden, (float*)Matmul.Address(Weight), candidates, count);
            }
        });
    }

    /// <summary>Goes over some tokens for all rows and collects, for each row, those that may be its best.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private void Collect(byte* packed, int panels, int rows, float* states, CandidateList* lists, int start, int end)
    {
        var padded = panels * PanelRows;
        var sums = stackalloc int[ByteProduct.TileOutputs * PanelRows];
        var least = (float*)(t_scratch ??= new ThreadScratch()).Floats((nuint)padded); // the largest logit that is certain, by row
        new Span<float>(least, rows).Fill(float.NegativeInfinity);
        new Span<float>(least + rows, padded - rows).Fill(float.PositiveInfinity); // rows that there are not have no candidates
        var w = (sbyte*)Matmul.Address(_bytes);
        var tokens = (Token*)Matmul.Address(_tokens);
        for (var output = start; output < end; output += ByteProduct.TileOutputs)
        {
            var first = Math.Min(output, Vocabulary - ByteProduct.TileOutputs); // the last tile begins earlier; that a token is found twice does no harm
            var tile = w + (nint)first * Hidden;
            for (var ahead = tile + ByteProduct.TileOutputs * Hidden; ahead < tile + 2 * ByteProduct.TileOutputs * Hidden; ahead += MachineCode.CacheLine)
                Sse.Prefetch1(ahead);
            for (var panel = 0; panel < panels; panel++)
            {
                ByteProduct.Multiply(packed + (nint)panel * PanelRows * Hidden, tile, Hidden, Hidden / ByteProduct.StepBytes, sums);
                for (var half = 0; half < PanelRows; half += Lanes)
                {
                    var row = panel * PanelRows + half;
                    Vector512<float> scales = Vector512.Load(states + row), byNorm = Vector512.Load(states + padded + row), byError = Vector512.Load(states + 2 * padded + row), most = Vector512.Load(least + row);
                    for (var i = 0; i < ByteProduct.TileOutputs; i++)
                    {
                        var token = tokens + first + i;
                        var sum = Vector512.Load(sums + i * PanelRows + half) - Vector512.Create(token->Offset);
                        var score = Vector512.ConvertToSingle(sum) * (scales * Vector512.Create(token->Scale));
                        var slack = Vector512.FusedMultiplyAdd(byNorm, Vector512.Create(token->Norm), byError * Vector512.Create(token->Error));
                        var upper = score + slack;
                        most = Vector512.MaxNative(most, score - slack);
                        var mask = Vector512.GreaterThanOrEqual(upper, most).ExtractMostSignificantBits();
                        if (mask != 0)
                            Add(lists + row, mask, first + i, upper, most);
                    }
                    Vector512.Store(most, least + row);
                }
            }
        }
        for (var row = 0; row < rows; row++)
            lists[row].Least = least[row];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Add(CandidateList* lists, ulong mask, int token, Vector512<float> upper, Vector512<float> least)
    {
        for (; mask != 0; mask &= mask - 1)
        {
            var lane = BitOperations.TrailingZeroCount(mask);
            lists[lane].Add(token, upper[lane], least[lane]);
        }
    }

    /// <summary>Rounds up to 32 rows of x to bytes from 1 to 255, as <see cref="ByteProduct"/> reads them; those that there are not become zeros.</summary>
    private void Pack(float* x, int rows, byte* panel, float[] states, int first)
    {
        var rounded = (sbyte*)(t_scratch ??= new ThreadScratch()).Floats((nuint)PanelRows * (nuint)Hidden / sizeof(float));
        var padded = states.Length / 3;
        for (var row = 0; row < PanelRows; row++)
        {
            var to = rounded + (nint)row * Hidden;
            if (row < rows)
            {
                var (scale, _, norm, error) = Round(x + (nint)row * Hidden, to, Hidden);
                var (byNorm, byError) = Slack(norm, error);
                (states[first + row], states[padded + first + row], states[2 * padded + first + row]) = (scale, byNorm, byError);
            }
            else
                new Span<sbyte>(to, Hidden).Clear();
            for (var i = 0; i < Hidden; i += Lanes)
                Vector128.Store(Vector128.Load((byte*)to + i) ^ Vector128.Create((byte)0x80), (byte*)to + i); // adds 128
        }
        var words = Hidden / sizeof(int);
        for (var half = 0; half < PanelRows; half += Lanes)
        {
            var k = 0;
            for (; k + Lanes <= words; k += Lanes)
                Transposition.Copy((float*)rounded + half * words + k, words, (float*)panel + k * PanelRows + half, PanelRows);
            for (; k < words; k++)
                for (var row = half; row < half + Lanes; row++)
                    ((int*)panel)[k * PanelRows + row] = ((int*)rounded)[row * words + k];
        }
    }

    /// <summary>Rounds a row to multiples of the 127th part of its largest value.</summary>
    /// <returns>What a unit is worth, the sum of the units, and the lengths of what they stand for and of the difference.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (float Scale, int Sum, double Norm, double Error) Round(float* from, sbyte* to, int count)
    {
        Vector512<float> most = default;
        for (var i = 0; i < count; i += Lanes)
            most = Vector512.Max(most, Vector512.Abs(Vector512.Load(from + i)));
        var largest = Largest.Of(most);
        float scale = largest / Units, inverse = largest > 0 ? Units / largest : 0;
        Vector512<float> squares = default, differences = default;
        Vector512<int> sums = default;
        for (var i = 0; i < count; i += Lanes)
        {
            var value = Vector512.Load(from + i);
            var units = Avx512F.ConvertToVector512Int32(value * inverse); // to the nearest; at most 127
            Vector128.Store(Avx512F.ConvertToVector128SByteWithSaturation(units), to + i);
            var rounded = Vector512.ConvertToSingle(units) * scale;
            var difference = value - rounded;
            squares = Vector512.FusedMultiplyAdd(rounded, rounded, squares);
            differences = Vector512.FusedMultiplyAdd(difference, difference, differences);
            sums += units;
        }
        return (scale, Vector512.Sum(sums), Math.Sqrt(Vector512.Sum(squares)), Math.Sqrt(Vector512.Sum(differences)));
    }
}
