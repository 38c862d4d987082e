namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>An operator whose clock is an hour off from the API server's.</summary>
[Collection(nameof(DevCluster))]
public sealed class SkewTests(DevCluster cluster)
{
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task WrongClock_ChangesNothingButTimes(int hours)
    {
        await using var o = await OperatorInCluster.StartAsync(cluster, start: false);
        await o.StartAsync(clock: new WrongClock(TimeSpan.FromHours(hours)));

        // A reference that is missing for a moment is not missing for an hour; a deadline has not passed; a time to live has not ended.
        await o.ApplyAsync(Make.FineTune(change: s => s with { DependencyTimeoutSeconds = 1800 }));
        await o.PhaseAsync<FineTuneRunEntity>("f", RunPhase.Waiting);
        var (run, pod) = await o.RunningAsync(s =>
            s with { ActiveDeadlineSeconds = 1800, TtlSecondsAfterFinished = 1800 });
        Assert.Equal(System.Net.HttpStatusCode.Accepted,
            (await o.PostAsync(await o.TokenAsync(pod), o.Report(pod, run, 10, 50))).StatusCode);
        await o.RunAsync<SamplingRunEntity>("s", s => s.Progress?.Done == 10, "shows the report");
        await o.FinishAsync(run);
        var done = await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        Assert.NotNull(done.Status.CompletionTime);
        var job = await o.JobAsync("f-ftrun");
        Assert.Equal("FineTuneRun", job.Metadata.OwnerReferences[0].Kind);
    }

    private sealed class WrongClock(TimeSpan off) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + off;
    }
}
