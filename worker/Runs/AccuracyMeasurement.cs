using System.Text.Json;
using LightReasoner.Api;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

/// <summary>
/// Accuracy before and after training on the same questions. What was measured before is kept in the output, so that a resumed run, whose weights
/// have moved on, still knows it.
/// </summary>
internal sealed class AccuracyMeasurement
{
    private const string BeforeBlob = "evaluation-before.json", AfterBlob = "evaluation-after.json";

    /// <summary>Block generation is measured with fewer passes too, on so many questions.</summary>
    private const int PassQuestions = 200, MaxPasses = 8, TrialQuestions = 16;

    private readonly RunContext _run;
    private readonly EvaluationSpec? _spec;
    private readonly ModelWithTokenizer _model;
    private readonly IReadOnlyList<Question> _questions;
    private readonly bool _blocks;
    private EvaluationResult? _before;

    /// <summary>What may go wrong with it.</summary>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    /// <summary>What it adds to the plan of a run, in words.</summary>
    public string Words => _spec is null ? "" : $", accuracy before and after on {_questions.Count} questions with answers of up to {_spec.Generation.MaxNewTokens} tokens";

    private AccuracyMeasurement(RunContext run, EvaluationSpec? spec, ModelWithTokenizer model, IReadOnlyList<Question> questions, bool blocks) =>
        (_run, _spec, _model, _questions, _blocks) = (run, spec, model, questions, blocks);

    /// <summary>Reads the questions; without a spec nothing is ever measured.</summary>
    public static async Task<AccuracyMeasurement> PrepareAsync(RunContext run, EvaluationSpec? spec, ModelWithTokenizer model, bool blocks)
    {
        IReadOnlyList<Question> questions = [];
        if (spec?.Dataset is { } dataset)
            questions = spec.Benchmark is { } benchmark
                ? await Benchmark.Of(benchmark).QuestionsAsync(run.References.DatasetUri(dataset), dataset.Format, spec.MaxQuestions, run.Stop)
                : await Datasets.QuestionsAsync(run.References.DatasetUri(dataset), dataset.Format, spec.QuestionField ?? "question", idField: null,
                    spec.AnswerField ?? "answer", spec.MaxQuestions, shard: 0, shards: 1, run.Stop);
        else if (spec is not null) throw new WorkerException(ExitCode.BadManifest, "spec.evaluation.benchmarks: several test sets cannot be measured yet; set dataset and benchmark");
        if (spec is null) return new AccuracyMeasurement(run, spec, model, questions, blocks);
        // All that can be refused is refused before training: the answers that the grader cannot compare, prompts without an end or too long for the model.
        AnswerGrader.Of(spec).Check(questions.Select(question => (question.Where, question.Answer ?? "")));
        model.Loaded.EndIds(model.Tokenizer, spec.Generation);
        int context = model.Loaded.Model.Config.MaxPositionEmbeddings;
        int[] lengths = [.. AccuracyEvaluator.Prompts(model.Tokenizer, questions, spec, model.Loaded.Model.Config.VocabSize).Select(prompt => prompt.Length)];
        if (lengths.Count(length => length >= context) is var full and > 0)
            throw new WorkerException(ExitCode.BadData, $"spec.evaluation: {full} of {lengths.Length} questions have prompts of {context} tokens and more, which fill the model's context; leave them out of the dataset");
        return new AccuracyMeasurement(run, spec, model, questions, blocks)
        {
            Warnings = [.. RunPlan.ContextWarnings("questions of spec.evaluation", lengths, spec.Generation.MaxNewTokens, context, "").Where(_ => !blocks || spec.Generation.MaxNewTokens < context)],
        };
    }

    /// <summary>Measures the model as it is now, unless an earlier attempt did.</summary>
    public async Task MeasureBeforeAsync()
    {
        if (_spec is null) return;
        _before = await _run.Output.Store.GetAsync(BeforeBlob, _run.Stop) is { } kept
            && JsonSerializer.Deserialize<EvaluationResult>(kept.Bytes, ApiJson.Options) is { } result && result.Of == RunExtent.Short(_spec) && result.Correct.Length == _questions.Count
            ? result : await MeasureAsync("before", BeforeBlob);
    }

    /// <summary>What both measurements will take, by a batch of questions.</summary>
    public TimeSpan Time()
    {
        if (_spec is null) return default;
        Question[] some = [.. _questions.Take(Math.Min(_spec.BatchSize.Number ?? TrialQuestions, _questions.Count))];
        long begun = _run.Time.GetTimestamp();
        _model.Loaded.Model.eval();
        Evaluate("timing", some, _spec);
        return _run.Time.GetElapsedTime(begun) * 2 * _questions.Count / some.Length;
    }

    /// <summary>Measures the model as it is now and sets it beside what was measured before.</summary>
    public async Task<EvaluationMetrics?> MeasureAfterAsync()
    {
        if (_spec is null || _before is null) return null;
        EvaluationResult after = await MeasureAsync("after", AfterBlob);
        await _run.Output.PutTextAsync(AnswerChange.BlobName, JsonSerializer.Serialize(Changes(after), ApiJson.Options) + "\n", _run.Stop);
        if (_blocks) await MeasurePassesAsync(after);
        (bool Before, bool After)[] pairs = [.. _before.Correct.Zip(after.Correct)];
        return new EvaluationMetrics
        {
            Questions = pairs.Length,
            Before = Share(_before.Correct),
            After = Share(after.Correct),
            Improved = pairs.Count(p => !p.Before && p.After),
            Worsened = pairs.Count(p => p.Before && !p.After),
            CutBefore = _before.AnswersCut,
            CutAfter = after.AnswersCut,
            TokensPerForward = _blocks ? after.TokensPerForward : null,
        };
    }

    private AnswerChange[] Changes(EvaluationResult after) =>
    [
        .. _questions.Select((question, i) => new AnswerChange(question.Text, question.Answer ?? "", _before!.Answers[i], after.Answers[i], after.Correct[i]))
            .Where((_, i) => _before!.Correct[i] != after.Correct[i]),
    ];

    /// <summary>Accuracy and tokens per forward pass by the number of passes over a block, up to the one that the document names.</summary>
    private async Task MeasurePassesAsync(EvaluationResult after)
    {
        Question[] questions = [.. _questions.Take(PassQuestions)];
        var measured = new List<PassAccuracy>();
        for (int passes = 1; passes < Math.Min(_spec!.RefineIterations.Number ?? int.MaxValue, MaxPasses); passes++)
        {
            EvaluationResult result = Evaluate($"measuring with {passes} of {_spec.RefineIterations} passes", questions, _spec with { RefineIterations = passes });
            measured.Add(new PassAccuracy(passes, questions.Length, result.Correct.Count(c => c), result.TokensPerForward));
        }
        measured.Add(new PassAccuracy(_spec.RefineIterations.Number, questions.Length, after.Correct.Take(questions.Length).Count(c => c), after.TokensPerForward));
        await _run.Output.PutTextAsync(PassAccuracy.BlobName, JsonSerializer.Serialize(measured, ApiJson.Options) + "\n", _run.Stop);
    }

    private async Task<EvaluationResult> MeasureAsync(string when, string blob)
    {
        string? message = null;
        _run.Progress.Update(report =>
        {
            message = report.Message;
            return report with { Message = $"measuring accuracy {when} training on {_questions.Count} questions" };
        });
        _model.Loaded.Model.eval();
        EvaluationResult result = Evaluate($"measuring {when} training", _questions, _spec!) with { Of = RunExtent.Short(_spec) };
        _run.Progress.Update(report => report with { Message = message });
        _run.Progress.Say(FormattableString.Invariant($"accuracy {when}: {Share(result.Correct):P1} of {_questions.Count} questions").Replace(" %", "%")
            + (result.AnswersCut > 0 ? $"; {result.AnswersCut} answers were cut at maxNewTokens ({_spec!.Generation.MaxNewTokens}) or at the end of the model's context" : ""));
        await _run.Output.PutTextAsync(blob, JsonSerializer.Serialize(result, ApiJson.Options), _run.Stop);
        return result;
    }

    private EvaluationResult Evaluate(string what, IReadOnlyList<Question> questions, EvaluationSpec spec)
    {
        long begun = _run.Time.GetTimestamp();
        return new AccuracyEvaluator().Evaluate(_model.Loaded, _model.Tokenizer, questions, spec, _blocks, _run.Stop,
            done => _run.Progress.Show(what, done, questions.Count, "questions", _run.Time.GetElapsedTime(begun)));
    }

    private static double Share(bool[] correct) => correct.Length == 0 ? 0 : (double)correct.Count(c => c) / correct.Length;
}
