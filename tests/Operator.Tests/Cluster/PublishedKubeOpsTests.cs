using System.Collections.Concurrent;
using System.Xml.Linq;
using KubeOps.Abstractions.Reconciliation.Queue;
using LightReasoner.Operator.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>
/// What the operator must do itself, since the published KubeOps.Operator does not: polyfills/KubeOps.Operator/README.md.
/// </summary>
[Collection(nameof(DevCluster))]
public sealed class PublishedKubeOpsTests(DevCluster cluster)
{
    /// <summary>
    /// The published queue takes an object that was made again within 100 ms for the one that is gone: only its deletion comes up.
    /// </summary>
    [Fact]
    public async Task Deletion_OfARunThatWasMadeAgain_EnqueuesTheOneThatLives()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster, start: false);
        var living = await o.ApplySamplingAsync();
        var enqueued = new ConcurrentQueue<string>();
        await using var app = OperatorHost.Build(o.Options, configure: services =>
            services.AddTransient<EntityQueue<SamplingRunEntity>>(_ => (run, _, _, _, _, _) =>
        {
            enqueued.Enqueue(run.Metadata.Uid);
            return Task.FromResult(true);
        }));
        var controller = ActivatorUtilities.CreateInstance<RunController<SamplingRunEntity>>(app.Services);

        var gone = Make.Sampling();
        gone.Metadata.NamespaceProperty = o.Namespace;
        await controller.DeletedAsync(gone, default);
        Assert.Equal([living.Metadata.Uid], enqueued);
        await controller.DeletedAsync(living, default);
        Assert.Single(enqueued);
    }

    /// <summary>No watch tells anything, KubeOps' own included; the lists that are read again every ten minutes make it good.</summary>
    [Fact]
    public async Task Resync_FindsWhatWatchesMissed_AndDropsWhatIsGone()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster, start: false);
        var run = await o.ApplySamplingAsync();
        await o.ApplyAsync(Make.FineTune(change: s => s with { DependencyTimeoutSeconds = 86_400 }));
        var wire = new BlindWire();
        var clock = new ShiftedClock();
        await o.StartAsync(wire, clock);

        // Nothing is known of runs that were made before the first list but that they are there: the resync enqueues them.
        await WatchesAsync(wire);
        Assert.Null(await o.Client.GetAsync<V1Job>("s-srun", o.Namespace));
        clock.Advance(TimeSpan.FromMinutes(10));
        await o.JobAsync("s-srun");
        await o.PhaseAsync<FineTuneRunEntity>("f", RunPhase.Waiting);

        await o.FinishAsync(run);
        await o.Client.DeleteAsync<SamplingRunEntity>("s", o.Namespace);
        await Until.HoldsAsync<V1Job>(o.Client, o.Namespace, "s-srun", job => job is null, "is gone");
        clock.Advance(TimeSpan.FromMinutes(10));
        var waiting = await o.RunAsync<FineTuneRunEntity>("f", s =>
            s.Message?.Contains("does not exist", StringComparison.Ordinal) == true, "waits for a run that is gone");
        Assert.Equal(RunPhase.Waiting, waiting.Status.Phase);
    }

    [Fact]
    public async Task LeaderIdentity_IsUniqueToTheProcess()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster, options =>
            options with { LeaderElect = true }, start: false);
        await using WebApplication one = OperatorHost.Build(o.Options), other = OperatorHost.Build(o.Options);
        string[] identities = [.. new[] { one, other }.Select(app => app.Services.GetRequiredService<OperatorLease>().Identity)];
        Assert.NotEqual(identities[0], identities[1]);
    }

    /// <summary>KubeOps writes a stack trace for each try while the API server is away.</summary>
    [Theory]
    [InlineData("Information")]
    [InlineData("Debug")]
    public async Task KubeOpsOwnLines_AreNotLogged(string level)
    {
        await using var app = OperatorHost.Build(new OperatorOptions
        {
            Kubeconfig = cluster.Kubeconfig,
            Listen = "http://127.0.0.1:0",
            MetricsListen = "http://127.0.0.1:0",
            LogLevel = level
        });
        var loggers = app.Services.GetRequiredService<ILoggerFactory>();
        Assert.False(loggers.CreateLogger("KubeOps.Operator.Watcher.ResourceWatcher").IsEnabled(LogLevel.Error));
        Assert.True(loggers.CreateLogger("LightReasoner.Operator").IsEnabled(LogLevel.Information));
    }

    /// <summary>The package's build would write manifests of its own.</summary>
    [Fact]
    public void KubeOpsOwnGenerator_IsOff() => Assert.Equal("false",
        XDocument.Load(Path.Combine(RepositoryFolder.Path, "operator", "operator.csproj"))
            .Descendants("GenerateOperatorResources").Single().Value);

    /// <summary>Until watches have been asked for again: all that the first ones could tell has been told.</summary>
    private static async Task WatchesAsync(BlindWire wire)
    {
        using var limit = new CancellationTokenSource(Until.Patience);
        while (wire.Watches < 20) await Task.Delay(20, limit.Token);
    }
}
