using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Training;

/// <summary>
/// Output head and cross entropy together, some rows at a time: logits become their own gradient in place and are gone before the next rows', so that neither
/// [tokens, vocabulary] nor its logarithm is ever held as a whole.
/// </summary>
internal static class HeadLoss
{
    private const long ChunkElements = 16 << 20;

    /// <summary>What came out.</summary>
    /// <param name="Loss">Σ −log p(target), in nats.</param>
    /// <param name="Gradient">Of scale·loss by the states, [n, hidden].</param>
    /// <param name="Predicted">The likeliest token of each row, [n].</param>
    public readonly record struct Result(double Loss, Tensor Gradient, Tensor Predicted);

    /// <summary>Loss and gradients of next-token prediction; adds the head's own gradient to that parameter's.</summary>
    /// <param name="model">The model.</param>
    /// <param name="states">[n, hidden], detached.</param>
    /// <param name="targets">[n].</param>
    /// <param name="scale">The share of a token in what is minimised.</param>
    public static Result CrossEntropy(CausalLM model, Tensor states, Tensor targets, double scale)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var weight = model.HeadWeight;
        var matrix = weight.to(states.dtype);
        var rows = Math.Max(1, ChunkElements / weight.shape[0]);
        var (gradients, predictions) = (new List<Tensor>(), new List<Tensor>());
        double loss = 0;
        for (long start = 0; start < states.shape[0]; start += rows)
        {
            using var inner = NewDisposeScope();
            var count = Math.Min(rows, states.shape[0] - start);
            var (some, wanted) = (states.narrow(0, start, count), targets.narrow(0, start, count));
            var logits = some.mm(matrix.t()).to(ScalarType.Float32);
            var (sum, best) = InPlace(logits, wanted, scale);
            loss += sum;
            var gradient = logits.to(states.dtype);
            if (weight.requires_grad)
                Accumulate(weight, gradient, some);
            gradients.Add(gradient.mm(matrix).MoveToOuterDisposeScope());
            predictions.Add(best.MoveToOuterDisposeScope());
        }
        return new Result(loss, cat(gradients, 0).MoveToOuterDisposeScope(), cat(predictions, 0).MoveToOuterDisposeScope());
    }

    private static void Accumulate(TorchSharp.Modules.Parameter weight, Tensor gradient, Tensor states)
    {
        using var sum = weight.grad;
        if (sum is null)
            weight.grad = gradient.t().mm(states).to(weight.dtype);
        else if (sum.dtype != gradient.dtype)
            sum.add_(gradient.t().mm(states));
        else
            sum.addmm_(gradient.t(), states);
    }

    /// <summary>logits → (softmax − one-hot(target))·scale.</summary>
    private static (double Loss, Tensor Predicted) InPlace(Tensor logits, Tensor targets, double scale)
    {
        var predicted = logits.argmax(-1);
        var normaliser = logits.logsumexp(-1, keepdim: true);
        var at = targets.view(-1, 1);
        var loss = normaliser.sub(logits.gather(1, at)).sum().item<float>();
        logits.sub_(normaliser).exp_();
        logits.scatter_add_(1, at, full(at.shape, -1f, dtype: ScalarType.Float32, device: logits.device)).mul_(scale);
        return (loss, predicted);
    }
}
