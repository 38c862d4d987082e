using LightReasoner.Worker.Models;
using LightReasoner.Worker.Training;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Refinement;

/// <summary>Interleaved masks (next-block prediction): cross entropy over all labels of an <see cref="InterleavedLayout"/>.</summary>
/// <param name="mask">The token that masks are.</param>
internal sealed class InterleavedLoss(int blockSize, int mask) : RefineLoss
{
    public override IReadOnlyList<double> Weights { get; } = [1.0];

    public override int Targets(RefineSequence sequence) => Layout(sequence).Labels.Count(label => label >= 0);

    public override int Length(RefineSequence sequence) => Layout(sequence).Ids.Length;

    public override Tensor Backward(Replica replica, RefineSequence[] rows, long microBatch, double share)
    {
        var device = replica.Model.Device;
        using Scalar factor = share;
        var loss = zeros(1, dtype: ScalarType.Float64, device: device);
        foreach (var group in LengthGroups.Of(rows.Select(Layout), row => row.Ids.Length))
        {
            using var scope = NewDisposeScope();
            var length = group.Max(row => row.Ids.Length);
            long[] labelled = [.. group.SelectMany((row, r) =>
                Enumerable.Range(0, row.Labels.Length).Where(i => row.Labels[i] >= 0).Select(i => (long)r * length + i))];
            int[] labels = [.. group.SelectMany(row => row.Labels).Where(label => label >= 0)];
            var targets = labels.ToDevice(device);
            var hidden = replica.Model.Hidden(Padded(row => row.Ids), Padded(row => row.Positions),
                InterleavedLayout.AttentionMask(group, device));
            loss.add_(HeadLoss.Backward(replica, hidden.flatten(0, 1).index_select(0, labelled.ToDevice(device)), share, (logits, at) =>
                nn.functional.cross_entropy(logits, targets.narrow(0, at.Start, at.Count), reduction: nn.Reduction.Sum)).mul_(factor),
                Scalars.One);

            Tensor Padded(Func<InterleavedLayout, int[]> values) => Transfer.Padded([.. group.Select(values)], device);
        }
        return cat([loss, zeros(1, dtype: ScalarType.Float64, device: device)]);
    }

    private InterleavedLayout Layout(RefineSequence sequence) => InterleavedLayout.Of(sequence, blockSize, mask);
}
