using LightReasoner.Api;
using LightReasoner.Worker.Native;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Sampling;

/// <summary>The soft label of one kept step.</summary>
/// <param name="Index">Which of the rows that were asked for this is.</param>
/// <param name="Kl">KL(expert ‖ amateur), in nats.</param>
/// <param name="TokenIds">The plausible tokens, ascending.</param>
/// <param name="Weights">Their weights.</param>
internal sealed record SoftLabel(int Index, double Kl, int[] TokenIds, double[] Weights);

/// <summary>Decides which steps are kept, and labels them (LightReasoner, section 3): begun with the logits of a pass, asked for labels once the host has waited for it.</summary>
internal abstract class StepSelection
{
    protected const double Epsilon = 1e-12;

    /// <summary>Begins to compare the two models' distributions row by row.</summary>
    /// <param name="expertLogits">[rows, vocabulary of the expert].</param>
    /// <param name="amateurLogits">[rows, vocabulary of the amateur]; both vocabularies are cut to the shorter one after the softmax.</param>
    /// <param name="selection">alpha and beta.</param>
    /// <param name="host">Brings over what the labels are made of.</param>
    public static StepSelection Start(Tensor expertLogits, Tensor amateurLogits, SelectionSpec selection, HostCopy host) => Contrast.Supports(expertLogits, amateurLogits)
        ? new FusedSelection(expertLogits, amateurLogits, selection)
        : new OperatorSelection(expertLogits, amateurLogits, selection, host);

    /// <summary>The labels of those of the given rows that are kept.</summary>
    /// <param name="rows">Rows of the logits.</param>
    /// <param name="host">What the selection was begun with.</param>
    public abstract IReadOnlyList<SoftLabel> Labels(int[] rows, HostCopy host);
}

/// <summary>In one pass over the logits of the rows that are asked for.</summary>
internal sealed class FusedSelection(Tensor expertLogits, Tensor amateurLogits, SelectionSpec selection) : StepSelection
{
    public override IReadOnlyList<SoftLabel> Labels(int[] rows, HostCopy host)
    {
        var (kl, found) = Contrast.Rows(expertLogits, amateurLogits, rows, selection.Alpha, selection.Beta, Epsilon);
        var labels = new List<SoftLabel>();
        for (var i = 0; i < rows.Length; i++)
            if (found[i] is var (ids, weights))
                labels.Add(new SoftLabel(i, kl[i], ids, weights));
        return labels;
    }
}
