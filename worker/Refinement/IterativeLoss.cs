using LightReasoner.Worker.Models;
using LightReasoner.Worker.Training;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Refinement;

/// <summary>
/// Iterative refinement: the model reads a response whose tokens were partly replaced by EOS, and predicts the clean one; what it predicts
/// is the input of the next pass. All passes are trained against the clean response.
/// </summary>
/// <param name="eos">What tokens are replaced by.</param>
/// <param name="draw">The random numbers of a row of a micro batch, counted from the run's start: its t, and u for every position.</param>
internal sealed class IterativeLoss(IterativeSpec spec, Compatibility compatibility, int eos,
    Func<long, int, RefineSequence, (float T, float[] U)> draw) : RefineLoss
{
    public override IReadOnlyList<double> Weights { get; } = [.. Enumerable.Range(0, spec.NumIterations).Select(spec.WeightOf)];

    public override int Targets(RefineSequence sequence) => sequence.Targets;

    public override int Length(RefineSequence sequence) => sequence.Ids.Length;

    public override Tensor Backward(Replica replica, RefineSequence[] rows, long microBatch, double share)
    {
        var losses = zeros(spec.NumIterations, dtype: ScalarType.Float64, device: replica.Model.Device);
        using Scalar factor = share;
        double noise = 0;
        foreach (var group in LengthGroups.Of(rows.Index(), row => row.Item.Ids.Length))
        {
            using var scope = NewDisposeScope();
            var noised = group.Select(row => Noised(row.Item, draw(microBatch, row.Index, row.Item))).ToArray();
            noise += noised.Sum(row => row.Share);
            // Padded on the right; attention is causal, and the padding is outside the loss.
            Tensor clean = Transfer.Padded([.. group.Select(row => row.Item.Ids)], replica.Model.Device),
                ids = Transfer.Padded([.. noised.Select(row => row.Ids)], replica.Model.Device);
            var length = clean.size(1);
            long[] response = [.. group.SelectMany((row, r) => Enumerable.Range(row.Item.Ids.Length - row.Item.Targets, row.Item.Targets)
                .Select(i => r * length + i))];
            var at = response.ToDevice(replica.Model.Device);
            Tensor before = at.sub(Scalars.Of(1)), targets = clean.view(-1).index_select(0, at);
            for (var pass = 0; pass < spec.NumIterations; pass++)
            {
                var predicted = empty_like(targets);
                using (NewDisposeScope())
                {
                    var hidden = replica.Model.Hidden(ids).flatten(0, 1).index_select(0, before);
                    var loss = HeadLoss.Backward(replica, hidden, share * Weights[pass], (logits, piece) =>
                    {
                        predicted.narrow(0, piece.Start, piece.Count).copy_(logits.argmax(-1)); // no gradient through the decoding
                        return nn.functional.cross_entropy(logits, targets.narrow(0, piece.Start, piece.Count),
                            reduction: nn.Reduction.Sum);
                    });
                    losses[pass].add_(loss.mul_(factor), Scalars.One);
                }
                ids = clean.view(-1).index_copy(0, at, predicted).view(clean.shape); // the clean prompt, the predicted response
            }
        }
        return cat([losses, tensor([noise / rows.Length], device: replica.Model.Device)]);
    }

    private (int[] Ids, double Share) Noised(RefineSequence sequence, (float T, float[] U) random)
    {
        var response = new bool[sequence.Ids.Length];
        response.AsSpan(sequence.ResponseStart).Fill(true);
        var (ids, replaced) = EosNoise.Apply(sequence.Ids, response, random.U, random.T, eos, eos, compatibility);
        return (ids, (double)replaced.Count(one => one) / (sequence.Ids.Length - sequence.ResponseStart));
    }
}
