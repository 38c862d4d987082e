using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Generation;

/// <summary>Autoregressive generation for many prompts at once.</summary>
public sealed class TextGenerator(LoadedModel model)
{
    /// <summary>Generates an answer to each prompt. An answer does not depend on the batch size but for the rounding of the arithmetic.</summary>
    /// <param name="prompts">Token ids of the prompts.</param>
    /// <param name="spec">How tokens are chosen; the limit is exact.</param>
    /// <param name="batchSize">Prompts at once.</param>
    /// <param name="ignoreEos">Goes on to the limit whatever comes.</param>
    /// <param name="cancellation">Ends generation between two forward passes.</param>
    /// <param name="firstNumber">Number of the first prompt; with the seed, a prompt's number determines what is drawn for it.</param>
    /// <param name="answered">Hears, after each forward pass, how many answers are complete.</param>
    public IReadOnlyList<GeneratedAnswer> Generate(
        IReadOnlyList<int[]> prompts, GenerationSpec spec, int batchSize, bool ignoreEos = false, CancellationToken cancellation = default, int firstNumber = 0,
        Action<int>? answered = null)
    {
        model.Model.eval();
        using var _ = no_grad();
        using var decoding = new BatchDecoding(model, prompts, [.. Enumerable.Range(firstNumber, prompts.Count)], spec, batchSize, ignoreEos);
        using var host = new HostCopy();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            if (!decoding.Advance(host))
                break;
            answered?.Invoke(decoding.AnswersDone);
        }
        return [.. Enumerable.Range(0, prompts.Count).Select(prompt => new GeneratedAnswer([.. decoding.Answer(prompt)], decoding.Answer(prompt).Count))];
    }
}
