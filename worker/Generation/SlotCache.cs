using LightReasoner.Worker.Models;
using LightReasoner.Worker.Native;
using LightReasoner.Worker.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Generation;

/// <summary>
/// A model with a KV cache whose rows (slots) are handed from one sequence to the next. New sequences are read apart from the running
/// ones, so that a long prompt costs the others nothing, and are then copied into free slots.
/// </summary>
internal sealed class SlotCache : IDisposable
{
    private readonly CausalLM _model;
    private readonly int _capacity;
    private KvCache _cache;

    public SlotCache(CausalLM model, int slots, int capacity)
    {
        (_model, _capacity) = (model, capacity);
        _cache = NewCache(slots, capacity);
    }

    public int Slots => _cache.Batch;

    /// <summary>Tokens that a slot has read.</summary>
    public int Length(int slot) => _cache.Lengths[slot];

    /// <summary>Reads new sequences and puts them into slots, whatever was there before. Sequences of similar length are read together, with little padding.</summary>
    /// <param name="sequences">Token ids of each.</param>
    /// <param name="slots">Where they go.</param>
    /// <param name="from">The first token of each whose hidden state is asked for.</param>
    /// <returns>Hidden states of what is asked for, sequence after sequence, [asked, hidden].</returns>
    public Tensor Admit(int[][] sequences, int[] slots, int[] from)
    {
        var groups = LengthGroups.Of(Enumerable.Range(0, sequences.Length), i => sequences[i].Length).ToArray();
        if (groups.Length == 1)
            return AdmitTogether(sequences, slots, from);
        var starts = new int[sequences.Length + 1]; // of each sequence's rows in the result
        for (var i = 0; i < sequences.Length; i++)
            starts[i + 1] = starts[i] + sequences[i].Length - from[i];
        Tensor? all = null;
        foreach (var group in groups)
        {
            using var hidden = AdmitTogether(Array.ConvertAll(group, i => sequences[i]), Array.ConvertAll(group, i => slots[i]), Array.ConvertAll(group, i => from[i]));
            all ??= zeros([starts[^1], hidden.size(1)], dtype: hidden.dtype, device: hidden.device);
            int[] rows = [.. group.SelectMany(i => Enumerable.Range(starts[i], starts[i + 1] - starts[i]))];
            all.index_copy_(0, rows.ToDevice(hidden.device), hidden);
        }
        return all!;
    }

    private Tensor AdmitTogether(int[][] sequences, int[] slots, int[] from)
    {
        var (ids, lengths) = Pad(sequences);
        using var fresh = NewCache(sequences.Length, (int)ids.size(1));
        var hidden = _model.HiddenFrom(ids, fresh, lengths, from);
        _cache.CopyRows(fresh, [.. Enumerable.Range(0, sequences.Length)], slots);
        return hidden;
    }

    /// <summary>Continues the slots by some tokens each; none for a slot that rests.</summary>
    /// <returns>Hidden states [slots, longest, hidden].</returns>
    public Tensor Continue(int[][] tokens)
    {
        var (ids, lengths) = Pad(tokens);
        return Continue(ids, lengths);
    }

    /// <summary>The same, but for the hidden states from some token of each on only, slot after slot, [asked, hidden].</summary>
    public Tensor Continue(int[][] tokens, int[] from)
    {
        var (ids, lengths) = Pad(tokens);
        return _model.HiddenFrom(ids, _cache, lengths, from);
    }

    /// <summary>Continues the slots by tokens that are on the device already, [slots, longest]; <paramref name="lengths"/> of them are real.</summary>
    public Tensor Continue(Tensor ids, int[] lengths) => _model.Hidden(ids, _cache, lengths);

    /// <summary>Forgets what a slot read from position <paramref name="length"/> on.</summary>
    public void Truncate(int slot, int length) => _cache.SetLength(slot, length);

    /// <summary>Shrinks to some of the slots, which are renumbered in the given order.</summary>
    public void Keep(int[] slots)
    {
        var smaller = NewCache(slots.Length, _capacity);
        smaller.CopyRows(_cache, slots, [.. Enumerable.Range(0, slots.Length)]);
        Dispose();
        _cache = smaller;
    }

    public void Dispose()
    {
        _cache.Dispose();
    }

    private KvCache NewCache(int rows, int capacity) => new(_model.Config, rows, capacity, _model.DType, _model.Device);

    private (Tensor Ids, int[] Lengths) Pad(int[][] rows)
    {
        var lengths = new int[rows.Length];
        var longest = 0;
        for (var row = 0; row < rows.Length; row++)
            longest = Math.Max(longest, lengths[row] = rows[row].Length);
        var flat = new long[rows.Length * longest];
        for (var row = 0; row < rows.Length; row++)
            for (var i = 0; i < rows[row].Length; i++)
                flat[row * longest + i] = rows[row][i];
        return (flat.ToDevice(_model.Device).view(rows.Length, longest), lengths);
    }
}
