using LightReasoner.Api;
using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Sampling;

/// <summary>The soft label of one kept step.</summary>
/// <param name="Row">Which of the compared rows this is.</param>
/// <param name="Kl">KL(expert ‖ amateur), in nats.</param>
/// <param name="TokenIds">The plausible tokens by the expert's ids, ascending.</param>
/// <param name="Weights">Their weights; they sum to 1.</param>
/// <param name="Expert">Their probabilities to the expert.</param>
/// <param name="Amateur">Their probabilities to the amateur.</param>
internal sealed record SoftLabel(int Row, double Kl, int[] TokenIds, double[] Weights, double[] Expert, double[] Amateur);

/// <summary>Which steps are kept, and their labels: section 3 of LightReasoner (arXiv 2510.07962).</summary>
internal static class ContrastiveSelection
{
    private static readonly Scalar s_epsilon = 1e-12;

    /// <summary>Compares two models' next-token distributions row by row.</summary>
    /// <param name="expertLogits">[rows, vocabulary of the expert].</param>
    /// <param name="amateurLogits">[rows, vocabulary of the amateur].</param>
    /// <param name="vocabulary">The tokens that both have.</param>
    /// <param name="selection">alpha and beta.</param>
    /// <returns>The labels of the kept rows, ascending.</returns>
    /// <exception cref="InvalidDataException">The logits are not finite.</exception>
    public static IReadOnlyList<SoftLabel> Select(Tensor expertLogits, Tensor amateurLogits, VocabularyMap vocabulary, SelectionSpec selection)
    {
        using var scope = NewDisposeScope();
        var expert = vocabulary.OfExpert(expertLogits.to(ScalarType.Float32).softmax(-1));
        var amateur = vocabulary.OfAmateur(amateurLogits.to(ScalarType.Float32).softmax(-1));
        var smoothed = expert.add(s_epsilon);
        var advantage = smoothed.log().sub_(amateur.add(s_epsilon).log_()); // log((pE + ε) / (pA + ε))
        var kl = smoothed.mul_(advantage).sum(-1).ToHost<float>();        // Σ (pE + ε) · advantage
        if (!kl.All(float.IsFinite))
            throw new InvalidDataException("the logits of the expert or of the amateur are not finite; a model's weights are damaged, or its dtype is too narrow for it (try bfloat16 or float32)");

        int[] kept = [.. Enumerable.Range(0, kl.Length).Where(row => kl[row] >= selection.Beta)];
        if (kept.Length == 0)
            return [];
        var rows = kept.ToDevice(expert.device);
        (expert, amateur, advantage) = (expert.index_select(0, rows), amateur.index_select(0, rows), advantage.index_select(0, rows));
        var plausible = expert.ge(expert.amax([-1], keepdim: true).mul(Scalars.Of(selection.Alpha))); // {v : pE(v) ≥ α · max pE}
        var weights = advantage.masked_fill_(plausible.logical_not(), Scalars.NegativeInfinity).softmax(-1);
        var at = plausible.nonzero();
        var (row, column) = (at.select(1, 0), at.select(1, 1));
        var flat = row.mul(Scalars.Of(expert.size(1))).add(column);
        var values = stack([weights.view(-1).index_select(0, flat), expert.view(-1).index_select(0, flat), amateur.view(-1).index_select(0, flat)]).ToHost<float>();
        long[] ids = column.ToHost<long>(), rowOf = row.ToHost<long>();

        var labels = new List<SoftLabel>(kept.Length);
        for (int start = 0, end; start < ids.Length; start = end)
        {
            for (end = start; end < ids.Length && rowOf[end] == rowOf[start]; end++) { }
            labels.Add(new SoftLabel(kept[rowOf[start]], kl[kept[rowOf[start]]], [.. ids[start..end].Select(vocabulary.ExpertId)], Values(0), Values(1), Values(2)));

            double[] Values(int which) => [.. values.AsSpan(which * ids.Length + start, end - start).ToArray().Select(value => (double)value)];
        }
        return labels;
    }
}
