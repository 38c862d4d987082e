using LightReasoner.Worker.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Training;

/// <summary>
/// A loss over the vocabulary, back-propagated in pieces: the head and its loss some positions at a time, down to the hidden states, then
/// once through the layers. Logits [positions, vocabulary] never exist as a whole.
/// </summary>
internal static class HeadLoss
{
    // A piece has about so many logits, and at least so many positions: the head's weights are read again for every piece.
    private const int PieceLogits = 8 << 20, PiecePositions = 128;

    /// <summary>Positions of a piece.</summary>
    public static long Positions(int vocabulary) => Math.Max(PiecePositions, PieceLogits / vocabulary);

    /// <summary>Adds the gradient of a loss to the replica's; where gradients are off, only computes the loss.</summary>
    /// <param name="replica">The model and its gradients.</param>
    /// <param name="hidden">Hidden states [positions, hidden] with their graph.</param>
    /// <param name="weight">What the loss is multiplied by in the gradient.</param>
    /// <param name="loss">The loss, a sum over positions, of a piece: float32 logits [some, vocabulary], and which positions these
    /// are.</param>
    /// <returns>The loss without the weight, a float64 scalar on the device.</returns>
    public static Tensor Backward(Replica replica, Tensor hidden, double weight, Func<Tensor, (long Start, long Count), Tensor> loss)
    {
        using var scope = NewDisposeScope();
        using Scalar factor = weight; // held: TorchSharp does not keep it alive while libtorch reads it
        var states = hidden.detach();
        var (gradient, total) = (empty_like(states), zeros([], dtype: ScalarType.Float64, device: hidden.device));
        var step = Positions(replica.Model.Config.VocabSize);
        for (long start = 0; start < states.shape[0]; start += step)
        {
            using var inner = NewDisposeScope();
            var count = Math.Min(step, states.shape[0] - start);
            var piece = states.narrow(0, start, count).requires_grad_();
            var sum = loss(replica.Model.Head(piece).to(ScalarType.Float32), (start, count));
            total.add_(sum.detach(), Scalars.One);
            if (!is_grad_enabled())
                continue;
            sum.mul(factor).backward();
            replica.Parameters.Flush(replica.Model.HeadWeight);
            gradient.narrow(0, start, count).copy_(piece.grad!);
        }
        if (is_grad_enabled())
        {
            hidden.backward([gradient]);
            replica.Parameters.Flush();
        }
        return total.MoveToOuterDisposeScope();
    }
}
