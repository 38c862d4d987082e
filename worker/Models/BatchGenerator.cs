using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>What a model generated for one prompt.</summary>
/// <param name="Ids">The new token ids; the last is an end-of-sequence token unless the limit came first.</param>
/// <param name="ForwardPasses">Forward passes of the model that this answer took part in.</param>
/// <param name="Cut">Whether the limit came before an end-of-sequence token.</param>
public sealed record GeneratedAnswer(int[] Ids, int ForwardPasses, bool Cut);

/// <summary>
/// Autoregressive generation for many prompts at once over a KV cache: rows of unequal lengths side by side; a slot whose answer ended
/// takes the next prompt, the longest first. A forward pass either reads waiting prompts or continues all running answers by one token, and
/// the host waits for the device once in it.
/// </summary>
/// <param name="endIds">The tokens that end an answer; none to go on to the limit.</param>
/// <param name="context">Most tokens of prompt and answer; the model's own limit where it is left out.</param>
public sealed class BatchGenerator(CausalLM model, IReadOnlyCollection<int> endIds, int? context = null)
{
    /// <summary>
    /// Generates an answer to each prompt. An answer does not depend on the batch size but for the rounding of the arithmetic.
    /// </summary>
    /// <param name="prompts">Token ids of the prompts, none empty.</param>
    /// <param name="spec">How tokens are chosen; the limit is exact.</param>
    /// <param name="numbers">The prompts' numbers, which with the seed determine what is drawn for each; from 0 where left out.</param>
    /// <param name="answered">Is told after each forward pass how many answers are complete.</param>
    /// <param name="cancellation">Ends generation between two forward passes.</param>
    /// <exception cref="InvalidDataException">A prompt leaves no room in the model's context, or the logits are not finite.</exception>
    public IReadOnlyList<GeneratedAnswer> Generate(
        IReadOnlyList<int[]> prompts, GenerationSpec spec, int batchSize, IReadOnlyList<int>? numbers = null, Action<int>? answered = null,
        CancellationToken cancellation = default) =>
        Generate(prompts, numbers ?? [.. Enumerable.Range(0, prompts.Count)], spec, batchSize, states: null, answered, cancellation);

    /// <summary>
    /// The same, and the final hidden states that the answers' tokens were chosen by, prompt after prompt, [tokens, hidden].
    /// </summary>
    public IReadOnlyList<GeneratedAnswer> Generate(
        IReadOnlyList<int[]> prompts, IReadOnlyList<int> promptNumbers, GenerationSpec spec, int batchSize, out Tensor states,
            Action<int>? answered = null, CancellationToken cancellation = default)
    {
        var steps = new List<(Tensor Hidden, int[] Prompts)>();
        var answers = Generate(prompts, promptNumbers, spec, batchSize, steps, answered, cancellation);
        states = InOrder(steps, answers);
        return answers;
    }

    private GeneratedAnswer[] Generate(IReadOnlyList<int[]> prompts, IReadOnlyList<int> promptNumbers, GenerationSpec spec, int batchSize,
        List<(Tensor Hidden, int[] Prompts)>? states, Action<int>? answered, CancellationToken cancellation)
    {
        var limits = Limits(model, prompts, spec.MaxNewTokens, context);
        if (prompts.Count == 0)
            return [];
        model.eval();
        using var _ = no_grad();
        using var sampler = new TokenSampler(spec, prompts, promptNumbers, model.Config.VocabSize, model.Device);
        using var batch = new PromptBatch(model, prompts, batchSize);
        var answers = prompts.Select(_ => new List<int>()).ToArray();
        var done = 0;
        while (done < prompts.Count)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var (hidden, rows) = batch.Admit() is (var read, var admitted) ? (read!, admitted)
                : batch.Continue(prompt => answers[prompt][^1]);
            states?.Add((hidden.DetachFromDisposeScope(), rows));
            var tokens = sampler.Choose(model.Head(hidden), rows).ToHost<long>();
            for (var row = 0; row < rows.Length; row++)
            {
                var (prompt, token) = (rows[row], (int)tokens[row]);
                if (token < 0)
                    throw NotFinite(model);
                answers[prompt].Add(token);
                if (answers[prompt].Count < limits[prompt] && !endIds.Contains(token))
                    continue;
                batch.Release(prompt);
                done++;
            }
            answered?.Invoke(done);
        }
        return Array.ConvertAll(answers, ids => new GeneratedAnswer([.. ids], ids.Count, !endIds.Contains(ids[^1])));
    }

    /// <summary>Most tokens of each answer: what is asked for, or what the model's context has room for.</summary>
    internal static int[] Limits(CausalLM model, IReadOnlyList<int[]> prompts, int maxNewTokens, int? context = null) =>
        [.. prompts.Select((prompt, i) =>
            Math.Min(maxNewTokens,
            (context ?? model.Config.MaxPositionEmbeddings) - Checked(model, prompt, $"prompt {i + 1}", context).Length))];

    /// <summary>A prompt that the model can continue.</summary>
    /// <param name="what">What it is and where it stands, for the message.</param>
    /// <param name="context">Most tokens of prompt and answer; the model's own limit where it is left out.</param>
    /// <exception cref="InvalidDataException">It is empty, has ids that the model lacks, or leaves no room for an answer.</exception>
    internal static int[] Checked(CausalLM model, int[] prompt, string what, int? context = null)
    {
        if (prompt.Length == 0)
            throw new InvalidDataException($"{what} has no tokens; there is nothing to continue");
        var most = context ?? model.Config.MaxPositionEmbeddings;
        if (prompt.Length >= most)
            throw new InvalidDataException(
                $"{what} has {prompt.Length} tokens, but the model's context ends at {most} (config.json: max_position_embeddings)");
        return TokenIds.Check(prompt, model.Config.VocabSize, what);
    }

    internal static InvalidDataException NotFinite(CausalLM model) => new(
        $"the model's logits are not finite; its weights are damaged, or {model.DType} is too narrow for it (try dtype bfloat16 or "
        + "float32)");

    /// <summary>States of steps, [rows, hidden] each, sorted by prompt and then by step.</summary>
    private Tensor InOrder(List<(Tensor Hidden, int[] Prompts)> steps, IReadOnlyList<GeneratedAnswer> answers)
    {
        using var _ = no_grad();
        var next = new long[answers.Count]; // where the next state of a prompt goes
        for (var i = 1; i < next.Length; i++)
            next[i] = next[i - 1] + answers[i - 1].Ids.Length;
        var ordered = empty([answers.Sum(answer => (long)answer.Ids.Length), model.Config.HiddenSize], dtype: model.DType,
            device: model.Device);
        foreach (var (hidden, prompts) in steps)
        {
            using var scope = NewDisposeScope();
            ordered.index_copy_(0, Array.ConvertAll(prompts, prompt => next[prompt]++).ToDevice(model.Device), hidden);
            hidden.Dispose();
        }
        return ordered;
    }
}
