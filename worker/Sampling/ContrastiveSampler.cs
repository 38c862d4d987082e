using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Tokenization;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Sampling;

/// <summary>
/// Contrastive sampling: the expert answers questions, both models' next-token distributions are compared at every step of the answers, and
/// the steps where they disagree become samples. Three stages, each over a whole chunk: generate, score, select. Every position is computed
/// once by each model.
/// </summary>
internal sealed class ContrastiveSampler
{
    /// <summary>Tokens that a model reads at once when it scores, padding included.</summary>
    private const int ReadTokens = 8192;

    private readonly CausalLM _expert, _amateur;
    private readonly Tokenizer _tokenizer;
    private readonly VocabularyMap _vocabulary;
    private readonly SamplingRunSpec _spec;
    private readonly IReadOnlyCollection<int> _endIds;
    private readonly int _batchSize, _context;

    /// <summary>Prepares sampling. The models remain the caller's.</summary>
    /// <param name="batchSize">Questions that are decoded at once.</param>
    public ContrastiveSampler(LoadedModel expert, LoadedModel amateur, Tokenizer tokenizer, VocabularyMap vocabulary,
        SamplingRunSpec spec, int batchSize)
    {
        (_expert, _amateur, _tokenizer, _vocabulary, _spec, _batchSize) = (expert.Model, amateur.Model, tokenizer,
            vocabulary, spec, batchSize);
        _endIds = expert.EndIds(tokenizer, spec.Generation);
        _context = Math.Min(_expert.Config.MaxPositionEmbeddings, _amateur.Config.MaxPositionEmbeddings);
        _expert.eval();
        _amateur.eval();
    }

    /// <summary>Samples some questions. The result depends on these questions alone, not on what was sampled before.</summary>
    /// <param name="given">The answers' ids by question, where another run has generated them; null to generate.</param>
    /// <param name="progress">Is told how many questions are answered.</param>
    public ChunkResult Sample(IReadOnlyList<Question> questions, IReadOnlyList<int[]>? given = null, Action<int>? progress = null,
        CancellationToken cancellation = default)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        using IDisposable? expertPacked = _expert.Pack(), amateurPacked = _amateur.Pack();
        var texts = questions.Select(question => PromptFormat.Text(_tokenizer, _spec.Prompt, question.Text)).ToArray();
        var prompts = Array.ConvertAll(texts, text => PromptFormat.EncodeText(_tokenizer, _spec.Prompt, text));

        // 1. Generate: the answers, and the final hidden states of the expert that each token was chosen by, [all tokens, hidden].
        var (answers, expertStates) = given is null ? Generate(prompts, questions, progress, cancellation) : (Given(prompts, given), null);
        answers = [.. answers.Select((answer, i) => answer with { PromptIds = prompts[i] })];
        var steps = Steps(answers);
        expertStates = expertStates?.index_select(0, Array.ConvertAll(steps, step => step.Token).ToDevice(_expert.Device))
            ?? Read(_expert, steps, answer => ([.. prompts[answer], .. answers[answer].Ids[..^1]], step => prompts[answer].Length + step),
                cancellation);

        // 2. Score: the amateur reads prompts and answers once, teacher-forced.
        var amateurStates = _spec.Compatibility is Compatibility.Published
            ? ReadReencoded(steps, texts, answers, cancellation)
            : Read(_amateur, steps, answer =>
            {
                var (ids, ends) = _vocabulary.ForAmateur([.. prompts[answer], .. answers[answer].Ids[..^1]]);
                return (ids, step => ends[prompts[answer].Length + step - 1]);
            }, cancellation);

        // 3. Select: both heads over some steps at a time.
        var (labels, figures) = (new List<SoftLabel>(), new List<StepFigures>(steps.Length));
        var piece = Math.Max(1, _expert.HeadElements / _expert.Config.VocabSize);
        for (var first = 0; first < steps.Length; first += piece)
        {
            cancellation.ThrowIfCancellationRequested();
            using var inner = NewDisposeScope();
            var count = Math.Min(piece, steps.Length - first);
            var expertLogits = _expert.Head(expertStates.narrow(0, first, count));
            if (_spec.Compatibility is Compatibility.Published)
                expertLogits = Processed(expertLogits, steps.AsSpan(first, count), prompts, answers);
            int[] chosen = [.. steps.AsSpan(first, count).ToArray().Select(step => answers[step.Answer].Ids[step.Index])];
            var (kept, compared) = ContrastiveSelection.Select(expertLogits, _amateur.Head(amateurStates.narrow(0, first, count)), chosen,
                _vocabulary, _spec.Selection);
            labels.AddRange(kept.Select(label => label with { Row = first + label.Row }));
            figures.AddRange(compared);
        }
        return new ChunkResult(answers, new LazyList<ContrastiveSample>(labels.Count, Kept), steps.Length, labels.Sum(label => label.Kl))
        {
            Pair = PairFigures.Of(figures),
            Course = [.. Course(answers, steps, labels)],
            Examples = most => [.. StepExample.Spread(labels.Count, most).Select(i => StepExample.Of(Kept(i), labels[i]))],
        };

        ContrastiveSample Kept(int i)
        {
            var (answer, step, _) = steps[labels[i].Row];
            var before = answers[answer].Ids.AsSpan(0, step);
            return new ContrastiveSample
            {
                PromptId = questions[answer].Id,
                Step = step,
                Prefix = _tokenizer.Decode(before),
                Tokens = [.. labels[i].TokenIds.Select(id => _tokenizer.Decode([id]))],
                TokenIds = labels[i].TokenIds,
                Weights = labels[i].Weights,
                KlDivergence = labels[i].Kl,
                Question = questions[answer].Text,
                PrefixIds = [.. prompts[answer], .. before],
                ExpertEntropy = Math.Round(figures[labels[i].Row].ExpertEntropy, 6),
                AmateurEntropy = Math.Round(figures[labels[i].Row].AmateurEntropy, 6),
                ExpertTop1 = figures[labels[i].Row].ExpertTop,
                AmateurTop1 = figures[labels[i].Row].AmateurTop,
            };
        }
    }

    /// <summary>
    /// A step that is compared: token <c>Index</c> of answer <c>Answer</c>, which is token <c>Token</c> of all answers one after the other.
    /// </summary>
    private readonly record struct Step(int Answer, int Index, int Token);

    private Step[] Steps(ChunkAnswer[] answers)
    {
        var steps = new List<Step>();
        for (int answer = 0, token = 0; answer < answers.Length; token += answers[answer++].Ids.Length)
            for (var index = _spec.Selection.IncludeFirstStep ? 0 : 1; index < answers[answer].Ids.Length; index++)
                steps.Add(new Step(answer, index, token + index));
        return [.. steps];
    }

    private static IEnumerable<ChunkPoint> Course(ChunkAnswer[] answers, Step[] steps, List<SoftLabel> labels)
    {
        var (points, seen, kept, kl) = (Math.Clamp(answers.Length / 4, 1, 8), 0, 0, 0.0);
        for (var point = 1; point <= points; point++)
        {
            var end = answers.Length * point / points;
            while (seen < steps.Length && steps[seen].Answer < end) seen++;
            for (; kept < labels.Count && labels[kept].Row < seen; kept++) kl += labels[kept].Kl;
            yield return new ChunkPoint(end, seen, kept, kl, answers.Take(end).Count(answer => answer.Cut),
                answers.Take(end).Count(answer => answer.Ids.Length == 0));
        }
    }

    private (ChunkAnswer[] Answers, Tensor States) Generate(int[][] prompts, IReadOnlyList<Question> questions, Action<int>? progress,
        CancellationToken cancellation)
    {
        int[] fitting = [.. Enumerable.Range(0, prompts.Length).Where(i => prompts[i].Length < _context)];
        var generator = new BatchGenerator(_expert, _endIds, _context);
        var generated = generator.Generate([.. fitting.Select(i => prompts[i])], [.. fitting.Select(i => questions[i].Index)],
            _spec.Generation, _batchSize, out var states, progress, cancellation);
        var answers = Array.ConvertAll(prompts, _ => ChunkAnswer.TooLong);
        foreach (var (at, answer) in fitting.Zip(generated))
            answers[at] = new ChunkAnswer(answer.Ids, answer.Cut);
        return (answers, states);
    }

    private ChunkAnswer[] Given(int[][] prompts, IReadOnlyList<int[]> given) =>
        [.. prompts.Zip(given, (prompt, ids) => ids.Length == 0 || prompt.Length + ids.Length > _context
        ? ChunkAnswer.TooLong
        : new ChunkAnswer(ids, !_endIds.Contains(ids[^1])))];

    /// <summary>
    /// The final hidden states of a model before each step's token, [steps, hidden]. Each answer is read once, teacher-forced: <paramref
    /// name="sequence"/> gives what is read for it, and how many tokens of that stand before a step's.
    /// </summary>
    private static Tensor Read(CausalLM model, Step[] steps, Func<int, (int[] Ids, Func<int, int> Before)> sequence,
        CancellationToken cancellation) => Read(model, steps.Length,
        steps.Select((step, row) => (step, row)).GroupBy(s => s.step.Answer).Select(group =>
        {
            var (ids, before) = sequence(group.Key);
            return new Reading(ids, [.. group.Select(s => (before(s.step.Index) - 1, s.row))]);
        }), cancellation);

    /// <summary>
    /// With compatibility: published, the amateur reads the expert's text encoded anew at every step, as the published script has it; once
    /// for all steps where that gives the tokens that the expert generated.
    /// </summary>
    private Tensor ReadReencoded(Step[] steps, string[] texts, ChunkAnswer[] answers, CancellationToken cancellation)
    {
        var readings = new List<Reading>();
        var newest = new Reading?[answers.Length]; // of each answer
        foreach (var (row, (answer, index, _)) in steps.Index().Reverse())
        {
            var ids = PromptFormat.EncodeText(_tokenizer, _spec.Prompt,
                texts[answer] + _tokenizer.Decode(answers[answer].Ids.AsSpan(0, index)));
            if (newest[answer] is not { } reading || !reading.Ids.AsSpan().StartsWith(ids))
                readings.Add(newest[answer] = reading = new Reading(ids, []));
            reading.Rows.Add((ids.Length - 1, row));
        }
        return Read(_amateur, steps.Length, readings, cancellation);
    }

    /// <summary>A sequence that a model reads, and which of its positions give which rows of the result.</summary>
    private sealed record Reading(int[] Ids, List<(int At, int Row)> Rows);

    private static Tensor Read(CausalLM model, int rows, IEnumerable<Reading> readings, CancellationToken cancellation)
    {
        var states = empty([rows, model.Config.HiddenSize], dtype: model.DType, device: model.Device);
        var waiting = new Queue<Reading>(readings.OrderByDescending(reading => reading.Ids.Length));
        while (waiting.Count > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var length = waiting.Peek().Ids.Length;
            Reading[] batch = [.. Enumerable.Range(0, Math.Clamp(ReadTokens / length, 1, waiting.Count)).Select(_ => waiting.Dequeue())];
            var hidden = model.Hidden(Transfer.Padded([.. batch.Select(reading => reading.Ids)], model.Device));
            var places = batch.SelectMany((reading, i) => reading.Rows.Select(r => (At: i * length + r.At, r.Row))).ToArray();
            states.index_copy_(0, Array.ConvertAll(places, p => p.Row).ToDevice(model.Device),
                hidden.view(-1, hidden.size(2)).index_select(0, Array.ConvertAll(places, p => p.At).ToDevice(model.Device)));
        }
        return states;
    }

    /// <summary>With compatibility: published, the expert's distribution is the one after the logits processors.</summary>
    private Tensor Processed(Tensor logits, ReadOnlySpan<Step> steps, int[][] prompts, ChunkAnswer[] answers)
    {
        var before = new List<int[]>();
        foreach (var (answer, index, _) in steps)
            before.Add([.. prompts[answer], .. answers[answer].Ids[..index]]);
        using var sampler = new TokenSampler(_spec.Generation, before, Enumerable.Range(0, before.Count),
            _expert.Config.VocabSize, _expert.Device);
        return sampler.Scores(logits, [.. Enumerable.Range(0, before.Count)]);
    }
}
