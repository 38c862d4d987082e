using LightReasoner.Api;
using LightReasoner.Worker.Native;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Sampling;

/// <summary>
/// By tensor operators, for any device and type. How many tokens are plausible only the device knows, and to ask would be to wait; so every row brings its <see cref="Width"/> likeliest
/// tokens along with its KL. A kept row with more plausible tokens than that, which is a flat one (its likeliest token has at most 1 / (Width · alpha)), comes whole and takes a second wait.
/// </summary>
internal sealed class OperatorSelection : StepSelection
{
    /// <summary>Plausible tokens of a row that come without another wait.</summary>
    public const int Width = 64;

    private readonly SelectionSpec _selection;
    private readonly Tensor _expert, _advantage; // [rows, shared vocabulary]: pE, and log(pE + ε) − log(pA + ε)
    private readonly int _width;
    private readonly HostCopy.Values<float> _kl, _weights;
    private readonly HostCopy.Values<long> _ids; // [rows, width], −1 for a token that is not plausible

    public OperatorSelection(Tensor expertLogits, Tensor amateurLogits, SelectionSpec selection, HostCopy host)
    {
        using var scope = NewDisposeScope();
        _selection = selection;
        var shared = Math.Min(expertLogits.size(-1), amateurLogits.size(-1));
        _width = (int)Math.Min(Width, shared);
        _expert = expertLogits.softmax(-1, ScalarType.Float32).narrow(-1, 0, shared).MoveToOuterDisposeScope();
        var amateur = amateurLogits.softmax(-1, ScalarType.Float32).narrow(-1, 0, shared);
        var smoothed = _expert.add(Epsilon);
        _advantage = smoothed.log().sub_(amateur.add(Epsilon).log_()).MoveToOuterDisposeScope();
        _kl = host.Add<float>(smoothed.mul_(_advantage).sum(-1).MoveToOuterDisposeScope());

        var (likeliest, ids) = _expert.topk(_width, -1);
        var implausible = likeliest.ge(likeliest.narrow(-1, 0, 1).mul(selection.Alpha)).logical_not_();
        _ids = host.Add<long>(ids.masked_fill(implausible, -1).MoveToOuterDisposeScope());
        _weights = host.Add<float>(_advantage.gather(-1, ids).masked_fill_(implausible, double.NegativeInfinity).softmax(-1).MoveToOuterDisposeScope());
    }

    public override IReadOnlyList<SoftLabel> Labels(int[] rows, HostCopy host)
    {
        var labels = new List<SoftLabel>();
        var flat = new List<(int Index, int Row, double Kl)>();
        var kl = _kl.Span;
        for (var i = 0; i < rows.Length; i++)
        {
            if (!(kl[rows[i]] >= _selection.Beta))
                continue;
            var ids = _ids.Span.Slice(rows[i] * _width, _width);
            if (ids[^1] < 0 || _width == _expert.size(1))
                labels.Add(Label(i, kl[rows[i]], ids, _weights.Span.Slice(rows[i] * _width, _width)));
            else
                flat.Add((i, rows[i], kl[rows[i]]));
        }
        if (flat.Count > 0)
            labels.AddRange(Whole(flat, host));
        return labels;
    }

    private static SoftLabel Label(int index, double kl, ReadOnlySpan<long> ids, ReadOnlySpan<float> weights)
    {
        var count = ids.IndexOf(-1) is >= 0 and var end ? end : ids.Length;
        var (sortedIds, sortedWeights) = (new int[count], new double[count]);
        for (var i = 0; i < count; i++)
            (sortedIds[i], sortedWeights[i]) = ((int)ids[i], weights[i]);
        Array.Sort(sortedIds, sortedWeights);
        return new SoftLabel(index, kl, sortedIds, sortedWeights);
    }

    /// <summary>Labels from the weights of all tokens, −1 for one that is not plausible.</summary>
    private List<SoftLabel> Whole(List<(int Index, int Row, double Kl)> flat, HostCopy host)
    {
        using var scope = NewDisposeScope();
        var rows = flat.ConvertAll(row => row.Row).ToArray().ToDevice(_expert.device);
        var expert = _expert.index_select(0, rows);
        var implausible = expert.ge(expert.amax([-1], keepdim: true).mul(_selection.Alpha)).logical_not_();
        var masked = _advantage.index_select(0, rows).masked_fill_(implausible, double.NegativeInfinity).softmax(-1).masked_fill_(implausible, -1);
        var arrived = host.Add<float>(masked);
        host.Wait();
        var labels = new List<SoftLabel>(flat.Count);
        var vocabulary = (int)expert.size(1);
        for (var i = 0; i < flat.Count; i++)
        {
            var (ids, weights) = (new List<int>(), new List<double>());
            var row = arrived.Span.Slice(i * vocabulary, vocabulary);
            for (var id = 0; id < vocabulary; id++)
            {
                if (row[id] < 0)
                    continue;
                ids.Add(id);
                weights.Add(row[id]);
            }
            labels.Add(new SoftLabel(flat[i].Index, flat[i].Kl, [.. ids], [.. weights]));
        }
        return labels;
    }
}
