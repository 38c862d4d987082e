using LightReasoner.Worker.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Refinement;

/// <summary>
/// Generates with a model that was trained on interleaved masks: k - 1 masks are appended, and one forward pass predicts the next k tokens.
/// Blockwise decoding takes all of them; self-aware decoding ends the block before a token whose probability is below a threshold or that
/// repeats the one before it in the block. The first token is always taken. The masks never enter the KV cache's kept part. Rows are
/// independent of one another.
/// </summary>
/// <param name="maskId">The token that masks are: the EOS token of training.</param>
/// <param name="endIds">The tokens that end an answer; none to go on to the limit.</param>
internal sealed class InterleavedGenerator(CausalLM model, int maskId, IReadOnlyCollection<int> endIds)
{
    /// <summary>Generates an answer to each prompt, ending at its first end-of-sequence token or at the limit.</summary>
    /// <param name="blockSize">Tokens that a forward pass predicts, k.</param>
    /// <param name="threshold">Self-aware decoding: least probability of a token behind the first; null for blockwise decoding.</param>
    /// <param name="answered">Is told after each forward pass how many answers are complete.</param>
    /// <exception cref="InvalidDataException">A prompt leaves no room in the model's context, or the logits are not finite.</exception>
    public IReadOnlyList<GeneratedAnswer> Generate(IReadOnlyList<int[]> prompts, int blockSize, double? threshold, int maxNewTokens,
        int batchSize, Action<int>? answered = null, CancellationToken cancellation = default)
    {
        var limits = BatchGenerator.Limits(model, prompts, maxNewTokens);
        if (prompts.Count == 0)
            return [];
        model.eval();
        using var _ = no_grad();
        using var batch = new PromptBatch(model, prompts, batchSize, unread: 1);
        var tokens = prompts.Select(prompt => new List<int>(prompt)).ToArray();
        var passes = new int[prompts.Count];
        var answers = new GeneratedAnswer?[prompts.Count];
        var done = 0;
        while (done < prompts.Count)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            batch.Admit();
            batch.DropIdleSlots();
            var slots = batch.PromptOfSlot.ToArray();
            int[] cached = [.. batch.Cache.Lengths];
            var width = Array.ConvertAll(slots, slot => slot is { } p
                ? Math.Min(blockSize, prompts[p].Length + limits[p] - tokens[p].Count) : 0);
            var inputs = slots.Select((slot, i) => slot is { } p
                ? [.. tokens[p].Skip(cached[i]), .. Enumerable.Repeat(maskId, width[i] - 1)] : Array.Empty<int>()).ToArray();
            var padded = Transfer.Padded(inputs, model.Device);
            var longest = (int)padded.size(1);
            int[] predicting = [.. inputs.SelectMany((input, i) => Enumerable.Range(i * longest + input.Length - width[i], width[i]))];
            var (ids, probabilities) = Predict(model.Hidden(padded, batch.Cache, Array.ConvertAll(inputs, input => input.Length),
                wanted: predicting));
            var first = 0;
            for (var i = 0; i < slots.Length; first += width[i++])
            {
                if (slots[i] is not { } prompt)
                    continue;
                var block = ids.AsSpan(first, width[i]);
                if (block.Contains(-1))
                    throw BatchGenerator.NotFinite(model);
                var taken = 1;
                while (taken < block.Length && (threshold is null
                    || (probabilities[first + taken] >= threshold && block[taken] != block[taken - 1])))
                    taken++;
                batch.Cache.Truncate(i, tokens[prompt].Count);
                passes[prompt]++;
                foreach (var id in block[..taken])
                {
                    tokens[prompt].Add((int)id);
                    if (endIds.Contains((int)id))
                        break;
                }
                if (tokens[prompt].Count < prompts[prompt].Length + limits[prompt] && !endIds.Contains(tokens[prompt][^1]))
                    continue;
                answers[prompt] = new GeneratedAnswer([.. tokens[prompt].Skip(prompts[prompt].Length)], passes[prompt],
                    !endIds.Contains(tokens[prompt][^1]));
                batch.Release(prompt);
                done++;
            }
            answered?.Invoke(done);
        }
        return answers!;
    }

    /// <summary>The most likely token of each row, -1 where the logits are not finite, and its probability.</summary>
    private (long[] Ids, float[] Probabilities) Predict(Tensor hidden)
    {
        var (ids, probabilities) = (new List<long>(), new List<float>());
        foreach (var piece in hidden.split(Math.Max(1, model.HeadElements / model.Config.VocabSize), 0))
        {
            using var scope = NewDisposeScope();
            var logits = model.Head(piece).to(ScalarType.Float32);
            var (best, at) = logits.max(-1); // NaN wins
            ids.AddRange(at.masked_fill(best.isfinite().logical_not(), Scalars.MinusOne).ToHost<long>());
            probabilities.AddRange(best.sub(logits.logsumexp(-1)).exp().ToHost<float>());
        }
        return ([.. ids], [.. probabilities]);
    }
}
