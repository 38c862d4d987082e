using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Generation;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Refinement;

/// <summary>
/// Generates whole blocks of tokens: a block of EOS is appended, and each forward pass replaces it by the model's predictions. After pass k the first k
/// tokens are those of greedy decoding; a pass that changes nothing ends its block early.
/// </summary>
/// <param name="model">A model trained for refinement.</param>
/// <param name="fillId">What a fresh block is made of: the EOS token of training.</param>
public sealed class BlockGenerator(LoadedModel model, int fillId)
{
    /// <summary>Generates an answer to each prompt; rows are independent of one another, ending each at its first end-of-sequence token or at the limit.</summary>
    /// <param name="prompts">Token ids of the prompts, none empty.</param>
    /// <param name="blockLength">Tokens of a block (the published add_eos_length + 1).</param>
    /// <param name="refineIterations">Passes over a block, the first included (the published refine_iter); 0 counts as 1.</param>
    /// <param name="maxNewTokens">Most tokens of an answer; exact.</param>
    /// <param name="batchSize">Prompts at once.</param>
    /// <param name="ignoreEos">Goes on to the limit whatever comes.</param>
    /// <param name="cancellation">Ends generation between two forward passes.</param>
    /// <param name="answered">Hears, after each forward pass, how many answers are complete.</param>
    public IReadOnlyList<GeneratedAnswer> Generate(
        IReadOnlyList<int[]> prompts, int blockLength, int refineIterations, int maxNewTokens, int batchSize = 64, bool ignoreEos = false, CancellationToken cancellation = default,
        Action<int>? answered = null)
    {
        Check(prompts, blockLength, maxNewTokens);
        if (prompts.Count == 0)
            return [];
        model.Model.eval();
        using var _ = no_grad();
        var answers = new GeneratedAnswer[prompts.Count];
        var rows = new BlockRow?[Math.Clamp(batchSize, 1, prompts.Count)];
        using var pass = new BlockPass(model.Model, rows.Length, prompts.Max(prompt => prompt.Length) + maxNewTokens + blockLength);
        HashSet<int> endIds = ignoreEos ? [] : [fillId, .. model.Generation.EosIds];
        var next = 0;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var free = Enumerable.Range(0, rows.Length).Where(slot => rows[slot] is null).Take(prompts.Count - next).ToArray();
            if (free.Length > 0 && free.Length >= Math.Min(prompts.Count - next, (rows.Length + 3) / 4))
            {
                foreach (var slot in free)
                    (rows[slot] = new BlockRow(next, prompts[next++], blockLength, fillId)).StartBlock();
                pass.Begin([.. free.Select(slot => rows[slot]!)], free);
            }
            else if (rows.Any(row => row is not null))
                pass.Continue(rows);
            else
                return answers;

            for (var slot = 0; slot < rows.Length; slot++)
            {
                if (rows[slot] is not { } row || !(row.Settled || row.Passes >= refineIterations))
                    continue;
                var answer = row.Tokens.Skip(prompts[row.Prompt].Length).Take(maxNewTokens).ToList();
                var end = answer.FindIndex(endIds.Contains);
                if (end < 0 && answer.Count < maxNewTokens)
                {
                    row.StartBlock();
                    continue;
                }
                answers[row.Prompt] = new GeneratedAnswer([.. end < 0 ? answer : answer.Take(end + 1)], row.TotalPasses);
                rows[slot] = null;
            }
            answered?.Invoke(next - rows.Count(row => row is not null));
        }
    }

    private static void Check(IReadOnlyList<int[]> prompts, int blockLength, int maxNewTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxNewTokens, 1);
        if (prompts.Any(prompt => prompt.Length == 0))
            throw new ArgumentException("a prompt has no tokens; there is nothing to continue", nameof(prompts));
    }
}
