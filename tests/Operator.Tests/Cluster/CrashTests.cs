using KubeOps.Abstractions.Builder;
using LightReasoner.Operator.Hosting;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>Operators that are killed, and those that take over from them.</summary>
[Collection(nameof(DevCluster))]
public sealed class CrashTests(DevCluster cluster)
{
    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6), InlineData(7), InlineData(8), InlineData(10),
        InlineData(12), InlineData(15)]
    public Task KilledBeforeAnyRequest_NextOneGoesOn(int requests) => GoesOnAfterAsync(new DeathBeforeRequest(requests));

    /// <summary>Document, Job, statuses and events: whichever it was, nothing is made twice and nothing is left out.</summary>
    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6), InlineData(7), InlineData(8), InlineData(9)]
    public Task KilledAfterAnyWrite_NextOneGoesOn(int writes) => GoesOnAfterAsync(new DeathAfterWrite(writes));

    private async Task GoesOnAfterAsync(Death death)
    {
        await using var o = await OperatorInCluster.StartAsync(cluster, options =>
            options with { LogLevel = "Fatal" }, start: false);
        var run = await o.ApplySamplingAsync("run-1", s => s with { Shards = 2 });
        await using var kubelet = new PlayedKubelet(o, run);
        await o.StartAsync(death);
        await Task.WhenAny(death.Dead.WaitAsync(Until.Patience), o.PhaseAsync<SamplingRunEntity>("run-1", RunPhase.Succeeded));
        var job = (await o.Client.GetAsync<V1Job>("run-1-srun", o.Namespace))?.Metadata.Uid;
        await o.StopAsync();

        await o.StartAsync();
        var done = await o.PhaseAsync<SamplingRunEntity>("run-1", RunPhase.Succeeded);
        Assert.Equal(("100/100", 0), (done.Status.Progress!.Display, done.Status.Retries!.Value));
        var last = await o.JobAsync("run-1-srun");
        Assert.Equal(job ?? last.Metadata.Uid, last.Metadata.Uid);
        Assert.Equal(2, (await o.Client.ListAsync<V1Pod>(o.Namespace)).Count());
    }

    [Fact]
    public async Task LeaderThatDies_IsFollowedWhenItsLeaseHasRunOut()
    {
        await using var first = await OperatorInCluster.StartAsync(cluster, o =>
            o with { LeaderElect = true, LogLevel = "Fatal" }, start: false);
        var second = first.Another();
        await RemoveLeaseAsync(first);
        var death = new DeathOnDemand();
        await first.StartAsync(death, settings: Short);
        var run = await first.ApplySamplingAsync();
        await first.PodsAsync(run);
        await second.StartAsync(settings: Short);
        var held = (await LeaseAsync(first))!;
        death.Now();

        await first.FinishAsync(run);
        await second.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        var taken = (await LeaseAsync(first))!;
        Assert.NotEqual(held.Spec.HolderIdentity, taken.Spec.HolderIdentity);
        // By the lease's own times: how long it holds, when the dead one was last heard of, and when the next one took over.
        Assert.Equal(6, held.Spec.LeaseDurationSeconds);
        Assert.True(taken.Spec.AcquireTime!.Value - held.Spec.RenewTime!.Value >= TimeSpan.FromSeconds(6));
        await second.StopAsync();

        static OperatorSettings Short(OperatorSettings settings) => settings with
        {
            LeaderElectionLeaseDuration = TimeSpan.FromSeconds(6),
            LeaderElectionRenewDeadline = TimeSpan.FromSeconds(5),
            LeaderElectionRetryPeriod = TimeSpan.FromMilliseconds(500),
        };
    }

    [Fact]
    public async Task Shutdown_ReleasesTheLease()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster, o => o with { LeaderElect = true }, start: false);
        await RemoveLeaseAsync(o);
        await o.StartAsync();
        var run = await o.ApplySamplingAsync();
        await o.PodsAsync(run);
        Assert.NotEmpty((await LeaseAsync(o))!.Spec.HolderIdentity);
        await o.StopAsync();
        Assert.Equal("", (await LeaseAsync(o))!.Spec.HolderIdentity ?? "");
    }

    private static Task<V1Lease?> LeaseAsync(OperatorInCluster o) => o.Client.GetAsync<V1Lease>($"{OperatorHost.Name}-leader", "default");

    private static async Task RemoveLeaseAsync(OperatorInCluster o)
    {
        if (await LeaseAsync(o) is { } lease) await o.Client.DeleteAsync<V1Lease>(lease.Metadata.Name, "default");
    }
}
