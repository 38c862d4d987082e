using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Operator.Progress;

namespace LightReasoner.Operator.Tests.Progress;

public sealed class ProgressFoldTests
{
    [Theory]
    [InlineData(0.000049931, 0.00004993)]
    [InlineData(1.23456, 1.235)]
    [InlineData(1834.7, 1835)]
    [InlineData(123456.7, 123457)]
    [InlineData(-0.98764, -0.9876)]
    [InlineData(0, 0)]
    public void Round_KeepsFourSignificantDigits(double value, double expected) => Assert.Equal(expected, Figures.Round(value));

    [Fact]
    public void Round_DropsWhatIsNoNumber() => Assert.Null(Figures.Round(double.NaN));

    [Fact]
    public void Shards_AreAddedUp_KlWeightedBySamples()
    {
        var status = (SamplingRunStatus)Fold(new SamplingRunStatus(), [Make.Report(0, 30, 50), Make.Report(1, 10, 50)], 2);

        Assert.Equal(("prompts", 40L, 100L, "40/100", 40), (status.Progress!.Unit, status.Progress.Done, status.Progress.Total,
            status.Progress.Display, status.Progress.Percent));
        Assert.Equal(4, status.Progress.RatePerSecond);
        Assert.Equal(Make.Now.AddSeconds(15), status.Progress.EstimatedCompletion);
        Assert.Equal((40, 400, 80, 0.2, 200), (status.Metrics!.PromptsDone, status.Metrics.StepsSeen, status.Metrics.SamplesKept,
            status.Metrics.KeepRate, status.Metrics.TokensPerSecond));
        Assert.Equal(1.25, status.Metrics.MeanKl);      // (60·1 + 20·2) / 80
    }

    [Fact]
    public void CutAnswers_AreCountedOverAllShards()
    {
        ProgressReport Cut(int shard, long cut, long tooLong)
        {
            var report = Make.Report(shard, 30, 50);
            return report with { Sampling = report.Sampling! with { AnswersCut = cut, PromptsTooLong = tooLong } };
        }
        var status = (SamplingRunStatus)Fold(new SamplingRunStatus(), [Cut(0, 3, 1), Cut(1, 4, 0)], 2);
        Assert.Equal((7L, 1L), (status.Metrics!.AnswersCut, status.Metrics.PromptsTooLong));
    }

    [Fact]
    public void ShardsThatHaveNotReported_CountAsLargeAsTheOthers() =>
        Assert.Equal("30/200", Fold(new SamplingRunStatus(), [Make.Report(0, 30, 50)], 4).Progress!.Display);

    [Fact]
    public void BeforeTheFirstStep_NoCountIsShown() =>
        Assert.Null(Fold(new SamplingRunStatus(), [Make.Report(0, 0, 0)], 1).Progress!.Display);

    [Fact]
    public void NewAttempt_ThatRepeatsWork_ShowsNoLoss()
    {
        var shard = ShardProgress.Add(Make.Progress(Make.Report(0, 30, 50)), Make.Report(0, 20, 50, attempt: "b"),
            Make.Now.AddSeconds(9));
        var status = ProgressFold.Apply(new SamplingRunStatus(), [shard], 1, 1, false, Make.Now);
        Assert.Equal(30, status.Progress!.Done);
        Assert.Equal(Make.Now.AddSeconds(9), status.Progress.LastReport);
    }

    [Fact]
    public void OlderReport_OfTheSameAttempt_ChangesNothing()
    {
        var shard = Make.Progress(Make.Report(0, 30, 50, sequence: 5));
        Assert.Same(shard, ShardProgress.Add(shard, Make.Report(0, 40, 50, sequence: 4), Make.Now.AddSeconds(1)));
        Assert.Equal(40, ShardProgress.Add(shard, Make.Report(0, 40, 50, sequence: 6), Make.Now).Latest.Done);
    }

    [Fact]
    public void AfterARestart_CountsStayUntilTheyAreReachedAgain()
    {
        var before = Fold(new SamplingRunStatus(), [Make.Report(0, 50, 50), Make.Report(1, 30, 50)], 2);
        var after = (SamplingRunStatus)Fold(before, [Make.Report(1, 35, 50)], 2);
        Assert.Equal((80, 80), (after.Progress!.Done, after.Metrics!.PromptsDone));
    }

    [Fact]
    public void Rate_IsKeptWhenTheLastShardEnds()
    {
        var working = Fold(new SamplingRunStatus(), [Make.Report(0, 30, 50), Make.Report(1, 10, 50)], 2);
        var ended = (SamplingRunStatus)ProgressFold.Apply(working,
            [Make.Progress(Make.Report(0, 50, 50, outcome: ReportOutcome.Succeeded)),
                Make.Progress(Make.Report(1, 50, 50, outcome: ReportOutcome.Succeeded))], 2, 2, true, Make.Now);
        Assert.Equal(200, ended.Metrics!.TokensPerSecond);
        Assert.Null(ended.Progress!.EstimatedCompletion);
        Assert.Equal(100, ended.Progress.Percent);
    }

    [Fact]
    public void Evaluation_OfBeforeAndAfter_ComesTogether()
    {
        var status = Tune(new FineTuneRunStatus(), 1, 0, new EvaluationMetrics { Questions = 600, Before = 0.41333333 });
        status = Tune(status, 2, 100, null);
        status = Tune(status, 3, 200, new EvaluationMetrics { Questions = 600, After = 0.5 });
        var metrics = ((FineTuneRunStatus)status).Metrics!;
        Assert.Equal((200, 0.4133, 0.5), (metrics.Step, metrics.Evaluation!.Before, metrics.Evaluation.After));

        static RunStatus Tune(RunStatus before, long sequence, long step, EvaluationMetrics? evaluation) => ProgressFold.Apply(before,
            [Make.Progress(new ProgressReport { Kind = RunKind.FineTuneRun, Sequence = sequence, Done = step, Total = 200,
                FineTune = new FineTuneMetrics { Step = step, Loss = 1.0 / (step + 1), Evaluation = evaluation } })],
            1, 1, false, Make.Now);
    }

    /// <summary>Whatever the worker measures is in the status: no field is forgotten on the way.</summary>
    [Theory, InlineData(typeof(SamplingMetrics)), InlineData(typeof(FineTuneMetrics)), InlineData(typeof(RefineMetrics))]
    public void Metrics_EveryField_ReachesTheStatus(Type type)
    {
        var metrics = (JsonObject)Every(type);
        string kind = type.Name[..^"Metrics".Length], field = char.ToLowerInvariant(kind[0]) + kind[1..];
        RunStatus before = kind switch
        {
            "Sampling" => new SamplingRunStatus(),
            "FineTune" => new FineTuneRunStatus(),
            _ => new RefineRunStatus(),
        };
        var report = new JsonObject { ["kind"] = $"{kind}Run", [field] = metrics.DeepClone() }
            .Deserialize<ProgressReport>(ApiJson.Options)!;
        var status = ProgressFold.Apply(before, [Make.Progress(report)], 1, 1, false, Make.Now);
        var told = JsonSerializer.SerializeToNode(status, status.GetType(), ApiJson.Options)!["metrics"]!;
        Assert.Equal(metrics.Select(f => f.Key), told.AsObject().Select(f => f.Key));
        Assert.True(JsonNode.DeepEquals(metrics["evaluation"], told["evaluation"]), $"{told["evaluation"]}");

        // A half fits every number: a share, a change, and a loss.
        static JsonNode Every(Type type) => new JsonObject(type.GetProperties().Select(property => KeyValuePair.Create<string, JsonNode?>(
            JsonNamingPolicy.CamelCase.ConvertName(property.Name),
            (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) switch
            {
                var t when t == typeof(double) => JsonValue.Create(0.5),
                var t when t == typeof(int) || t == typeof(long) => JsonValue.Create(2),
                var t when t == typeof(BenchmarkName) => JsonValue.Create("math"),
                var t when t == typeof(IReadOnlyList<double>) => new JsonArray(0.5),
                { IsGenericType: true } list => new JsonArray(Every(list.GetGenericArguments()[0])),
                var record => Every(record),
            })));
    }

    [Fact]
    public void TerminationMessages_FillTheStore_AlthoughEveryReportWasLost()
    {
        var run = Make.Sampling();
        var store = new ProgressStore();
        store.Open(run.Metadata.Uid);
        var words = Make.Json(Make.Report(7, 50, 50, outcome: ReportOutcome.Succeeded));
        store.AddFinished(run.Metadata.Uid, [Make.EndedPod(run, 0, words, shard: 1), Make.EndedPod(run, 137, "Killed", shard: 0)]);
        var shard = Assert.Single(store.Of(run.Metadata.Uid));
        Assert.Equal((1, 50, "pod-1-uid"), (shard.Latest.Shard, shard.Latest.Done, shard.Latest.Attempt));
    }

    [Fact]
    public void PodKilledWithoutWords_IsNotAtWorkAnyMore()
    {
        var run = Make.Sampling();
        var store = new ProgressStore();
        store.Open(run.Metadata.Uid);
        store.Add(run.Metadata.Uid, Make.Report(0, 10, 50, attempt: "pod-0-uid"), Make.Now);
        store.AddFinished(run.Metadata.Uid, [Make.EndedPod(run, 137, "Killed")]);
        Assert.False(Assert.Single(store.Of(run.Metadata.Uid)).IsAtWork);
    }

    [Fact]
    public void ReportsOfUnknownRuns_AreNotKept()
    {
        var store = new ProgressStore();
        store.Add("nobody", Make.Report(0, 1, 2), Make.Now);
        Assert.Equal(0, store.Count);
    }

    private static RunStatus Fold(RunStatus before, ProgressReport[] reports, int shards) =>
        ProgressFold.Apply(before, [.. reports.Select(Make.Progress)], shards, shards, false, Make.Now);
}
