using System.Net;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>The operator as a process among others: health, metrics, two of them, starting and stopping.</summary>
[Collection(nameof(DevCluster))]
public sealed class HostTests(DevCluster cluster)
{
    [Fact]
    public async Task Endpoints_Answer()
    {
        await using OperatorInCluster o = await OperatorInCluster.StartAsync(cluster);
        await o.ApplySamplingAsync();
        await o.RunAsync<SamplingRunEntity>("s", s => s is { Phase: RunPhase.Pending, JobName: not null }, "has its Job");
        Assert.Equal("ok\n", await o.Http.GetStringAsync("/healthz"));
        Assert.Equal("ok leader\n", await o.Http.GetStringAsync("/readyz"));
        string metrics = await o.MetricsAsync($"lightreasoner_run_phase{{kind=\"SamplingRun\",namespace=\"{o.Namespace}\",name=\"s\",phase=\"Pending\"}} 1");
        Assert.Contains("lightreasoner_reconcile_duration_seconds_bucket{kind=\"SamplingRun\",le=\"+Inf\"}", metrics);
        Assert.Contains("lightreasoner_queue_depth{", metrics);
    }

    [Fact]
    public async Task TwoOperators_OneWorks_AndTheOtherTakesOver()
    {
        await using OperatorInCluster first = await OperatorInCluster.StartAsync(cluster, o => o with { LeaderElect = true });
        SamplingRunEntity run = await first.ApplySamplingAsync();
        await first.JobAsync("s-srun");
        OperatorInCluster second = first.Another();
        await second.StartAsync();
        Assert.Equal("ok standby\n", await second.Http.GetStringAsync("/readyz"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await second.PostAsync("token", "{}")).StatusCode);

        await first.StopAsync();
        await second.FinishAsync(run);
        await second.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        await second.StopAsync();
    }
}
