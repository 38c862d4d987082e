using LightReasoner.Api;
using LightReasoner.Worker.Generation;
using LightReasoner.Worker.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Sampling;

/// <summary>The soft label of one kept step.</summary>
/// <param name="Row">Row of the step in what was compared.</param>
/// <param name="Kl">KL(expert ‖ amateur), in nats.</param>
/// <param name="TokenIds">The plausible tokens, ascending.</param>
/// <param name="Weights">Their weights.</param>
internal sealed record SoftLabel(int Row, double Kl, int[] TokenIds, double[] Weights);

/// <summary>Decides which steps are kept, and labels them (LightReasoner, section 3; DESIGN of this project, section 5.1).</summary>
internal static class StepSelection
{
    private const double Epsilon = 1e-12;

    /// <summary>Compares the two models' distributions row by row.</summary>
    /// <param name="expertLogits">[rows, vocabulary of the expert].</param>
    /// <param name="amateurLogits">[rows, vocabulary of the amateur]; both vocabularies are cut to the shorter one after the softmax.</param>
    /// <param name="selection">alpha and beta.</param>
    public static IReadOnlyList<SoftLabel> Select(Tensor expertLogits, Tensor amateurLogits, SelectionSpec selection)
    {
        return Contrast.Supports(expertLogits, amateurLogits) ? Fused(expertLogits, amateurLogits, selection) : ByOperators(expertLogits, amateurLogits, selection);
    }

    private static SoftLabel[] Fused(Tensor expertLogits, Tensor amateurLogits, SelectionSpec selection)
    {
        var (kl, labels) = Contrast.Rows(expertLogits, amateurLogits, selection.Alpha, selection.Beta, Epsilon);
        return [.. Enumerable.Range(0, kl.Length).Where(row => labels[row] is not null).Select(row => new SoftLabel(row, kl[row], labels[row]!.Value.Ids, labels[row]!.Value.Weights))];
    }

    /// <summary>The same by tensor operators, for any device and type. Only what is kept leaves the device.</summary>
    internal static IReadOnlyList<SoftLabel> ByOperators(Tensor expertLogits, Tensor amateurLogits, SelectionSpec selection)
    {
        using var scope = NewDisposeScope();
        var shared = Math.Min(expertLogits.size(-1), amateurLogits.size(-1));
        var expert = expertLogits.softmax(-1, ScalarType.Float32).narrow(-1, 0, shared);
        var amateur = amateurLogits.softmax(-1, ScalarType.Float32).narrow(-1, 0, shared);
        var smoothed = expert.add(Epsilon);
        var advantage = smoothed.log().sub_(amateur.add(Epsilon).log_()); // log(pE + ε) − log(pA + ε)
        var kl = smoothed.mul_(advantage).sum(-1).ToHost<float>();

        var kept = Enumerable.Range(0, kl.Length).Where(row => kl[row] >= selection.Beta).ToArray();
        if (kept.Length == 0)
            return [];
        if (kept.Length < kl.Length)
        {
            var rows = tensor(Array.ConvertAll(kept, row => (long)row), device: expert.device);
            (expert, advantage) = (expert.index_select(0, rows), advantage.index_select(0, rows));
        }
        var plausible = expert.ge(expert.amax([-1], keepdim: true).mul(selection.Alpha));
        var weights = advantage.masked_fill(plausible.logical_not(), double.NegativeInfinity).softmax(-1).masked_select(plausible).ToHost<float>();
        var found = plausible.nonzero().ToHost<long>(); // (row, token) pairs, by row and then by token

        var labels = new SoftLabel[kept.Length];
        for (int row = 0, start = 0; row < kept.Length; row++)
        {
            var end = start;
            while (end < weights.Length && found[2 * end] == row)
                end++;
            labels[row] = new SoftLabel(
                kept[row], kl[kept[row]],
                [.. Enumerable.Range(start, end - start).Select(i => (int)found[2 * i + 1])],
                [.. Enumerable.Range(start, end - start).Select(i => (double)weights[i])]);
            start = end;
        }
        return labels;
    }
}
