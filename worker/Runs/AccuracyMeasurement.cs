using System.Text.Json;
using LightReasoner.Api;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Models;
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
    private const int PassQuestions = 200, MaxPasses = 8;

    private readonly RunContext _run;
    private readonly EvaluationSpec? _spec;
    private readonly ModelWithTokenizer _model;
    private readonly IReadOnlyList<Question> _questions;
    private readonly bool _blocks;
    private EvaluationResult? _before;
    private IReadOnlyList<CausalLM> _replicas = [];

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
        return new AccuracyMeasurement(run, spec, model, questions, blocks);
    }

    /// <summary>Measures the model as it is now, unless an earlier attempt did.</summary>
    public async Task MeasureBeforeAsync()
    {
        if (_spec is null) return;
        if (await _run.Output.Store.GetAsync(BeforeBlob, _run.Stop) is { } kept)
        {
            _before = JsonSerializer.Deserialize<EvaluationResult>(kept.Bytes, ApiJson.Options);
            return;
        }
        using var replicas = new ModelReplicas(_model.Loaded.Model, _run.Devices);
        _replicas = replicas.Models;
        _before = await MeasureAsync("before", BeforeBlob);
    }

    /// <summary>Measures the model as it is now and sets it beside what was measured before.</summary>
    /// <param name="replicas">The trained model on every device.</param>
    public async Task<EvaluationMetrics?> MeasureAfterAsync(IReadOnlyList<CausalLM> replicas)
    {
        if (_spec is null || _before is null) return null;
        _replicas = replicas;
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
        _run.Progress.Update(report => report with { Message = $"measuring accuracy {when} training on {_questions.Count} questions" });
        _model.Loaded.Model.eval();
        EvaluationResult result = Evaluate($"measuring {when} training", _questions, _spec!);
        _run.Progress.Update(report => report with { Message = null });
        _run.Progress.Say(FormattableString.Invariant($"accuracy {when}: {Share(result.Correct):P1} of {_questions.Count} questions").Replace(" %", "%"));
        await _run.Output.PutTextAsync(blob, JsonSerializer.Serialize(result, ApiJson.Options), _run.Stop);
        return result;
    }

    private EvaluationResult Evaluate(string what, IReadOnlyList<Question> questions, EvaluationSpec spec)
    {
        long begun = _run.Time.GetTimestamp();
        return new AccuracyEvaluator().Evaluate(_model.Loaded, _model.Tokenizer, questions, spec, _blocks, _run.Stop,
            done => _run.Progress.Show(what, done, questions.Count, "questions", _run.Time.GetElapsedTime(begun)), _replicas);
    }

    private static double Share(bool[] correct) => correct.Length == 0 ? 0 : (double)correct.Count(c => c) / correct.Length;
}
