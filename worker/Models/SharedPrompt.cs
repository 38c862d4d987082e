using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// Prompts that are read once and continued several times, with gradients. Attention is causal, so a prompt computes the same in front of every continuation.
/// The continuations' gradients gather where they left the prompt; <see cref="Backward"/> then takes their sum through it. A continuation's own
/// memory is free as soon as its backward pass is done.
/// </summary>
internal sealed class SharedPrompt : IDisposable
{
    private readonly CausalLM _model;
    private readonly int[] _lengths;
    private readonly List<Tensor> _outputs; // last hidden states, then keys and values of every layer: ends of the prompt's graph
    private readonly List<Tensor> _leaves;  // the same values as the continuations see them

    /// <summary>Reads the prompts.</summary>
    /// <param name="model">The model.</param>
    /// <param name="ids">[rows, longest], padded on the right.</param>
    /// <param name="lengths">Real tokens of each row, at least 1.</param>
    public SharedPrompt(CausalLM model, Tensor ids, int[] lengths)
    {
        (_model, _lengths) = (model, lengths);
        using var scope = NewDisposeScope();
        var states = new List<(Tensor Keys, Tensor Values)>();
        var hidden = model.ReadPrompt(ids, states);
        var last = tensor(lengths.Select((length, row) => row * ids.shape[1] + length - 1).ToArray(), device: model.Device);
        _outputs = [hidden.view(-1, hidden.shape[2]).index_select(0, last)];
        foreach (var (keys, values) in states)
            _outputs.AddRange([keys, values]);
        _leaves = [.. _outputs.Select(output => output.detach().requires_grad_(output.requires_grad))];
        foreach (var kept in _outputs.Concat(_leaves))
            kept.DetachFromDisposeScope();
    }

    /// <summary>The hidden state after the last token of every prompt, [rows, hidden].</summary>
    public Tensor Last => _leaves[0];

    /// <summary>The hidden states of some tokens right behind each prompt, [rows, length, hidden].</summary>
    public Tensor Continue(Tensor ids) => _model.ContinuePrompt(ids, _lengths, layer => (_leaves[1 + 2 * layer], _leaves[2 + 2 * layer]));

    /// <summary>Takes what the continuations' backward passes left here through the prompt.</summary>
    public void Backward()
    {
        var ends = Enumerable.Range(0, _outputs.Count).Select(i => (Output: _outputs[i], Gradient: _leaves[i].grad)).Where(end => end.Gradient is not null).ToArray();
        if (ends.Length > 0)
            autograd.backward([.. ends.Select(end => end.Output)], [.. ends.Select(end => end.Gradient!)]);
    }

    public void Dispose()
    {
        foreach (var kept in _outputs.Concat(_leaves))
            kept.Dispose();
    }
}
