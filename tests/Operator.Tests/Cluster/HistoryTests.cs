namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>Every status that a run ever shows, through suspensions, changes and operators that come and go.</summary>
[Collection(nameof(DevCluster))]
public sealed class HistoryTests(DevCluster cluster)
{
    [Fact]
    public async Task Status_NeverGoesBackwards_AndSpeaksOfTheRightGeneration()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster, start: false);
        await using var all = await StatusHistory.StartAsync(o);
        await o.StartAsync();
        await LiveAsync(o);

        var history = await all.OfAsync("s");
        Assert.True(history.Length > 8);
        StatusHistory.AssertForward(history);
        Assert.Equal((RunPhase.Succeeded, history[^1].Metadata.Generation),
            (history[^1].Status!.Phase!.Value, history[^1].Status.ObservedGeneration));
        Assert.Equal("100/100", history[^1].Status.Progress!.Display);
    }

    private static async Task LiveAsync(OperatorInCluster o)
    {
        var run = await o.ApplySamplingAsync(change: s => s with { Shards = 2 });
        var pods = await o.PodsAsync(run, 2);
        foreach (var pod in pods) await o.StartPodAsync(pod);
        await o.RunAsync<SamplingRunEntity>("s", s => s.Shards?.Active == 2, "both shards are at work");
        var one = pods.First(pod => PodState.Shard(pod) == 0);
        await o.PostAsync(await o.TokenAsync(one), o.Report(one, run, 20, 50));
        await o.RunAsync<SamplingRunEntity>("s", s => s.Progress?.Done == 20, "shows the report");
        await o.EndPodAsync(one, 0, Make.Json(o.Report(one, run, 50, 50, outcome: ReportOutcome.Succeeded)));
        await o.RunAsync<SamplingRunEntity>("s", s => s.Shards?.Succeeded == 1, "counts the first shard");

        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { parallelism = 1 } });
        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { suspend = true } });
        await o.RunAsync<SamplingRunEntity>("s", s => Conditions.Find(s.Conditions, Conditions.Ready)?.Reason == Reasons.Suspended,
            "is suspended");
        await o.StopAsync();        // the next one knows nothing of the reports
        await o.StartAsync();
        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { suspend = false } });
        var other = Assert.Single(await o.PodsAsync(run));
        await o.StartPodAsync(other);
        await o.RunAsync<SamplingRunEntity>("s", s => s.Phase == RunPhase.Running, "goes on");
        await o.PostAsync(await o.TokenAsync(other), o.Report(other, run, 5, 50));
        await o.EndPodAsync(other, 0, Make.Json(o.Report(other, run, 50, 50, sequence: 2, outcome: ReportOutcome.Succeeded)));
        await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { ttlSecondsAfterFinished = 3600 } });
        await o.RunAsync<SamplingRunEntity>("s", s => s.ObservedGeneration == 5, "has seen the last change");
    }
}
