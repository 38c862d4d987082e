using LightReasoner.Worker.Models;
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

/// <summary>
/// How two models' distributions over the common tokens compare at one step: KL and entropies in nats, the most likely tokens by the
/// expert's ids, and log probabilities of the answer's token, null where that is not common.
/// </summary>
internal readonly record struct StepFigures(
    double Kl, double ExpertEntropy, double AmateurEntropy, int ExpertTop, int AmateurTop, double? ExpertLog, double? AmateurLog);

/// <summary>Which steps are kept, and their labels: section 3 of LightReasoner (arXiv 2510.07962).</summary>
internal static class ContrastiveSelection
{
    private static readonly Scalar s_epsilon = 1e-12;

    /// <summary>Compares two models' next-token distributions row by row.</summary>
    /// <param name="expertLogits">[rows, vocabulary of the expert].</param>
    /// <param name="amateurLogits">[rows, vocabulary of the amateur].</param>
    /// <param name="chosen">The token that the answer has in each row, by the expert's ids.</param>
    /// <param name="vocabulary">The tokens that both have.</param>
    /// <returns>The labels of the kept rows, ascending, and the figures of all rows.</returns>
    /// <exception cref="InvalidDataException">The logits are not finite.</exception>
    public static (IReadOnlyList<SoftLabel> Labels, StepFigures[] Steps) Select(Tensor expertLogits, Tensor amateurLogits, int[] chosen,
        VocabularyMap vocabulary, SelectionSpec selection)
    {
        using var scope = NewDisposeScope();
        var expert = vocabulary.OfExpert(expertLogits.to(ScalarType.Float32).softmax(-1));
        var amateur = vocabulary.OfAmateur(amateurLogits.to(ScalarType.Float32).softmax(-1));
        var smoothed = expert.add(s_epsilon, Scalars.One);
        Tensor expertLog = smoothed.log(), amateurLog = amateur.add(s_epsilon, Scalars.One).log_();
        var common = Array.ConvertAll(chosen, vocabulary.CommonIndex);
        var token = Array.ConvertAll(common, index => Math.Max(index, 0)).ToDevice(expert.device).unsqueeze(-1);
        Tensor[] figures = [Dot(expert, expertLog).neg(), Dot(amateur, amateurLog).neg(), expert.argmax(-1), amateur.argmax(-1),
            expertLog.gather(-1, token).squeeze(-1), amateurLog.gather(-1, token).squeeze(-1)];
        var advantage = expertLog.sub_(amateurLog);         // log((pE + ε) / (pA + ε))
        var divergence = smoothed.mul_(advantage).sum(-1); // Σ (pE + ε) · advantage
        var columns = stack([.. figures.Prepend(divergence).Select(figure => figure.to(ScalarType.Float64))]);
        double[][] host = [.. columns.ToHost<double>().Chunk(chosen.Length)];
        var kl = host[0];
        if (!kl.All(double.IsFinite))
            throw new InvalidDataException("the logits of the expert or of the amateur are not finite; a model's weights are damaged, or "
                + "its dtype is too narrow for it (try bfloat16 or float32)");

        StepFigures[] steps = [.. kl.Select((nats, row) => new StepFigures(nats, host[1][row], host[2][row],
            vocabulary.ExpertId((long)host[3][row]), vocabulary.ExpertId((long)host[4][row]),
            common[row] < 0 ? null : host[5][row], common[row] < 0 ? null : host[6][row]))];
        int[] kept = [.. Enumerable.Range(0, kl.Length).Where(row => kl[row] >= selection.Beta)];
        if (kept.Length == 0)
            return ([], steps);
        var rows = kept.ToDevice(expert.device);
        (expert, amateur, advantage) = (expert.index_select(0, rows), amateur.index_select(0, rows), advantage.index_select(0, rows));
        var plausible = expert.ge(expert.amax([-1], keepdim: true).mul(Scalars.Of(selection.Alpha))); // {v : pE(v) ≥ α · max pE}
        var weights = advantage.masked_fill_(plausible.logical_not(), Scalars.NegativeInfinity).softmax(-1);
        var at = plausible.nonzero();
        var (row, column) = (at.select(1, 0), at.select(1, 1));
        var flat = row.mul(Scalars.Of(expert.size(1))).add(column, Scalars.One);
        var values = stack([weights.view(-1).index_select(0, flat), expert.view(-1).index_select(0, flat),
            amateur.view(-1).index_select(0, flat)]).ToHost<float>();
        long[] ids = column.ToHost<long>(), rowOf = row.ToHost<long>();

        var labels = new List<SoftLabel>(kept.Length);
        for (int start = 0, end; start < ids.Length; start = end)
        {
            for (end = start; end < ids.Length && rowOf[end] == rowOf[start]; end++) { }
            labels.Add(new SoftLabel(kept[rowOf[start]], kl[kept[rowOf[start]]], [.. ids[start..end].Select(vocabulary.ExpertId)],
                Values(0), Values(1), Values(2)));

            double[] Values(int which) =>
                [.. values.AsSpan(which * ids.Length + start, end - start).ToArray().Select(value => (double)value)];
        }
        return (labels, steps);
    }

    /// <summary>Sums of the products along rows, without a tensor for the products.</summary>
    private static Tensor Dot(Tensor a, Tensor b) => a.unsqueeze(1).bmm(b.unsqueeze(2)).view(-1);
}
