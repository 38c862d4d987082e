using LightReasoner.Worker.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

public sealed partial class CausalLM
{
    private ScreenedHead? _screened; // a copy of the head, and so only as old as its weights

    /// <summary>The matrix of the output head, [vocab, hidden]; the embedding where the two are tied.</summary>
    internal Parameter HeadWeight => _head is null ? _embedding : _head.Parts[0].Weight;

    /// <summary>The scores of all tokens of the vocabulary, [..., hidden] → [..., vocab].</summary>
    public Tensor Logits(Tensor hidden)
    {
        var weight = HeadWeight;
        if (hidden.dim() == 2 && Matmul.TryLinear(hidden, weight) is { } logits)
            return logits;
        return nn.functional.linear(hidden, weight.In(_compute));
    }

    /// <summary>The likeliest token of each row, [rows, hidden] → [rows]; the scores of many rows are not made in full where the CPU knows a faster way.</summary>
    internal Tensor Likeliest(Tensor states) =>
        states.size(0) >= ScreenedHead.MinRows && Screened() is { } head ? head.Likeliest(states) : Argmax.OfRows(Logits(states));

    /// <summary>The copy of the head for many rows, made when it is first asked for; null where it does not pay, and in training mode, in which weights change at any time.</summary>
    internal ScreenedHead? Screened() => training ? null : _screened ??= ScreenedHead.TryCreate(HeadWeight);

    /// <summary>
    /// Drops what was derived from the weights; it is made anew when it is needed again. To be called before somebody writes to the embedding or the head. Training does so by
    /// switching to training mode; an adapter never lies over either of them.
    /// </summary>
    internal void WeightsWillChange()
    {
        _screened?.Dispose();
        _screened = null;
    }

    /// <inheritdoc/>
    public override void train(bool on = true)
    {
        if (on)
            WeightsWillChange();
        base.train(on);
    }
}
