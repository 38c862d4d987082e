using LightReasoner.Worker.Data;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

/// <summary>Accuracy before and after training on the same questions. What was before is kept in the output for resumed runs.</summary>
internal sealed class AccuracyMeasurement(RunContext run, IReadOnlyList<TestSet> sets, Decoding decoding)
{
    private const string BeforeBlob = "evaluation-before.json", AfterBlob = "evaluation-after.json";

    /// <summary>Other settings of block generation are measured too, on so many questions.</summary>
    private const int SettingQuestions = 200, MaxPasses = 8, TrialQuestions = 16;

    private EvaluationResult[]? _before;

    /// <summary>What it adds to the plan of a run, in words.</summary>
    public string Words => sets.Count == 0 ? ""
        : $", accuracy before and after on {sets.Sum(set => set.Questions.Count):N0} questions with "
            + $"answers of up to {sets[0].Spec.Generation.MaxNewTokens:N0} tokens";

    /// <summary>Bytes that the questions take beside the model, of the test set that takes most; known after <see cref="Check"/>.</summary>
    public long Memory { get; private set; }

    /// <summary>Reads the questions, before any weights; without a spec nothing is ever measured.</summary>
    public static async Task<AccuracyMeasurement> PrepareAsync(RunContext run, EvaluationSpec? spec, Decoding decoding) =>
        new(run, await TestSet.ReadAsync(spec, run.References.DatasetUri, run.Stop), decoding);

    /// <summary>Looks at the questions with the model at hand, before training: prompts that are too long for it, answers that would never
    /// end.</summary>
    public IReadOnlyList<string> Check(ModelWithTokenizer model)
    {
        var warnings = new List<string>();
        var context = model.Loaded.Model.Config.MaxPositionEmbeddings;
        foreach (var set in sets)
        {
            model.Loaded.EndIds(model.Tokenizer, set.Spec.Generation);
            int[] lengths = [.. AccuracyEvaluator.Prompts(model.Loaded.Model, model.Tokenizer, set.Questions, set.Spec)
                .Select(prompt => prompt.Length)];
            if (lengths.Count(length => length >= context) is var full and > 0)
                throw new WorkerException(ExitCode.BadData,
                    $"spec.evaluation: {full} of {lengths.Length} questions have prompts of {context} tokens and more, which fill the "
                    + "model's context; leave them out of the dataset");
            var (longest, limit) = (lengths.Max(), set.Spec.Generation.MaxNewTokens);
            var rows = Math.Min(lengths.Length, BatchSizes.Rows(set.Spec.BatchSize, model.Loaded.Model, longest, limit));
            Memory = Math.Max(Memory, MemoryPrediction.Answers(model.Loaded.Model, rows, longest, limit));
            warnings.AddRange(RunPlan.ContextWarnings("questions of spec.evaluation", lengths, set.Spec.Generation.MaxNewTokens, context,
                ""));
        }
        return warnings;
    }

    /// <summary>Measures the model as it is now, unless an earlier attempt did.</summary>
    public async Task MeasureBeforeAsync(ModelWithTokenizer model)
    {
        if (sets.Count == 0) return;
        if (await RunRecords.JsonAsync<EvaluationResult[]>(run.Output.Store, BeforeBlob, run.Stop) is { } results
            && results.Select(result => result.Of).SequenceEqual(sets.Select(Of)))
        {
            _before = results;
            return;
        }
        using var replicas = new ModelReplicas(model.Loaded.Model, run.Devices);
        _before = await MeasureAsync(model, "before", BeforeBlob, replicas.Models);
    }

    /// <summary>What a result is of: another evaluation, or another number of questions, is measured anew.</summary>
    private static string Of(TestSet set) => $"{RunExtent.Short(set.Spec)} {set.Questions.Count}";

    /// <summary>What both measurements will take, by a batch of questions.</summary>
    public TimeSpan Time(ModelWithTokenizer model)
    {
        if (sets.Count == 0) return default;
        Question[] some = [.. sets[0].Questions.Take(sets[0].Spec.BatchSize.Number ?? TrialQuestions)];
        var begun = run.Time.GetTimestamp();
        Evaluate(model, "timing", some, sets[0].Spec);
        return run.Time.GetElapsedTime(begun) * 2 * sets.Sum(set => set.Questions.Count) / some.Length;
    }

    /// <summary>Measures the model as it is now and sets it beside what was measured before.</summary>
    public async Task<EvaluationMetrics?> MeasureAfterAsync(ModelWithTokenizer model, IReadOnlyList<CausalLM> replicas)
    {
        if (_before is null) return null;
        var after = await MeasureAsync(model, "after", AfterBlob, replicas);
        await run.Output.PutJsonAsync(AnswerChange.BlobName, Changes(after), run.Stop);
        if (decoding is not Decoding.Tokens) await MeasureSettingsAsync(model, replicas);
        return TestSet.Compare(sets, _before, after) with
        {
            CutBefore = _before.Sum(result => result.AnswersCut),
            CutAfter = after.Sum(result => result.AnswersCut),
            TokensPerForward = decoding is Decoding.Tokens ? null : after.Average(result => result.TokensPerForward),
        };
    }

    private AnswerChange[] Changes(EvaluationResult[] after) =>
    [
        .. from set in sets.Index()
           let then = _before![set.Index]
           let now = after[set.Index]
           from question in set.Item.Questions.Index()
           let i = question.Index
           where then.Correct[i] != now.Correct[i]
           select new AnswerChange(question.Item.Text, question.Item.Answer ?? "", then.Answers[i], now.Answers[i], now.Correct[i]),
    ];

    /// <summary>Accuracy and tokens per forward pass by passes over a block, by block length, or by how much of a block is taken; on the
    /// first test set.</summary>
    private async Task MeasureSettingsAsync(ModelWithTokenizer model, IReadOnlyList<CausalLM> replicas)
    {
        Question[] questions = [.. sets[0].Questions.Take(SettingQuestions)];
        var measured = new List<PassAccuracy>();
        foreach (var (name, setting) in decoding is Decoding.Blocks ? BlockSettings(sets[0].Spec) : MaskSettings(sets[0].Spec))
        {
            var result = Evaluate(model, $"measuring {name}", questions, setting, replicas);
            measured.Add(new PassAccuracy(name, questions.Length, result.Correct.Count(c => c), result.TokensPerForward));
        }
        await run.Output.PutJsonAsync(PassAccuracy.BlobName, measured, run.Stop);
    }

    private static IEnumerable<(string Name, EvaluationSpec Spec)> BlockSettings(EvaluationSpec spec)
    {
        for (int passes = 1; passes <= Math.Min(spec.RefineIterations.Number ?? 1, MaxPasses); passes++)
            yield return ($"{spec.BlockLength}, {passes} {(passes == 1 ? "pass" : "passes")}", spec with { RefineIterations = passes });
        foreach (var length in new[] { spec.BlockLength / 2, spec.BlockLength, 2 * spec.BlockLength }.Where(length => length > 1))
            yield return ($"{length}, converge", spec with { BlockLength = length, RefineIterations = new RefineIterations(null) });
    }

    private static IEnumerable<(string Name, EvaluationSpec Spec)> MaskSettings(EvaluationSpec spec)
    {
        for (int length = 2; length < 2 * spec.BlockLength; length *= 2)
        {
            var size = Math.Min(length, spec.BlockLength);
            yield return ($"{size}, blockwise", spec with { BlockLength = size, Decoder = BlockDecoder.Blockwise });
            yield return ($"{size}, self-aware", spec with { BlockLength = size, Decoder = BlockDecoder.SelfAware });
        }
    }

    private async Task<EvaluationResult[]> MeasureAsync(ModelWithTokenizer model, string when, string blob,
        IReadOnlyList<CausalLM> replicas)
    {
        string? message = null;
        run.Progress.Update(report =>
        {
            message = report.Message;
            // What the run is going to do stays there to be read.
            var now = $"measuring accuracy {when} training on {sets.Sum(set => set.Questions.Count)} questions";
            return report with { Message = message is null ? now : $"{now}; {message}" };
        });
        EvaluationResult[] results =
            [.. sets.Select(set => Evaluate(model, $"measuring {when} training", set.Questions, set.Spec, replicas) with { Of = Of(set) })];
        HostMemory.ReturnFreedBlocks(model.Loaded.Model.Device); // what the answers took is not kept beside what a step takes
        run.Progress.Update(report => report with { Message = message });
        foreach (var (set, result) in sets.Zip(results))
        {
            var on = sets.Count > 1 ? $" on {set.Spec.Benchmark}" : "";
            var cut = result.AnswersCut == 0 ? "" : $"; {result.AnswersCut} answers were cut at maxNewTokens "
                + $"({set.Spec.Generation.MaxNewTokens}) or at the end of the model's context";
            run.Progress.Say($"accuracy {when}{on}: {100 * result.Accuracy:0.0}% of {set.Questions.Count} questions{cut}");
        }
        await run.Output.PutJsonAsync(blob, results, run.Stop);
        return results;
    }

    private EvaluationResult Evaluate(ModelWithTokenizer model, string what, IReadOnlyList<Question> questions, EvaluationSpec spec,
        IReadOnlyList<CausalLM>? replicas = null)
    {
        var begun = run.Time.GetTimestamp();
        model.Loaded.Model.eval();
        return AccuracyEvaluator.Evaluate(model.Loaded, model.Tokenizer, questions, spec, decoding, run.Stop,
            done => run.Progress.Show(what, done, questions.Count, "questions", run.Time.GetElapsedTime(begun)), replicas);
    }
}
