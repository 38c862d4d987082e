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

    /// <summary>One forward pass: reads waiting prompts if slots are free for them, else continues what runs. False when all is done.</summary>
    public bool Advance(HostCopy host)
    {
        if (Next() is not { } feed)
            return false;
        var step = Start(feed, host);
        host.Wait();
        Finish(step);
        return true;
    }

    /// <summary>What the next pass reads: waiting prompts if slots are free for them, else what runs. Must be decoded before the next is asked for; null when all is done.</summary>
    public Feed? Next() => Admission() ?? Continuation();

    /// <summary>Begins a forward pass over a feed: one more token for each of its rows. Ends with <see cref="Finish(DecodeStep)"/> when the host has waited.</summary>
    public DecodeStep Start(Feed feed, HostCopy host)
    {
        var prompts = PromptsOf(feed);
        var logits = _model.Model.Logits(feed.Into(_cache));
        var scores = _choice.Scores(logits, prompts);
        return new DecodeStep(feed, prompts, PositionsOf(prompts), logits, scores, host.Add<long>(_choice.Choose(scores, prompts)));
    }

    /// <summary>Takes the step's tokens into the answers.</summary>
    public AnsweredTokens Finish(DecodeStep step)
    {
        var tokens = step.Tokens.Span;
        var rows = new int[tokens.Length];
        for (var row = 0; row < rows.Length; row++)
        {
            rows[row] = row;
            Append(step.Prompts[row], (int)tokens[row]);
        }
        return new AnsweredTokens(rows, step.Prompts, step.Positions);
    }

    /// <summary>
    /// Begins a forward pass over a feed that continues, with proposed tokens behind each row's own. Only for greedy decoding without processors. Ends with
    /// <see cref="Finish(DraftedStep)"/> when the host has waited.
    /// </summary>
    /// <param name="feed">The feed.</param>
    /// <param name="drafts">The proposals, [rows, drafted].</param>
    /// <param name="host">Takes what must be known to go on.</param>
    public DraftedStep Start(Feed feed, Tensor drafts, HostCopy host)
    {
        var prompts = PromptsOf(feed);
        var starts = Array.ConvertAll(feed.Rows, slot => _cache.Length(feed.Kept?[slot] ?? slot));
        var logits = _model.Model.Logits(feed.Into(_cache, drafts));
        return new DraftedStep(feed, prompts, starts, logits, host.Add<long>(drafts), host.Add<long>(Argmax.OfRows(logits)));
    }

    /// <summary>Takes as many more tokens of each row into its answer as the proposals are right, and one.</summary>
    public AnsweredTokens Finish(DraftedStep step)
    {
        ReadOnlySpan<long> drafts = step.Drafts.Span, best = step.Best.Span;
        var (count, drafted) = (step.Prompts.Length, drafts.Length / step.Prompts.Length);
        var (rows, prompts, positions) = (new List<int>(best.Length), new List<int>(best.Length), new List<int>(best.Length));
        for (var row = 0; row < count; row++)
        {
            var (prompt, accepted) = (step.Prompts[row], 0);
            for (; accepted <= drafted; accepted++)
            {
                var entry = accepted * count + row;
                rows.Add(entry);
                prompts.Add(prompt);
                positions.Add(_answers[prompt].Count);
                if (Append(prompt, (int)best[entry]) || accepted == drafted || best[entry] != drafts[row * drafted + accepted])
                    break;
            }
            _cache.Truncate(step.Feed.Rows[row], step.Starts[row] + accepted + 1);
        }
        return new AnsweredTokens([.. rows], [.. prompts], [.. positions]);
    }

    /// <summary>Tokens that the slot of a feed's row holds.</summary>
    public int Held(Feed feed, int row) => _cache.Length(feed.Rows[row]);

    private int[] PositionsOf(int[] prompts) => Array.ConvertAll(prompts, prompt => _answers[prompt].Count);

    private int[] PromptsOf(Feed feed) => Array.ConvertAll(feed.Rows, row => _promptOfSlot[feed.Admitted?[row] ?? row]!.Value);

    public void Dispose()
    {
        _choice.Dispose();
        _cache.Dispose();
    }

    /// <summary>Waiting prompts are read together: as soon as a quarter of the slots is free, or room for all that wait.</summary>
    private Feed? Admission()
    {
        var waiting = _prompts.Count - _next;
        if (waiting == 0)
            return null;
        var free = SlotsWhere(occupied: false);
        if (free.Length == 0 || free.Length < Math.Min(waiting, (_promptOfSlot.Length + 3) / 4))
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
        var running = SlotsWhere(occupied: true);
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

    private int[] SlotsWhere(bool occupied)
    {
        var slots = new int[_promptOfSlot.Length];
        var count = 0;
        for (var slot = 0; slot < slots.Length; slot++)
            if (_promptOfSlot[slot].HasValue == occupied)
                slots[count++] = slot;
        return count == slots.Length ? slots : slots[..count];
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
