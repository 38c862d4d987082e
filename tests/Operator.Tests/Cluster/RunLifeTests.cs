namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>The operator against the real embedded API server and Job controller.</summary>
[Collection(nameof(DevCluster))]
public sealed class RunLifeTests(DevCluster cluster)
{
    [Fact]
    public async Task Run_GoesFromApplyToSucceeded_WithTheFiguresOfItsShards()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplySamplingAsync(change: s => s with { Shards = 2 });
        var job = await o.JobAsync("s-srun");
        Assert.Equal(("SamplingRun", run.Metadata.Uid), (job.Metadata.OwnerReferences[0].Kind, job.Metadata.OwnerReferences[0].Uid));

        foreach (var pod in await o.PodsAsync(run, 2)) await o.StartPodAsync(pod);
        var running = await o.RunAsync<SamplingRunEntity>("s", s => s.Phase == RunPhase.Running && s.Shards?.Active == 2,
            "both shards are at work");
        Assert.NotNull(running.Status.StartTime);
        Assert.Equal($"file:///outputs/{o.Namespace}/samplingrun/s", running.Status.OutputUri);
        Assert.Equal(running.Metadata.Generation, running.Status.ObservedGeneration);

        await o.FinishAsync(run, 2);
        var done = await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        Assert.Equal(("100/100", 100, 1000L, 200L), (done.Status.Progress!.Display, done.Status.Progress.Percent,
            done.Status.Metrics!.StepsSeen, done.Status.Metrics.SamplesKept));
        Assert.Equal(new ShardCounts { Total = 2, Succeeded = 2 }, done.Status.Shards);
        Assert.Equal("True", Conditions.Find(done.Status.Conditions, Conditions.Ready)!.Status);
        Assert.NotNull(done.Status.CompletionTime);
        await Until.SetHoldsAsync<Corev1Event>(o.Client, o.Namespace, null,
            events => new[] { "Running", "Succeeded" }.All(reason =>
                events.Any(e => e.Reason == reason && e.InvolvedObject?.Uid == run.Metadata.Uid)), "events tell of the transitions");
    }

    [Fact]
    public async Task Pipeline_AppliedInReverse_StartsWhenItsReferenceSucceeds()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var tune = await o.ApplyAsync(Make.FineTune());
        var waiting = await o.PhaseAsync<FineTuneRunEntity>("f", RunPhase.Waiting);
        Assert.Equal("WaitingForRun", Conditions.Find(waiting.Status.Conditions, Conditions.Ready)!.Reason);
        Assert.Null(await o.Client.GetAsync<V1Job>("f-ftrun", o.Namespace));

        var sampling = await o.ApplySamplingAsync();
        await o.FinishAsync(sampling);
        var job = await o.JobAsync("f-ftrun");
        Assert.Contains($"SamplingRun/s=file:///outputs/{o.Namespace}/samplingrun/s", job.Spec.Template.Spec.Containers[0].Args);
        await o.FinishAsync(tune);
        await o.PhaseAsync<FineTuneRunEntity>("f", RunPhase.Succeeded);
    }

    [Fact]
    public async Task RunsOfThreeKinds_WithOneName_HaveAJobAndAnOutputEach()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        await o.ApplySamplingAsync("x");
        await o.ApplyAsync(Make.FineTune("x", s => s with { Samples = new DatasetSource { Uri = "az://data/s.jsonl" } }));
        await o.ApplyAsync(Make.Refine("x"));
        foreach (var (job, kind) in new[] { ("x-srun", "samplingrun"), ("x-ftrun", "finetunerun"), ("x-rrun", "refinerun") })
        {
            var args = (await o.JobAsync(job)).Spec.Template.Spec.Containers[0].Args;
            Assert.Equal($"file:///outputs/{o.Namespace}/{kind}/x", args[args.IndexOf("--output") + 1]);
        }
    }

    [Fact]
    public async Task Pipeline_WhoseReferenceFails_Fails()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        await o.ApplyAsync(Make.FineTune());
        var sampling = await o.ApplySamplingAsync();
        var pod = Assert.Single(await o.PodsAsync(sampling));
        await o.EndPodAsync(pod, 65,
            Make.Json(o.Report(pod, sampling, 0, 0, outcome: ReportOutcome.Failed) with
            {
                Message =
            "az://data/q.jsonl line 17: field 'question' is missing"
            }));

        var failed = await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Failed);
        Assert.Equal("az://data/q.jsonl line 17: field 'question' is missing (exit code 65)", failed.Status.Message);
        Assert.Equal("BadData", Conditions.Find(failed.Status.Conditions, Conditions.Stalled)!.Reason);
        var dependent = await o.PhaseAsync<FineTuneRunEntity>("f", RunPhase.Failed);
        Assert.Equal(Reasons.DependencyFailed, Conditions.Find(dependent.Status.Conditions, Conditions.Ready)!.Reason);
    }

    [Fact]
    public async Task Suspend_StopsThePods_AndResumeGoesOn()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplySamplingAsync(change: s => s with { ActiveDeadlineSeconds = 3600 });
        await o.StartPodAsync(Assert.Single(await o.PodsAsync(run)));
        var start = (await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Running)).Status.StartTime;
        Assert.NotNull(start);

        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { suspend = true } });
        await o.RunAsync<SamplingRunEntity>("s", s => s.Phase == RunPhase.Suspended
            && Conditions.Find(s.Conditions, Conditions.Ready)?.Reason == Reasons.Suspended, "is suspended and its pods are gone");
        await o.PodsAsync(run, 0);

        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { suspend = false } });
        await o.StartPodAsync(Assert.Single(await o.PodsAsync(run)));
        var resumed = await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Running);
        Assert.Equal(start, resumed.Status.StartTime);
        Assert.Equal(3, resumed.Status.ObservedGeneration);
    }

    [Fact]
    public async Task Parallelism_OfARunningRun_Changes()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplySamplingAsync(change: s => s with { Shards = 4, Parallelism = 1 });
        await o.PodsAsync(run, 1);
        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { parallelism = 3 } });
        await o.PodsAsync(run, 3);
    }

    [Fact]
    public async Task OperatorAway_RunEndsMeanwhile_NextOperatorTellsTheWholeResult()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var (run, pod) = await o.RunningAsync();
        await o.StopAsync();

        await o.EndPodAsync(pod, 0, Make.Json(o.Report(pod, run, 50, 50, outcome: ReportOutcome.Succeeded)));
        await o.JobAsync("s-srun", job => job.Ended()?.Type == "Complete");
        await o.StartAsync();
        var done = await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        Assert.Equal(("50/50", 100L), (done.Status.Progress!.Display, done.Status.Metrics!.SamplesKept));
    }

    [Fact]
    public async Task JobDeletedByHand_IsMadeAgain_WhileTheRunIsUnfinished()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplySamplingAsync();
        var first = await o.JobAsync("s-srun");
        await o.PodsAsync(run);
        await DeleteJobAsync(o, first);
        var second = await o.JobAsync("s-srun", job => job.Metadata.Uid != first.Metadata.Uid);
        Assert.Equal(run.Metadata.Uid, second.Metadata.OwnerReferences[0].Uid);
    }

    [Fact]
    public async Task JobOfAFinishedRun_IsNotMadeAgain()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplySamplingAsync();
        await o.FinishAsync(run);
        await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        await DeleteJobAsync(o, await o.JobAsync("s-srun"));
        // A later generation that the status speaks of proves that the run was looked at after its Job was gone.
        await Until.HoldsAsync<V1Job>(o.Client, o.Namespace, "s-srun", job => job is null, "is gone");
        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { ttlSecondsAfterFinished = 3600 } });
        var looked = await o.RunAsync<SamplingRunEntity>("s", s => s.ObservedGeneration == 2, "was looked at again");
        Assert.Equal(RunPhase.Succeeded, looked.Status.Phase);
        Assert.Null(await o.Client.GetAsync<V1Job>("s-srun", o.Namespace));
    }

    [Fact]
    public async Task FinishedRun_IsDeletedAfterItsTimeToLive()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplySamplingAsync(change: s => s with { TtlSecondsAfterFinished = 1 });
        await o.FinishAsync(run);
        await Until.HoldsAsync<SamplingRunEntity>(o.Client, o.Namespace, "s", r => r is null, "is deleted");
        await Until.HoldsAsync<V1Job>(o.Client, o.Namespace, "s-srun", job => job is null, "is collected");
    }

    [Fact]
    public async Task UnschedulablePod_IsTold()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplySamplingAsync();
        await o.PodStatusAsync(Assert.Single(await o.PodsAsync(run)), new
        {
            conditions = new[] { new { type = "PodScheduled", status = "False", reason = "Unschedulable",
                message = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu." } },
        });
        var pending = await o.RunAsync<SamplingRunEntity>("s", s =>
            Conditions.Find(s.Conditions, Conditions.Ready)?.Reason == Reasons.Unschedulable, "says so");
        Assert.Contains("3 Insufficient nvidia.com/gpu", pending.Status.Message);
        Assert.Equal(RunPhase.Pending, pending.Status.Phase);
    }

    [Fact]
    public async Task QueuedRun_WaitsForKueue()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplySamplingAsync(change: s => s with { QueueName = "gpus" });
        var job = await o.JobAsync("s-srun");
        Assert.Equal((true, "gpus"), (job.Spec.Suspend, job.Metadata.Labels[Labels.Queue]));
        await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Queued);
        await o.PatchAsync<V1Job>("s-srun", new { spec = new { suspend = false } });        // as Kueue does
        await o.StartPodAsync(Assert.Single(await o.PodsAsync(run)));
        await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Running);
    }

    [Fact]
    public async Task Spec_OfAStartedRun_IsFrozen()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        await o.RunningAsync();
        var refused = await Assert.ThrowsAsync<k8s.Autorest.HttpOperationException>(() =>
            o.PatchAsync<SamplingRunEntity>("s", new { spec = new { batchSize = 7 } }));
        Assert.Contains("create a new run", refused.Response.Content);
    }

    [Fact]
    public async Task SpecCorrectedBeforeTheStart_IsTakenUp()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster, options => options with { OutputPrefix = null });
        var run = await o.ApplySamplingAsync();
        await o.RunAsync<SamplingRunEntity>("s", s => Conditions.Find(s.Conditions, Conditions.Stalled) is
        {
            Status: "True",
            Reason: Reasons.NoOutput
        }, "says that it has no output");
        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { output = new { uri = "az://runs/mine/" } } });
        var job = await o.JobAsync("s-srun");
        Assert.Contains("az://runs/mine", job.Spec.Template.Spec.Containers[0].Args);
        var seen = await o.RunAsync<SamplingRunEntity>("s", s =>
            Conditions.Find(s.Conditions, Conditions.Stalled)?.Status == "False", "is not stalled any more");
        Assert.Equal("az://runs/mine", seen.Status.OutputUri);
        Assert.Equal(run.Metadata.Uid, seen.Metadata.Uid);
    }

    private static Task DeleteJobAsync(OperatorInCluster o, V1Job job) =>
        o.Client.ApiClient.BatchV1.DeleteNamespacedJobAsync(job.Metadata.Name, o.Namespace,
            new V1DeleteOptions { PropagationPolicy = "Background" });
}
