using LightReasoner.Worker.Training;

namespace LightReasoner.Worker.Refinement;

/// <summary>What a model learns from responses: the loss of a micro batch and its gradient.</summary>
internal abstract class RefineLoss
{
    /// <summary>Weight of each loss in what is minimised.</summary>
    public abstract IReadOnlyList<double> Weights { get; }

    /// <summary>Tokens of a sequence that are predicted, in each of the losses.</summary>
    public abstract int Targets(RefineSequence sequence);

    /// <summary>Tokens of a sequence in a forward pass.</summary>
    public abstract int Length(RefineSequence sequence);

    /// <summary>Tokens of a sequence that go through the model, all passes counted.</summary>
    public long Tokens(RefineSequence sequence) => (long)Weights.Count * Length(sequence);

    /// <summary>Adds the gradient of a micro batch to the replica's.</summary>
    /// <param name="microBatch">Its number, counted from the run's start.</param>
    /// <param name="share">Share of a target in the mean.</param>
    /// <returns>The losses, multiplied by the share, and the mean noise of the rows: float64, on the device.</returns>
    public abstract torch.Tensor Backward(Replica replica, RefineSequence[] rows, long microBatch, double share);
}
