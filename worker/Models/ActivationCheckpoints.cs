using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// Gradient checkpointing: a forward pass keeps nothing but the input of every layer, and its backward pass computes each layer again before going back
/// through it. Activations of one layer are held at a time instead of those of all.
/// </summary>
internal sealed class ActivationCheckpoints(CausalLM model) : IDisposable
{
    private readonly List<CheckpointedPass> _passes = [];

    /// <summary>The hidden states after the final norm, [batch, length, hidden]. Once a loss was taken back to them, <see cref="Backward"/> does the rest.</summary>
    public Tensor Hidden(Tensor ids)
    {
        var pass = model.HiddenCheckpointed(ids);
        _passes.Add(pass);
        return pass.Hidden;
    }

    /// <summary>Takes the gradients that reached the passes' hidden states through the layers, and forgets the passes.</summary>
    public void Backward()
    {
        foreach (var pass in _passes)
            pass.Backward();
        Dispose();
    }

    public void Dispose()
    {
        foreach (var pass in _passes)
            pass.Dispose();
        _passes.Clear();
    }
}

/// <summary>One such pass.</summary>
/// <param name="kept">Input of each layer, and whatever else is freed with the pass.</param>
/// <param name="layers">Number of layers.</param>
/// <param name="output">Output of the last layer, a leaf.</param>
/// <param name="hidden">The same after the final norm.</param>
/// <param name="layer">Computes one layer from its input, with gradients, as it was computed before.</param>
/// <param name="embedding">The first layer's input with gradients, or null where the embedding is frozen.</param>
internal sealed class CheckpointedPass(IReadOnlyList<Tensor> kept, int layers, Tensor output, Tensor hidden, Func<int, Tensor, Tensor> layer, Func<Tensor>? embedding) : IDisposable
{
    public Tensor Hidden => hidden;

    public void Backward()
    {
        var gradient = output.grad ?? throw new InvalidOperationException("no gradient has reached the pass yet");
        for (var i = layers - 1; i >= 0; i--)
        {
            using var scope = NewDisposeScope();
            var input = kept[i].detach().requires_grad_();
            layer(i, input).backward([gradient]);
            var next = input.grad!.DetachFromDisposeScope();
            gradient.Dispose();
            gradient = next;
        }
        using (NewDisposeScope())
            embedding?.Invoke().backward([gradient]);
        gradient.Dispose();
    }

    public void Dispose()
    {
        foreach (var tensor in kept)
            tensor.Dispose();
        output.Dispose();
        hidden.Dispose();
    }
}
