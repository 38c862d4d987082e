using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Generation;

/// <summary>
/// Decodes many prompts with one model: rows of unequal lengths side by side over a KV cache, each ending at an end-of-sequence token or its limit
/// of its own; freed slots go to the prompts that wait. <see cref="Advance"/> makes one forward pass.
/// </summary>
internal sealed class BatchDecoding : IDisposable
{
    private readonly LoadedModel _model;
    private readonly IReadOnlyList<int[]> _prompts;
    private readonly int _maxNewTokens;
    private readonly HashSet<int> _endIds;
    private readonly List<int>[] _answers;
    private readonly TokenChoice _choice;
    private readonly SlotCache _cache;
    private int?[] _promptOfSlot;
    private int _next; // the first prompt that waits

    /// <summary>Prepares decoding; nothing is computed yet.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prompts">Token ids of the prompts, none empty.</param>
    /// <param name="promptNumbers">A number for each prompt that, with the seed, determines what is drawn for it.</param>
    /// <param name="spec">How tokens are chosen.</param>
    /// <param name="batchSize">Rows at once.</param>
    /// <param name="ignoreEos">Goes on to the limit whatever comes.</param>
    /// <param name="draftLength">Most proposed tokens that a pass will read.</param>
    public BatchDecoding(LoadedModel model, IReadOnlyList<int[]> prompts, IReadOnlyList<int> promptNumbers, GenerationSpec spec, int batchSize, bool ignoreEos, int draftLength = 0)
    {
        if (prompts.Any(prompt => prompt.Length == 0))
            throw new ArgumentException("a prompt has no tokens; there is nothing to continue", nameof(prompts));
        (_model, _prompts, _maxNewTokens) = (model, prompts, spec.MaxNewTokens);
        _endIds = ignoreEos ? [] : [.. model.Generation.EosIds];
        _answers = [.. prompts.Select(_ => new List<int>())];
        _promptOfSlot = new int?[Math.Clamp(batchSize, 1, Math.Max(1, prompts.Count))];
        _choice = new TokenChoice(spec, prompts, promptNumbers, model.Model.Config.VocabSize, model.Model.Device);
        var longest = prompts.Select(prompt => prompt.Length).DefaultIfEmpty(1).Max();
        Capacity = longest + spec.MaxNewTokens + draftLength;
        _cache = new SlotCache(model.Model, _promptOfSlot.Length, Capacity);
    }

    /// <summary>Slots at the start.</summary>
    public int Slots => _cache.Slots;

    /// <summary>Most tokens that a slot can come to hold.</summary>
    public int Capacity { get; }

    /// <summary>Answers that are complete.</summary>
    public int AnswersDone { get; private set; }

    /// <summary>The tokens generated so far for a prompt.</summary>
    public IReadOnlyList<int> Answer(int prompt) => _answers[prompt];

    /// <summary>One forward pass: reads waiting prompts if slots are free for them, else continues what runs. Null when all is done.</summary>
    public DecodedStep? Advance() => Next() is { } feed ? Decode(feed) : null;

    /// <summary>What the next pass reads: waiting prompts if slots are free for them, else what runs. Must be decoded before the next is asked for; null when all is done.</summary>
    public Feed? Next() => Admission() ?? Continuation();

    /// <summary>One forward pass over a feed: one more token for each of its rows.</summary>
    public DecodedStep Decode(Feed feed)
    {
        var prompts = PromptsOf(feed);
        var logits = _model.Model.Logits(feed.Into(_cache));
        var scores = _choice.Scores(logits, prompts);
        var tokens = _choice.Choose(scores, prompts);
        var step = new DecodedStep(prompts, Array.ConvertAll(prompts, prompt => _answers[prompt].Count), tokens, logits, scores, feed);
        for (var row = 0; row < tokens.Length; row++)
            Append(prompts[row], tokens[row]);
        return step;
    }

    /// <summary>
    /// One forward pass over a feed that continues, with <paramref name="count"/> proposed tokens behind each row's own: as many more tokens as the proposals are right, and one.
    /// Only for greedy decoding without processors.
    /// </summary>
    /// <returns>The step, several entries for a row, and which of the (count + 1)·rows positions, position by position, each entry stands for.</returns>
    public (DecodedStep Step, long[] Positions) Verify(Feed feed, int[][] drafts, int count)
    {
        var prompts = PromptsOf(feed);
        var starts = Array.ConvertAll(feed.Rows, slot => _cache.Length(feed.Kept?[slot] ?? slot));
        var read = Array.ConvertAll(feed.Tokens.ToArray(), _ => Array.Empty<int>());
        for (var row = 0; row < drafts.Length; row++)
            read[feed.Rows[row]] = [.. feed.Tokens[feed.Rows[row]], .. drafts[row]];
        var hidden = (feed with { Tokens = read }).Read(_cache);
        var at = new long[drafts.Length * (count + 1)];
        for (var i = 0; i < at.Length; i++)
            at[i] = feed.Rows[i % drafts.Length] * (count + 1) + i / drafts.Length;
        var logits = _model.Model.Logits(hidden.view(-1, hidden.size(2)).index_select(0, tensor(at, device: hidden.device)));
        var best = Argmax.OfRows(logits);

        var (of, positions, tokens, entries) = (new List<int>(), new List<int>(), new List<int>(), new List<long>());
        for (var row = 0; row < drafts.Length; row++)
        {
            var accepted = 0;
            for (; accepted <= count; accepted++)
            {
                var entry = accepted * drafts.Length + row;
                var token = (int)best[entry];
                of.Add(prompts[row]);
                positions.Add(_answers[prompts[row]].Count);
                tokens.Add(token);
                entries.Add(entry);
                if (Append(prompts[row], token) || accepted == count || token != drafts[row][accepted])
                    break;
            }
            _cache.Truncate(feed.Rows[row], starts[row] + accepted + 1);
        }
        var chosen = logits.index_select(0, tensor(entries.ToArray(), device: logits.device));
        return (new DecodedStep([.. of], [.. positions], [.. tokens], chosen, chosen, feed), [.. entries]);
    }

    /// <summary>Tokens that the slot of a feed's row holds.</summary>
    public int Held(Feed feed, int row) => _cache.Length(feed.Rows[row]);

    private int[] PromptsOf(Feed feed) => Array.ConvertAll(feed.Rows, row => _promptOfSlot[feed.Admitted?[row] ?? row]!.Value);

    public void Dispose()
    {
        _choice.Dispose();
        _cache.Dispose();
    }

    /// <summary>Waiting prompts are read together: as soon as a quarter of the slots is free, or room for all that wait.</summary>
    private Feed? Admission()
    {
        var free = Enumerable.Range(0, _promptOfSlot.Length).Where(slot => _promptOfSlot[slot] is null).ToArray();
        var waiting = _prompts.Count - _next;
        if (waiting == 0 || free.Length == 0 || free.Length < Math.Min(waiting, (_promptOfSlot.Length + 3) / 4))
            return null;
        var slots = free[..Math.Min(free.Length, waiting)];
        var sequences = new int[slots.Length][];
        for (var i = 0; i < slots.Length; i++)
        {
            sequences[i] = _prompts[_next];
            _promptOfSlot[slots[i]] = _next++;
        }
        return new Feed(null, slots, sequences, [.. Enumerable.Range(0, slots.Length)]);
    }

    private Feed? Continuation()
    {
        var running = Enumerable.Range(0, _promptOfSlot.Length).Where(slot => _promptOfSlot[slot] is not null).ToArray();
        if (running.Length == 0)
            return null;
        int[]? kept = null;
        if (_next == _prompts.Count && running.Length <= _promptOfSlot.Length / 2) // nothing waits: idle slots would only cost
        {
            kept = running;
            _promptOfSlot = Array.ConvertAll(running, slot => _promptOfSlot[slot]);
            running = [.. Enumerable.Range(0, running.Length)];
        }
        var tokens = Array.ConvertAll(_promptOfSlot, prompt => prompt is { } p ? new[] { _answers[p][^1] } : []);
        return new Feed(kept, null, tokens, running);
    }

    /// <returns>Whether the answer is complete.</returns>
    private bool Append(int prompt, int token)
    {
        _answers[prompt].Add(token);
        if (_answers[prompt].Count < _maxNewTokens && !_endIds.Contains(token))
            return false;
        _promptOfSlot[Array.IndexOf(_promptOfSlot, prompt)] = null;
        AnswersDone++;
        return true;
    }
}
