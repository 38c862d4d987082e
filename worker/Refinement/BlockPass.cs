using LightReasoner.Worker.Generation;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Refinement;

/// <summary>
/// Forward passes of block generation for many rows at once, over a KV cache of everything that is final: a token is read once more only while
/// something before it still changes.
/// </summary>
internal sealed class BlockPass(CausalLM model, int slots, int capacity) : IDisposable
{
    private readonly SlotCache _cache = new(model, slots, capacity);
    private readonly HostCopy _host = new();

    /// <summary>The first pass over new rows: reads prompts and blocks.</summary>
    public void Begin(BlockRow[] rows, int[] slots)
    {
        var inputs = Array.ConvertAll(rows, row => row.Input(0));
        var from = Array.ConvertAll(rows, row => row.BlockStart - 1);
        var predicted = Predict(_cache.Admit(inputs, slots, from), inputs, from);
        for (var i = 0; i < rows.Length; i++)
            _cache.Truncate(slots[i], rows[i].Accept(rows[i].BlockStart - 1, predicted[i]));
    }

    /// <summary>One more pass over the rows in the given slots.</summary>
    public void Continue(BlockRow?[] rowOfSlot)
    {
        var inputs = new int[rowOfSlot.Length][];
        for (var slot = 0; slot < inputs.Length; slot++)
            inputs[slot] = rowOfSlot[slot]?.Input(_cache.Length(slot)) ?? [];
        // A new block's first pass reads the end of the last one again; what follows those tokens is known.
        var before = Enumerable.Range(0, inputs.Length).Select(_cache.Length).ToArray();
        var from = Enumerable.Range(0, inputs.Length).Select(slot => rowOfSlot[slot] is { } row ? Math.Max(0, row.BlockStart - 1 - before[slot]) : 0).ToArray();
        var predicted = Predict(_cache.Continue(inputs, from), inputs, from);
        for (var slot = 0; slot < inputs.Length; slot++)
            if (rowOfSlot[slot] is { } row)
                _cache.Truncate(slot, row.Accept(before[slot] + from[slot], predicted[slot]));
    }

    public void Dispose()
    {
        _host.Dispose();
        _cache.Dispose();
    }

    /// <summary>The most likely token after each input token from <paramref name="from"/> on.</summary>
    /// <param name="states">The hidden states there, row after row, [asked, hidden].</param>
    /// <param name="inputs">What was read.</param>
    /// <param name="from">By row.</param>
    private long[][] Predict(Tensor states, int[][] inputs, int[] from)
    {
        var arrived = _host.Add<long>(model.Likeliest(states));
        _host.Wait();
        var best = arrived.Span;
        var predicted = new long[inputs.Length][];
        for (int row = 0, at = 0; row < inputs.Length; at += predicted[row++].Length)
            predicted[row] = best.Slice(at, Math.Max(0, inputs[row].Length - from[row])).ToArray();
        return predicted;
    }
}
