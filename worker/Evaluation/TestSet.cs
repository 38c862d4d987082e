using LightReasoner.Worker.Data;

namespace LightReasoner.Worker.Evaluation;

/// <summary>The questions of an evaluation, or of one of its several test sets.</summary>
/// <param name="Spec">How they are asked and graded: an evaluation with this test set alone.</param>
/// <param name="Questions">The questions with the right answers, which fit the grader.</param>
internal sealed record TestSet(EvaluationSpec Spec, IReadOnlyList<Question> Questions)
{
    /// <summary>Reads what an evaluation asks, before any weights are read.</summary>
    /// <exception cref="WorkerException">A record is wrong, or the right answers are not such as the grader compares.</exception>
    public static async Task<IReadOnlyList<TestSet>> ReadAsync(EvaluationSpec? spec, Func<DatasetSource, string> uri,
        CancellationToken cancellation)
    {
        if (spec is null) return [];
        EvaluationSpec[] sets = spec.Benchmarks is { } several
            ? [.. several.Select(set => spec with { Benchmarks = null, Benchmark = set.Name, Dataset = set.Dataset })]
            : [spec];
        var read = new List<TestSet>();
        foreach (var set in sets)
        {
            var questions = set.Benchmark is { } name
                ? await new Benchmark(name).QuestionsAsync(uri(set.Dataset!), set.Dataset!.Format, set.MaxQuestions, cancellation)
                : await Datasets.QuestionsAsync(uri(set.Dataset!), set.Dataset!.Format, set.QuestionField ?? "question", idField: null,
                    set.AnswerField ?? "answer", set.MaxQuestions, shard: 0, shards: 1, cancellation);
            AnswerGrader.Of(set).Check(questions.Select(question => (question.Where, question.Answer ?? "")));
            read.Add(new TestSet(set, questions));
        }
        return read;
    }

    /// <summary>Accuracy before and after: the mean over the sets, as in the papers' tables, and of several sets that of each.</summary>
    public static EvaluationMetrics Compare(IReadOnlyList<TestSet> sets, IReadOnlyList<EvaluationResult> before,
        IReadOnlyList<EvaluationResult> after)
    {
        var changes = before.Zip(after, (one, other) =>
        {
            int improved = one.Correct.Zip(other.Correct).Count(pair => !pair.First && pair.Second),
                worsened = one.Correct.Zip(other.Correct).Count(pair => pair.First && !pair.Second);
            return (Improved: improved, Worsened: worsened, Value: other.Accuracy - one.Accuracy,
                Interval: ConfidenceInterval.PairedDifference(one.Correct.Count(c => c), improved, worsened, one.Correct.Length));
        }).ToArray();
        var all = new EvaluationMetrics { Improved = changes.Sum(c => c.Improved), Worsened = changes.Sum(c => c.Worsened) };
        return (EvaluationMetrics)Fill(all, Enumerable.Range(0, sets.Count)) with
        {
            Benchmarks = sets.Count == 1 ? null
                : [.. sets.Select((set, i) => (BenchmarkMetrics)Fill(new BenchmarkMetrics { Name = set.Spec.Benchmark }, [i]))],
        };

        AccuracyMetrics Fill(AccuracyMetrics metrics, IEnumerable<int> of)
        {
            var first = EvaluationResult.Mean([.. of.Select(i => before[i])]);
            var second = EvaluationResult.Mean([.. of.Select(i => after[i])]);
            var change = ConfidenceInterval.OfMean([.. of.Select(i => (changes[i].Value, changes[i].Interval))]);
            return metrics with
            {
                Questions = of.Sum(i => sets[i].Questions.Count),
                Before = first.Value,
                BeforeLow = first.Interval.Low,
                BeforeHigh = first.Interval.High,
                After = second.Value,
                AfterLow = second.Interval.Low,
                AfterHigh = second.Interval.High,
                ChangeLow = change.Low,
                ChangeHigh = change.High,
            };
        }
    }
}
