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

    /// <summary>Other settings of block generation are measured too, on so many questions.</summary>
    private const int SettingQuestions = 200, MaxPasses = 8;

    private readonly RunContext _run;
    private readonly IReadOnlyList<TestSet> _sets;
    private readonly Decoding _decoding;
    private EvaluationResult[]? _before;

    private AccuracyMeasurement(RunContext run, IReadOnlyList<TestSet> sets, Decoding decoding) => (_run, _sets, _decoding) = (run, sets, decoding);

    /// <summary>Reads the questions, before any weights; without a spec nothing is ever measured.</summary>
    public static async Task<AccuracyMeasurement> PrepareAsync(RunContext run, EvaluationSpec? spec, Decoding decoding) =>
        new(run, await TestSet.ReadAsync(spec, run.References.DatasetUri, run.Stop), decoding);

    /// <summary>Measures the model as it is now, unless an earlier attempt did.</summary>
    public async Task MeasureBeforeAsync(ModelWithTokenizer model)
    {
        if (_sets.Count == 0) return;
        _before = await _run.Output.Store.GetAsync(BeforeBlob, _run.Stop) is { } kept
            ? JsonSerializer.Deserialize<EvaluationResult[]>(kept.Bytes, ApiJson.Options)
            : await MeasureAsync(model, "before", BeforeBlob);
    }

    /// <summary>Measures the model as it is now and sets it beside what was measured before.</summary>
    public async Task<EvaluationMetrics?> MeasureAfterAsync(ModelWithTokenizer model)
    {
        if (_before is null) return null;
        EvaluationResult[] after = await MeasureAsync(model, "after", AfterBlob);
        await _run.Output.PutTextAsync(AnswerChange.BlobName, JsonSerializer.Serialize(Changes(after), ApiJson.Options) + "\n", _run.Stop);
        if (_decoding is not Decoding.Tokens) await MeasureSettingsAsync(model);
        return TestSet.Compare(_sets, _before, after) with { TokensPerForward = _decoding is Decoding.Tokens ? null : after.Average(result => result.TokensPerForward) };
    }

    private AnswerChange[] Changes(EvaluationResult[] after) =>
    [
        .. _sets.SelectMany((set, s) => set.Questions
            .Select((question, i) => (Change: new AnswerChange(question.Text, question.Answer ?? "", _before![s].Answers[i], after[s].Answers[i], after[s].Correct[i]), IsChange: _before[s].Correct[i] != after[s].Correct[i])))
            .Where(answer => answer.IsChange).Select(answer => answer.Change),
    ];

    /// <summary>Accuracy and tokens per forward pass by passes over a block, by block length, or by how much of a block is taken; on the first test set.</summary>
    private async Task MeasureSettingsAsync(ModelWithTokenizer model)
    {
        Question[] questions = [.. _sets[0].Questions.Take(SettingQuestions)];
        var measured = new List<PassAccuracy>();
        foreach ((string name, EvaluationSpec setting) in _decoding is Decoding.Blocks ? BlockSettings(_sets[0].Spec) : MaskSettings(_sets[0].Spec))
        {
            EvaluationResult result = Evaluate(model, $"measuring {name}", questions, setting);
            measured.Add(new PassAccuracy(name, questions.Length, result.Correct.Count(c => c), result.TokensPerForward));
        }
        await _run.Output.PutTextAsync(PassAccuracy.BlobName, JsonSerializer.Serialize(measured, ApiJson.Options) + "\n", _run.Stop);
    }

    private static IEnumerable<(string Name, EvaluationSpec Spec)> BlockSettings(EvaluationSpec spec)
    {
        for (int passes = 1; passes <= Math.Min(spec.RefineIterations.Number ?? 1, MaxPasses); passes++)
            yield return ($"{spec.BlockLength}, {passes} {(passes == 1 ? "pass" : "passes")}", spec with { RefineIterations = passes });
        foreach (int length in new[] { spec.BlockLength / 2, spec.BlockLength, 2 * spec.BlockLength }.Where(length => length > 1))
            yield return ($"{length}, converge", spec with { BlockLength = length, RefineIterations = new RefineIterations(null) });
    }

    private static IEnumerable<(string Name, EvaluationSpec Spec)> MaskSettings(EvaluationSpec spec)
    {
        for (int length = 2; length < 2 * spec.BlockLength; length *= 2)
        {
            int size = Math.Min(length, spec.BlockLength);
            yield return ($"{size}, blockwise", spec with { BlockLength = size, Decoder = BlockDecoder.Blockwise });
            yield return ($"{size}, self-aware", spec with { BlockLength = size, Decoder = BlockDecoder.SelfAware });
        }
    }

    private async Task<EvaluationResult[]> MeasureAsync(ModelWithTokenizer model, string when, string blob)
    {
        _run.Progress.Update(report => report with { Message = $"measuring accuracy {when} training on {_sets.Sum(set => set.Questions.Count)} questions" });
        EvaluationResult[] results = [.. _sets.Select(set => Evaluate(model, $"measuring {when} training", set.Questions, set.Spec))];
        _run.Progress.Update(report => report with { Message = null });
        foreach ((TestSet set, EvaluationResult result) in _sets.Zip(results))
            _run.Progress.Say(FormattableString.Invariant($"accuracy {when}{(_sets.Count > 1 ? $" on {set.Spec.Benchmark}" : "")}: {result.Accuracy:P1} of {set.Questions.Count} questions").Replace(" %", "%"));
        await _run.Output.PutTextAsync(blob, JsonSerializer.Serialize(results, ApiJson.Options), _run.Stop);
        return results;
    }

    private EvaluationResult Evaluate(ModelWithTokenizer model, string what, IReadOnlyList<Question> questions, EvaluationSpec spec)
    {
        long begun = _run.Time.GetTimestamp();
        model.Loaded.Model.eval();
        return new AccuracyEvaluator().Evaluate(model.Loaded, model.Tokenizer, questions, spec, _decoding, _run.Stop,
            done => _run.Progress.Show(what, done, questions.Count, "questions", _run.Time.GetElapsedTime(begun)));
    }
}
