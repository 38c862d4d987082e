using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// A pass over sequences whose prompts further passes continue otherwise, with gradients. Attention is causal, so a prompt computes the same in front of every
/// continuation and is read once. The continuations' gradients gather where they left the prompt; <see cref="Backward"/> takes their sum through it together with the first
/// pass's own. A continuation's memory is free as soon as its backward pass is done.
/// </summary>
internal sealed class SharedPrompt : IDisposable
{
    private readonly CausalLM _model;
    private readonly int[] _lengths;
    private readonly List<Tensor> _outputs; // the prompts' last hidden states, then their keys and values in every layer
    private readonly List<Tensor> _leaves;  // the same values as the continuations see them

    /// <summary>Reads the sequences.</summary>
    /// <param name="model">The model.</param>
    /// <param name="ids">[rows, length], padded on the right.</param>
    /// <param name="lengths">Tokens of each row's prompt, at least 1.</param>
    public SharedPrompt(CausalLM model, Tensor ids, int[] lengths)
    {
        (_model, _lengths) = (model, lengths);
        using var scope = NewDisposeScope();
        var states = new List<(Tensor Keys, Tensor Values)>();
        Hidden = model.HiddenWithStates(ids, states).DetachFromDisposeScope();
        var last = tensor(lengths.Select((length, row) => row * ids.shape[1] + length - 1).ToArray(), device: model.Device);
        _outputs = [Hidden.view(-1, Hidden.shape[2]).index_select(0, last)];
        foreach (var (keys, values) in states)
        {
            _outputs.AddRange([keys.narrow(2, 0, lengths.Max()), values.narrow(2, 0, lengths.Max())]);
            keys.Dispose();
            values.Dispose();
        }
        _leaves = [.. _outputs.Select(output => output.detach().requires_grad_(output.requires_grad))];
        foreach (var kept in _outputs.Concat(_leaves))
            kept.DetachFromDisposeScope();
    }

    /// <summary>The hidden states of this first pass, [rows, length, hidden].</summary>
    public Tensor Hidden { get; }

    /// <summary>The hidden state after the last token of every prompt, as the continuations see it, [rows, hidden].</summary>
    public Tensor Last => _leaves[0];

    /// <summary>The hidden states of some tokens right behind each prompt, [rows, length, hidden].</summary>
    public Tensor Continue(Tensor ids) => _model.ContinuePrompt(ids, _lengths, layer => (_leaves[1 + 2 * layer], _leaves[2 + 2 * layer]));

    /// <summary>The first pass's backward pass: from a function of <see cref="Hidden"/> and its gradient, and from what the continuations' backward passes left.</summary>
    public void Backward(Tensor output, Tensor gradient)
    {
        var ends = Enumerable.Range(0, _outputs.Count).Select(i => (Output: _outputs[i], Gradient: _leaves[i].grad)).Where(end => end.Gradient is not null).ToArray();
        autograd.backward([output, .. ends.Select(end => end.Output)], [gradient, .. ends.Select(end => end.Gradient!)]);
    }

    public void Dispose()
    {
        Hidden.Dispose();
        foreach (var kept in _outputs.Concat(_leaves))
            kept.Dispose();
    }
}
