using System.Net;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>What goes wrong around a run: crashes, conflicts, a server that is away, deletions at the wrong moment.</summary>
[Collection(nameof(DevCluster))]
public sealed class FaultTests(DevCluster cluster)
{
    [Fact]
    public async Task CrashedPod_IsTriedAgain_AndTold()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var (run, first) = await o.RunningAsync();
        await o.EndPodAsync(first, 1, "loading model\nhub.example answered 503\n");
        var retrying = await o.RunAsync<SamplingRunEntity>("s", s =>
            s.Message?.Contains("hub.example answered 503 (exit code 1)", StringComparison.Ordinal) == true, "tells of the crash");
        Assert.Equal(RunPhase.Running, retrying.Status.Phase);
        await Until.SetHoldsAsync<Corev1Event>(o.Client, o.Namespace, null,
            events => events.Any(e => e is { Reason: "AttemptFailed", Message: "hub.example answered 503 (exit code 1)" }),
            "an event with the attempt's last line");

        // The Job controller waits ten seconds after a first failure.
        var both = await Until.SetHoldsAsync<V1Pod>(o.Client, o.Namespace, $"{Labels.RunUid}={run.Metadata.Uid}",
            pods => pods.Count == 2, "a second pod");
        var second = Assert.Single(both, pod => pod.Metadata.Uid != first.Metadata.Uid);
        await o.StartPodAsync(second);
        await o.EndPodAsync(second, 0, Make.Json(o.Report(second, run, 50, 50, outcome: ReportOutcome.Succeeded)));
        var done = await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        Assert.Equal(1, done.Status.Retries);
    }

    [Theory]
    [InlineData(RunPhase.Waiting)]
    [InlineData(RunPhase.Pending)]
    [InlineData(RunPhase.Running)]
    [InlineData(RunPhase.Suspended)]
    [InlineData(RunPhase.Queued)]
    [InlineData(RunPhase.Succeeded)]
    [InlineData(RunPhase.Failed)]
    public async Task DeletedRun_LeavesNothing_InWhateverPhase(RunPhase phase)
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplyAsync(Make.FineTune(change: s => phase == RunPhase.Waiting ? s : s with
        {
            Samples = new DatasetSource { Uri = "az://data/s.jsonl" },
            QueueName = phase == RunPhase.Queued ? "gpus" : "",
        }));
        if (phase is RunPhase.Running or RunPhase.Suspended) await o.StartPodAsync(Assert.Single(await o.PodsAsync(run)));
        if (phase == RunPhase.Suspended) await o.PatchAsync<FineTuneRunEntity>("f", new { spec = new { suspend = true } });
        if (phase == RunPhase.Succeeded) await o.FinishAsync(run);
        if (phase == RunPhase.Failed) await o.EndPodAsync(Assert.Single(await o.PodsAsync(run)), 66, "az://data/s.jsonl does not exist");
        await o.PhaseAsync<FineTuneRunEntity>("f", phase);

        await o.Client.DeleteAsync<FineTuneRunEntity>("f", o.Namespace);
        await Until.HoldsAsync<FineTuneRunEntity>(o.Client, o.Namespace, "f", r => r is null, "is gone");
        await Until.HoldsAsync<V1Job>(o.Client, o.Namespace, "f-ftrun", r => r is null, "is gone");
        await Until.SetHoldsAsync<V1Pod>(o.Client, o.Namespace, null, pods => pods.Count == 0, "no pods are left");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task DeletedNamespace_WhereARunWorks_IsGone(int shards)
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplySamplingAsync(change: s => s with { Shards = shards });
        foreach (var pod in await o.PodsAsync(run, shards)) await o.StartPodAsync(pod);
        await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Running);
        await o.Client.DeleteAsync<V1Namespace>(o.Namespace);
        await Until.HoldsAsync<V1Namespace>(o.Client, null, o.Namespace, ns => ns is null, "is gone");
    }

    [Fact]
    public async Task RunMadeAnewUnderTheSameName_StartsAfresh()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var first = await o.ApplySamplingAsync();
        await o.FinishAsync(first);
        await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        await o.Client.DeleteAsync<SamplingRunEntity>("s", o.Namespace);
        var second = await o.ApplySamplingAsync();
        var job = await o.JobAsync("s-srun", j => j.Metadata.OwnerReferences[0].Uid == second.Metadata.Uid);
        await o.FinishAsync(second);
        await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
    }

    /// <summary>The Job's name is taken when the Job is made, and free again when the operator looks who has it.</summary>
    [Fact]
    public async Task JobThatVanishesAfterAConflict_IsAPlainRetry()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster, start: false);
        var other = await o.Client.CreateAsync(new V1Job
        {
            Metadata = new V1ObjectMeta { Name = "s-srun", NamespaceProperty = o.Namespace },
            Spec = new V1JobSpec
            {
                Suspend = true,
                Template = new V1PodTemplateSpec
                {
                    Spec = new V1PodSpec { RestartPolicy = "Never", Containers = [new V1Container { Name = "c", Image = "i" }] },
                },
            },
        });
        using var api = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(cluster.Kubeconfig));
        // A Job that is deleted without a policy stays until the garbage collector has left its pods alone.
        var wire = new JobThatVanishes(() =>
            api.BatchV1.DeleteNamespacedJobAsync("s-srun", o.Namespace, propagationPolicy: "Background"));
        await o.StartAsync(wire);
        await o.ApplySamplingAsync();
        await o.JobAsync("s-srun", job => job.Metadata.Uid != other.Metadata.Uid);
        Assert.True(wire.HasVanished);
        var metrics = await o.MetricsAsync("lightreasoner_reconcile_total{kind=\"SamplingRun\",outcome=\"conflict\"}");
        Assert.DoesNotContain("outcome=\"error\"", metrics);
    }

    [Fact]
    public async Task ConflictingWrites_DoNotLoseTheEnd()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplySamplingAsync();
        using var stop = new CancellationTokenSource();
        var noise = Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
                await o.PatchAsync<SamplingRunEntity>("s", new { metadata = new { annotations = new { noise = $"{i}" } } });
        });
        await o.FinishAsync(run);
        await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        await stop.CancelAsync();
        await noise;
    }

    [Fact]
    public async Task ServerAway_WorkGoesOn_AndIsSeenWhenItIsBack()
    {
        var direct = KubernetesClientConfiguration.BuildConfigFromConfigFile(cluster.Kubeconfig);
        var server = new Uri(direct.Host);
        using var wire = new TcpProxy(new IPEndPoint(IPAddress.Loopback, server.Port));
        var throughWire = Path.Combine(Path.GetDirectoryName(cluster.Kubeconfig)!, $"wire-{wire.Port}");
        await File.WriteAllTextAsync(throughWire, (await File.ReadAllTextAsync(cluster.Kubeconfig))
            .Replace($":{server.Port}", $":{wire.Port}", StringComparison.Ordinal));

        await using var o = await OperatorInCluster.StartAsync(cluster, options =>
            options with { Kubeconfig = throughWire, LogLevel = "Fatal" }, start: false);
        using var log = new Warnings();
        await o.StartAsync(log: log);
        (SamplingRunEntity run, _) = await o.RunningAsync();
        Assert.True(wire.Connections > 0);

        wire.Break();           // every watch is cut off
        await o.ApplySamplingAsync("t");
        await o.JobAsync("t-srun");

        wire.Cut();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await o.Http.GetAsync("/readyz")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await o.Http.GetAsync("/healthz")).StatusCode);
        await o.FinishAsync(run);
        await o.ApplySamplingAsync("u");
        await o.JobAsync("s-srun", job => job.Ended() is not null);
        using var limit = new CancellationTokenSource(Until.Patience);
        while (wire.Refused < 10) await Task.Delay(50, limit.Token);
        wire.Join();
        await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        await o.JobAsync("u-srun");
        // One line when the watches are broken, one when the server is away; each may be told again if only some requests succeed between.
        Assert.InRange(log.Lines.Count, 1, 4);
        Assert.All(log.Lines, line => Assert.StartsWith("The API server does not respond (", line, StringComparison.Ordinal));
    }

    /// <summary>Deletes a Job just before it is read.</summary>
    private sealed class JobThatVanishes(Func<Task> delete) : DelegatingHandler
    {
        public bool HasVanished { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!HasVanished && request.Method == HttpMethod.Get
                && request.RequestUri!.AbsolutePath.EndsWith("/jobs/s-srun", StringComparison.Ordinal))
            {
                await delete();
                HasVanished = true;
            }
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
