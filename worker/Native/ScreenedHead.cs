using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>
/// The likeliest token of many rows, as float32 logits would have it, at the price of coarser ones. Those come with a bound of their error; only tokens that could still be the best within
/// it are scored in float32. Holds a coarser copy of the head as it was when this was made.
/// </summary>
internal abstract unsafe class ScreenedHead(Tensor weight) : IDisposable
{
    /// <summary>Fewer rows are bound by the weights' way from memory, and then the product itself is as fast.</summary>
    public const int MinRows = 32;

    /// <summary>Tokens of a row that are scored in float32; where more could be the best, all are.</summary>
    protected const int MaxCandidates = 1024;

    protected const int Lanes = 16;

    private const long TrialRows = 512; // show what a copy is worth

    private long _rows, _open;

    protected Tensor Weight { get; } = weight;

    protected int Vocabulary { get; } = (int)weight.shape[0];

    protected int Hidden { get; } = (int)weight.shape[1];

    /// <summary>Makes the copy that pays on this CPU, or null where none does.</summary>
    public static ScreenedHead? TryCreate(Tensor weight) => BFloat16Head.Pays(weight) ? new BFloat16Head(weight) : ByteHead.Pays(weight) ? new ByteHead(weight) : null;

    /// <summary>Memory that <see cref="TryCreate"/> takes beside a head.</summary>
    public static long Bytes(Tensor weight) => BFloat16Head.Pays(weight) ? BFloat16Head.Bytes(weight) : ByteHead.Pays(weight) ? ByteHead.Bytes(weight) : 0;

    /// <summary>Whether a head is one that can be screened: float32 on a CPU with wide vectors.</summary>
    public static bool Supports(Tensor weight) =>
        Avx512F.IsSupported && weight.dtype == ScalarType.Float32 && weight.device_type == DeviceType.CPU && weight.is_contiguous() && weight.shape[1] % Lanes == 0;

    /// <summary>Whether the copy spares most rows the whole product so far; a head whose logits lie too close together gains nothing by it.</summary>
    public bool Worthwhile => _rows < TrialRows || _open <= _rows / 2;

    /// <summary>The index of each row's largest logit: [rows], int64.</summary>
    /// <param name="states">[rows, hidden].</param>
    public Tensor Likeliest(Tensor states)
    {
        if (!Worthwhile)
            return InFull(states);
        using var scope = NewDisposeScope();
        var x = states.contiguous();
        var best = empty([x.size(0)], dtype: ScalarType.Int64);
        Screen(x, (long*)Matmul.Address(best));
        Settle(x, best);
        return best.MoveToOuterDisposeScope();
    }

    public abstract void Dispose();

    /// <summary>Finds the best token of each row, or leaves -1 where too many could be.</summary>
    /// <param name="x">[rows, hidden], contiguous.</param>
    /// <param name="found">[rows].</param>
    protected abstract void Screen(Tensor x, long* found);

    /// <summary>The best of some tokens, in ascending order, by float32 logits; the first of equals.</summary>
    protected int Best(float* state, float* matrix, int* candidates, int count)
    {
        var (best, most) = (candidates[0], Matmul.Dot(state, matrix + (long)candidates[0] * Hidden, Hidden));
        for (var i = 1; i < count; i++)
        {
            var score = Matmul.Dot(state, matrix + (long)candidates[i] * Hidden, Hidden);
            if (score > most)
                (best, most) = (candidates[i], score);
        }
        return best;
    }

    /// <summary>
    /// The factors of ‖w‖ and ‖w − ŵ‖ in the bound of |x·w − x̂·ŵ|: the difference is (x − x̂)·w + x̂·(w − ŵ), each at most the product of the norms (Cauchy and Schwarz),
    /// and both sums are rounded in float32.
    /// </summary>
    /// <param name="norm">‖x̂‖</param>
    /// <param name="difference">‖x − x̂‖</param>
    protected (float ByNorm, float ByError) Slack(double norm, double difference) => ((float)((difference + norm * Hidden / (1 << 22)) * 1.0001), (float)(norm * 1.0001));

    /// <summary>Rows whose logits lie too close together are computed in full.</summary>
    private void Settle(Tensor x, Tensor best)
    {
        var found = new ReadOnlySpan<long>((void*)Matmul.Address(best), (int)best.numel());
        _rows += found.Length;
        if (!found.ContainsAnyInRange(long.MinValue, -1))
            return;
        var open = new List<long>();
        for (var row = 0; row < found.Length; row++)
            if (found[row] < 0)
                open.Add(row);
        _open += open.Count;
        var rows = tensor(open);
        best.index_copy_(0, rows, InFull(x.index_select(0, rows)));
    }

    private Tensor InFull(Tensor states)
    {
        using var logits = Matmul.TryLinear(states, Weight) ?? nn.functional.linear(states, Weight);
        return Argmax.OfRows(logits);
    }
}
