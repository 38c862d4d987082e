using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Generation;
using LightReasoner.Worker.Native;
using LightReasoner.Worker.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Sampling;

/// <summary>
/// Lets the expert answer questions and compares its next-token distributions with the amateur's at every step. The amateur reads the very tokens
/// that the expert reads, over a cache of its own, so each model computes every position once. Where few rows run, the amateur's own guesses ride along as drafts.
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
    /// <param name="chunk">The questions, in any number; <c>batchSize</c> of them are decoded at once.</param>
    /// <param name="progress">Is told how many questions are done.</param>
    /// <param name="cancellation">Ends sampling between two forward passes.</param>
    public ChunkResult Sample(IReadOnlyList<Question> chunk, Action<int>? progress = null, CancellationToken cancellation = default)
    {
        var texts = chunk.Select(question => PromptFormat.Text(_tokenizer, _spec.Prompt, question.Text)).ToArray();
        var prompts = Array.ConvertAll(texts, text => PromptFormat.EncodeText(_tokenizer, _spec.Prompt, text));
        var reencoded = _spec.Compatibility is Compatibility.Published ? new ReencodedPrefixes(_amateur.Model, _tokenizer, _spec.Prompt, texts, prompts) : null;
        var steps = Compare(prompts, [.. chunk.Select(question => question.Index)], reencoded, progress, cancellation);
        var samples = steps.Kept.Select(kept => ToSample(chunk[kept.Prompt], prompts[kept.Prompt], steps.Answers[kept.Prompt], kept.Step, kept.Label)).ToArray();
        return new ChunkResult(samples, steps.Seen, steps.Answers.Sum(answer => (long)answer.Length), samples.Sum(sample => sample.KlDivergence), chunk.Count) { Drafts = steps.Drafts };
    }

    /// <summary>Some of the samples in full, for a report.</summary>
    public IReadOnlyList<StepExample> Examples(IReadOnlyList<ContrastiveSample> samples, int count) => StepExample.Of(samples, count, _expert.Model, _amateur.Model);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>A step whose KL reached beta: the label of token <c>Step</c> of the answer to prompt <c>Prompt</c>.</summary>
    internal sealed record KeptStep(int Prompt, int Step, SoftLabel Label);

    /// <summary>Answers, the number of steps compared, and those kept, ordered by prompt and step.</summary>
    internal sealed record Comparison(int[][] Answers, long Seen, IReadOnlyList<KeptStep> Kept, DraftFigures Drafts);

    internal Comparison Compare(
        IReadOnlyList<int[]> prompts, IReadOnlyList<int> promptNumbers, ReencodedPrefixes? reencoded = null, Action<int>? progress = null, CancellationToken cancellation = default)
    {
        using var _ = no_grad();
        var drafts = reencoded is null && _spec.Generation is { Temperature: 0, RepetitionPenalty: 1 };
        using var expert = new BatchDecoding(_expert, prompts, promptNumbers, _spec.Generation, _spec.BatchSize, ignoreEos: false, drafts ? AmateurDraft.MaxLength : 0);
        using var amateur = new SlotCache(_amateur.Model, expert.Slots, expert.Capacity);
        using var host = new HostCopy();
        var kept = new List<KeptStep>();
        var figures = new DraftFigures(0, 0, 0);
        long seen = 0;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            if (expert.Next() is not { } feed)
                break;
            var draftLength = drafts && feed.Admitted is null ? AmateurDraft.Length(feed.Rows.Length, _expert.Model.Device) : 0;
            var (tokens, selection) = draftLength > 0 ? Drafted(expert, amateur, feed, draftLength, host, ref figures) : Plain(expert, amateur, feed, reencoded, host);
            progress?.Invoke(expert.AnswersDone);
            if (selection is null)
                continue;
            foreach (var label in selection.Labels(tokens.Rows, host))
                kept.Add(new KeptStep(tokens.Prompts[label.Index], tokens.Positions[label.Index], label));
            seen += tokens.Rows.Length;
        }
        var answers = Enumerable.Range(0, prompts.Count).Select(prompt => expert.Answer(prompt).ToArray()).ToArray();
        return new Comparison(answers, seen, [.. kept.OrderBy(k => k.Prompt).ThenBy(k => k.Step)], figures);
    }

    private (AnsweredTokens Tokens, StepSelection? Selection) Plain(BatchDecoding expert, SlotCache amateur, Feed feed, ReencodedPrefixes? reencoded, HostCopy host)
    {
        var step = expert.Start(feed, host);
        var hidden = feed.Into(amateur);
        StepSelection? selection = null;
        if (step.Positions[0] > 0 || _spec.Selection.IncludeFirstStep) // rows that were just admitted are all at their first token
        {
            if (reencoded is not null)
                hidden = reencoded.Correct(hidden, step, expert.Answer);
            selection = StepSelection.Start(_spec.Compatibility is Compatibility.Published ? step.Scores : step.Logits, _amateur.Model.Logits(hidden), _spec.Selection, host);
        }
        host.Wait();
        return (expert.Finish(step), selection);
    }

    private (AnsweredTokens Tokens, StepSelection? Selection) Drafted(BatchDecoding expert, SlotCache amateur, Feed feed, int length, HostCopy host, ref DraftFigures figures)
    {
        var (drafts, amateurLogits) = AmateurDraft.Propose(_amateur.Model, amateur, feed, length);
        var step = expert.Start(feed, drafts, host);
        var selection = StepSelection.Start(step.Logits, amateurLogits, _spec.Selection, host);
        host.Wait();
        var tokens = expert.Finish(step);
        for (var row = 0; row < feed.Rows.Length; row++)
            amateur.Truncate(feed.Rows[row], expert.Held(feed, row));
        var rows = feed.Rows.Length;
        figures = new DraftFigures(figures.Passes + rows, figures.Proposed + (long)rows * length, figures.Accepted + tokens.Rows.Length - rows);
        return (tokens, selection);
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
