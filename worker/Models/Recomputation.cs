using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// Gradient checkpointing: the forward pass keeps the input only, the backward pass computes the function again with gradients and goes
/// back through it. The weights that the function reads get their gradients then; so the input must require gradients, or the backward pass
/// would not come here.
/// </summary>
internal sealed class Recomputation : autograd.SingleTensorFunction<Recomputation>
{
    public override string Name => nameof(Recomputation);

    /// <param name="before">Done before each of the two computations, so that both draw the same random numbers.</param>
    public static Tensor Apply(Func<Tensor, Tensor> function, Tensor x, Action? before = null) => apply([new Step(function, before), x]);

    public override Tensor forward(autograd.AutogradContext context, params object[] inputs)
    {
        var (function, x) = ((Step)inputs[0], (Tensor)inputs[1]);
        context.save_data("function", function);
        context.save_for_backward([x]);
        using var _ = no_grad();
        return function.Compute(x);
    }

    public override List<Tensor> backward(autograd.AutogradContext context, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        using var _ = enable_grad();
        var x = context.get_saved_variables()[0].detach().requires_grad_();
        ((Step)context.get_data("function")).Compute(x).backward([gradient]);
        return [null!, x.grad!.MoveToOuterDisposeScope()];
    }

    private sealed record Step(Func<Tensor, Tensor> Function, Action? Before)
    {
        public Tensor Compute(Tensor x)
        {
            Before?.Invoke();
            return Function(x);
        }
    }
}
