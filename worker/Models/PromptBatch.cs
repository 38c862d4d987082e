using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// The rows of a KV cache as slots for prompts: waiting prompts enter free slots, the longest first, so that the rows side by side have
/// similar lengths. What all prompts begin with is read once. Reading is done in pieces bounded by tokens.
/// </summary>
internal sealed class PromptBatch : IDisposable
{
    /// <summary>Most tokens of a piece, padding included; and most elements of its attention mask.</summary>
    private const int PieceTokens = 4096, PieceMask = 1 << 27;

    private readonly CausalLM _model;
    private readonly IReadOnlyList<int[]> _prompts;
    private readonly Queue<int> _waiting;
    private readonly int _shared; // tokens that all prompts begin with; every row of the cache holds them at all times
    private readonly int _unread;
    private readonly IDisposable? _packed;
    private int?[] _promptOfSlot;

    /// <param name="prompts">Token ids of the prompts, none empty; at least one.</param>
    /// <param name="unread">Tokens at the end of each prompt that are left to the caller.</param>
    public PromptBatch(CausalLM model, IReadOnlyList<int[]> prompts, int slots, int unread = 0)
    {
        (_model, _prompts, _unread) = (model, prompts, unread);
        _waiting = new(Enumerable.Range(0, prompts.Count).OrderByDescending(prompt => prompts[prompt].Length));
        _promptOfSlot = new int?[Math.Clamp(slots, 1, prompts.Count)];
        Cache = new KvCache(model, _promptOfSlot.Length);
        _shared = SharedPrefix(prompts);
        if (_shared > 0)
        {
            using var scope = NewDisposeScope();
            Read([prompts[0][.._shared]], [0]);
            Cache.ShareFirstRow();
        }
        _packed = model.Pack();
    }

    public KvCache Cache { get; }

    /// <summary>The prompt of each slot; null for an idle one.</summary>
    public IReadOnlyList<int?> PromptOfSlot => _promptOfSlot;

    /// <summary>
    /// Reads waiting prompts into free slots, if there is room for all that wait or a quarter of the slots is free; else null. Returns
    /// which prompts they are, and the hidden states after the last token read of each, [prompts, hidden].
    /// </summary>
    public (Tensor? Hidden, int[] Prompts)? Admit()
    {
        int[] free = [.. Enumerable.Range(0, _promptOfSlot.Length).Where(slot => _promptOfSlot[slot] is null).Take(_waiting.Count)];
        if (free.Length == 0 || free.Length < Math.Min(_waiting.Count, (_promptOfSlot.Length + 3) / 4))
            return null;
        var prompts = Array.ConvertAll(free, slot => (_promptOfSlot[slot] = _waiting.Dequeue()).Value);
        foreach (var slot in free)
            Cache.Truncate(slot, _shared);
        return (Read(Array.ConvertAll(prompts, prompt => _prompts[prompt][_shared..Math.Max(_shared, _prompts[prompt].Length - _unread)]),
            free), prompts);
    }

    /// <summary>
    /// Continues every running prompt by one token, and returns the hidden states after them, [prompts, hidden], and which prompts they
    /// are.
    /// </summary>
    public (Tensor Hidden, int[] Prompts) Continue(Func<int, int> token)
    {
        DropIdleSlots();
        var ids = Array.ConvertAll(_promptOfSlot, prompt => prompt is { } p ? (long)token(p) : 0);
        var hidden = _model.Hidden(ids.ToDevice(_model.Device).view(-1, 1), Cache,
            Array.ConvertAll(_promptOfSlot, prompt => prompt is null ? 0 : 1)).squeeze(1);
        var running = Running();
        if (running.Length < _promptOfSlot.Length)
            hidden = hidden.index_select(0, running.ToDevice(_model.Device));
        return (hidden, Array.ConvertAll(running, slot => _promptOfSlot[slot]!.Value));
    }

    /// <summary>Where no prompt waits, gives up idle slots as soon as they are half of all.</summary>
    public void DropIdleSlots()
    {
        var running = Running();
        if (_waiting.Count > 0 || running.Length == 0 || running.Length > _promptOfSlot.Length / 2)
            return;
        Cache.Keep(running);
        _promptOfSlot = Array.ConvertAll(running, slot => _promptOfSlot[slot]);
    }

    private int[] Running() => [.. Enumerable.Range(0, _promptOfSlot.Length).Where(slot => _promptOfSlot[slot] is not null)];

    /// <summary>Frees the slot of a prompt.</summary>
    public void Release(int prompt) => _promptOfSlot[Array.IndexOf(_promptOfSlot, prompt)] = null;

    public void Dispose()
    {
        _packed?.Dispose();
        Cache.Dispose();
    }

    /// <summary>
    /// Continues some rows of the cache by sequences, the longest first, and returns the hidden states after their last tokens, [rows,
    /// hidden].
    /// </summary>
    private Tensor? Read(int[][] sequences, int[] rows)
    {
        var states = new List<Tensor>();
        var group = _model.Config.NumHeads / _model.Config.NumKvHeads;
        for (int first = 0, count; first < rows.Length && sequences[first].Length > 0; first += count)
        {
            var longest = sequences[first].Length;
            var tokens = Math.Clamp(PieceMask / (group * (Cache.Lengths[rows[first]] + longest)), 1, PieceTokens);
            count = Math.Clamp(tokens / longest, 1, rows.Length - first);
            var width = Math.Min(longest, tokens);
            var ended = new List<Tensor>(); // the shortest first
            for (var start = 0; start < longest; start += width)
            {
                var piece = sequences.Skip(first).Take(count).TakeWhile(sequence => sequence.Length > start)
                    .Select(sequence => sequence[start..Math.Min(sequence.Length, start + width)]).ToArray();
                var ids = Transfer.Padded(piece, _model.Device);
                int[] last = [.. Enumerable.Range(0, piece.Length).Where(row => sequences[first + row].Length <= start + width)
                    .Select(row => row * (int)ids.size(1) + piece[row].Length - 1)];
                ended.Add(_model.Hidden(ids, Cache, Array.ConvertAll(piece, p => p.Length), rows[first..(first + piece.Length)], last));
            }
            states.AddRange(Enumerable.Reverse(ended));
        }
        return states.Count == 0 ? null : cat(states, 0);
    }

    /// <summary>Number of tokens that all prompts begin with, less than the shortest of them.</summary>
    private static int SharedPrefix(IReadOnlyList<int[]> prompts)
    {
        if (prompts.Count < 2)
            return 0;
        var shared = prompts.Min(prompt => prompt.Length) - 1;
        foreach (var prompt in prompts)
            shared = prompt.AsSpan(0, shared).CommonPrefixLength(prompts[0]);
        return shared;
    }
}
