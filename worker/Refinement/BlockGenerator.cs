using LightReasoner.Worker.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Refinement;

/// <summary>
/// Generates whole blocks of tokens: a block of EOS is appended, and each forward pass replaces it by the model's predictions. After pass k
/// the first k tokens at least are those of greedy decoding. What a pass read as it turned out to be is final and stays in the KV cache;
/// only what comes behind is read again. Rows are independent of one another.
/// </summary>
/// <param name="fillId">What a fresh block is made of: the EOS token of training.</param>
/// <param name="endIds">The tokens that end an answer; none to go on to the limit.</param>
internal sealed class BlockGenerator(CausalLM model, int fillId, IReadOnlyCollection<int> endIds)
{
    private const int ShortPrompt = 1024; // tokens; reading more at once takes much memory

    /// <summary>Generates an answer to each prompt, ending at its first end-of-sequence token or at the limit.</summary>
    /// <param name="blockLength">Tokens of a block (the published add_eos_length + 1).</param>
    /// <param name="refineIterations">Passes over a block, the first included (the published refine_iter); null until nothing changes,
    /// which gives exactly the greedy answer (Jacobi decoding).</param>
    /// <param name="answered">Is told after each forward pass how many answers are complete.</param>
    /// <exception cref="InvalidDataException">A prompt leaves no room in the model's context, or the logits are not finite.</exception>
    public IReadOnlyList<GeneratedAnswer> Generate(IReadOnlyList<int[]> prompts, int blockLength, int? refineIterations, int maxNewTokens,
        int batchSize, Action<int>? answered = null, CancellationToken cancellation = default)
    {
        var limits = BatchGenerator.Limits(model, prompts, maxNewTokens);
        if (prompts.Count == 0)
            return [];
        model.eval();
        using var _ = no_grad();
        // The first pass over a block predicts its first token from the prompt's last. Where there is one row, it reads a short prompt too.
        var oneRow = Math.Min(batchSize, prompts.Count) == 1 && prompts.Max(prompt => prompt.Length) <= ShortPrompt;
        using var batch = new PromptBatch(model, prompts, batchSize, unread: oneRow ? ShortPrompt : 1);
        var rows = prompts.Select((prompt, i) => new Row(prompt, limits[i])).ToArray();
        var answers = new GeneratedAnswer?[prompts.Count];
        var done = 0;
        while (done < prompts.Count)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            foreach (var admitted in batch.Admit()?.Prompts ?? [])
                rows[admitted].StartBlock(blockLength, fillId);
            batch.DropIdleSlots();
            Pass(batch, rows);
            foreach (var prompt in batch.PromptOfSlot.OfType<int>().ToArray())
            {
                var row = rows[prompt];
                if (row.Answer(endIds, final: row.Settled || row.Passes >= refineIterations) is not { } answer)
                {
                    if (row.Settled || row.Passes >= refineIterations)
                        row.StartBlock(blockLength, fillId);
                    continue;
                }
                answers[prompt] = answer;
                batch.Release(prompt);
                done++;
            }
            answered?.Invoke(done);
        }
        return answers!;
    }

    /// <summary>One forward pass over the blocks of all running rows.</summary>
    private void Pass(PromptBatch batch, Row[] rows)
    {
        var slots = batch.PromptOfSlot;
        int[] cached = [.. batch.Cache.Lengths];
        var inputs = slots.Select((prompt, slot) => prompt is { } p ? rows[p].Input(cached[slot]) : []).ToArray();
        var ids = Transfer.Padded(inputs, model.Device);
        var width = (int)ids.size(1);
        // The position that each row's first prediction follows: the last one before the block, or of what is cached.
        int[] before = [.. slots.Select((prompt, slot) => prompt is { } p ? Math.Max(cached[slot], rows[p].BlockStart - 1) : cached[slot])];
        int[] counts = [.. inputs.Select((input, slot) => cached[slot] + input.Length - before[slot])];
        int[] real = [.. counts.SelectMany((count, slot) => Enumerable.Range(slot * width + before[slot] - cached[slot], count))];
        var hidden = model.Hidden(ids, batch.Cache, Array.ConvertAll(inputs, input => input.Length), wanted: real);
        var predicted = model.Argmax(hidden).ToHost<long>().AsSpan();
        for (var slot = 0; slot < inputs.Length; slot++)
        {
            if (slots[slot] is not { } prompt)
                continue;
            if (predicted[..counts[slot]].Contains(-1))
                throw BatchGenerator.NotFinite(model);
            batch.Cache.Truncate(slot, rows[prompt].Accept(before[slot], predicted[..counts[slot]]));
            predicted = predicted[counts[slot]..];
        }
    }

    /// <summary>
    /// One sequence. Its last tokens are the block that is being refined; all before them is final. The last token of the block is never
    /// read, only predicted.
    /// </summary>
    private sealed class Row(int[] prompt, int limit)
    {
        private readonly List<int> _tokens = [.. prompt];
        private int _final, _totalPasses; // tokens that no further pass can change

        /// <summary>Tokens before the block.</summary>
        public int BlockStart { get; private set; }

        /// <summary>Passes over the current block.</summary>
        public int Passes { get; private set; }

        /// <summary>Whether no further pass would change anything.</summary>
        public bool Settled => _final == _tokens.Count;

        /// <summary>Makes what was generated final and appends a fresh block.</summary>
        public void StartBlock(int blockLength, int fillId)
        {
            (BlockStart, _final, Passes) = (_tokens.Count, _tokens.Count, 0);
            _tokens.AddRange(Enumerable.Repeat(fillId, Math.Min(blockLength, prompt.Length + limit - _tokens.Count)));
        }

        /// <summary>What the next pass reads behind the tokens that are cached.</summary>
        public int[] Input(int cached) => [.. _tokens[cached..^1]];

        /// <summary>Takes a pass's predictions: of the tokens after position <paramref name="before"/>.</summary>
        /// <returns>How many tokens the cache may keep: up to the first one that the pass read otherwise than it now is.</returns>
        public int Accept(int before, ReadOnlySpan<long> predicted)
        {
            var valid = _tokens.Count - 1;
            for (var i = 0; i < predicted.Length; i++)
            {
                var position = before + 1 + i;
                if ((int)predicted[i] != _tokens[position])
                    valid = Math.Min(valid, position);
                _tokens[position] = (int)predicted[i];
            }
            _final = valid + 1; // the token at that position was predicted from what is right
            Passes++;
            _totalPasses++;
            return valid;
        }

        /// <summary>The answer, if its end is final: all that was generated is, or <paramref name="final"/> says so; else null.</summary>
        public GeneratedAnswer? Answer(IReadOnlyCollection<int> endIds, bool final)
        {
            var certain = final ? _tokens.Count : _final;
            var end = _tokens.FindIndex(prompt.Length, certain - prompt.Length, endIds.Contains);
            if (end >= 0)
                return new GeneratedAnswer([.. _tokens[prompt.Length..(end + 1)]], _totalPasses, Cut: false);
            return certain == prompt.Length + limit ? new GeneratedAnswer([.. _tokens[prompt.Length..]], _totalPasses, Cut: true) : null;
        }
    }
}
