using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Generation;
using LightReasoner.Worker.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Sampling;

/// <summary>
/// Lets the expert answer questions and compares its next-token distributions with the amateur's at every step. The amateur reads the very tokens
/// that the expert reads, over a cache of its own, so each model computes every position once.
/// </summary>
public sealed class ContrastiveSampler : IDisposable
{
    private readonly LoadedModel _expert, _amateur;
    private readonly Tokenizer _tokenizer;
    private readonly SamplingRunSpec _spec;

    /// <summary>Prepares sampling. The models remain the caller's.</summary>
    public ContrastiveSampler(LoadedModel expert, LoadedModel amateur, Tokenizer tokenizer, SamplingRunSpec spec)
    {
        (_expert, _amateur, _tokenizer, _spec) = (expert, amateur, tokenizer, spec);
        expert.Model.eval();
        amateur.Model.eval();
    }

    /// <summary>Samples some questions. The result depends on these questions alone, not on what was sampled before.</summary>
    public ChunkResult Sample(IReadOnlyList<Question> chunk, CancellationToken cancellation = default)
    {
        var texts = chunk.Select(question => PromptFormat.Text(_tokenizer, _spec.Prompt, question.Text)).ToArray();
        var prompts = Array.ConvertAll(texts, text => PromptFormat.EncodeText(_tokenizer, _spec.Prompt, text));
        var reencoded = _spec.Compatibility is Compatibility.Published ? new ReencodedPrefixes(_amateur.Model, _tokenizer, _spec.Prompt, texts, prompts) : null;
        var steps = Compare(prompts, [.. chunk.Select(question => question.Index)], reencoded, cancellation);
        var samples = steps.Kept.Select(kept => ToSample(chunk[kept.Prompt], prompts[kept.Prompt], steps.Answers[kept.Prompt], kept.Step, kept.Label)).ToArray();
        return new ChunkResult(samples, steps.Seen, steps.Answers.Sum(answer => (long)answer.Length), samples.Sum(sample => sample.KlDivergence), chunk.Count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>A step whose KL reached beta: the label of token <c>Step</c> of the answer to prompt <c>Prompt</c>.</summary>
    internal sealed record KeptStep(int Prompt, int Step, SoftLabel Label);

    /// <summary>Answers, the number of steps compared, and those kept, ordered by prompt and step.</summary>
    internal sealed record Comparison(int[][] Answers, long Seen, IReadOnlyList<KeptStep> Kept);

    internal Comparison Compare(IReadOnlyList<int[]> prompts, IReadOnlyList<int> promptNumbers, ReencodedPrefixes? reencoded = null, CancellationToken cancellation = default)
    {
        using var _ = no_grad();
        using var expert = new BatchDecoding(_expert, prompts, promptNumbers, _spec.Generation, _spec.BatchSize, ignoreEos: false);
        using var amateur = new SlotCache(_amateur.Model, expert.Slots, expert.Capacity);
        var firstStep = _spec.Selection.IncludeFirstStep ? 0 : 1;
        var kept = new List<KeptStep>();
        long seen = 0;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            if (expert.Advance() is not { } step)
                break;
            var amateurHidden = step.Feed.Into(amateur);
            if (step.Positions[0] < firstStep) // rows that were just admitted are all at their first token
                continue;
            if (reencoded is not null)
                amateurHidden = reencoded.Correct(amateurHidden, step, expert.Answer);
            var amateurLogits = _amateur.Model.Logits(amateurHidden);
            var expertLogits = _spec.Compatibility is Compatibility.Published ? step.Scores : step.Logits;
            foreach (var label in StepSelection.Select(expertLogits, amateurLogits, _spec.Selection))
                kept.Add(new KeptStep(step.Prompts[label.Row], step.Positions[label.Row], label));
            seen += step.Prompts.Length;
        }
        var answers = Enumerable.Range(0, prompts.Count).Select(prompt => expert.Answer(prompt).ToArray()).ToArray();
        return new Comparison(answers, seen, [.. kept.OrderBy(k => k.Prompt).ThenBy(k => k.Step)]);
    }

    private ContrastiveSample ToSample(Question question, int[] prompt, int[] answer, int step, SoftLabel label) => new()
    {
        PromptId = question.Id,
        Step = step,
        Prefix = _tokenizer.Decode(answer.AsSpan(0, step)),
        Tokens = [.. label.TokenIds.Select(id => _tokenizer.Decode([id]))],
        TokenIds = label.TokenIds,
        Weights = label.Weights,
        KlDivergence = label.Kl,
        Question = question.Text,
        PrefixIds = [.. prompt, .. answer.AsSpan(0, step)],
    };
}
