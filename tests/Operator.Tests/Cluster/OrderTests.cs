namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>What people do in whatever order and at whatever time: apply, suspend, resume, take nodes away.</summary>
[Collection(nameof(DevCluster))]
public sealed class OrderTests(DevCluster cluster)
{
    [Theory]
    [InlineData("sfr"), InlineData("srf"), InlineData("fsr"), InlineData("frs"), InlineData("rsf"), InlineData("rfs")]
    public async Task Pipeline_AppliedInAnyOrder_RunsThrough(string order)
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var runs = new Dictionary<char, IRunEntity>();
        foreach (var kind in order)
            runs[kind] = kind switch
            {
                's' => await o.ApplySamplingAsync(),
                'f' => await o.ApplyAsync(Make.FineTune()),
                _ => await o.ApplyAsync(Make.Refine(change: r =>
                    r with { Model = new ModelSource { RunRef = new RunReference { Kind = RunKind.FineTuneRun, Name = "f" } } })),
            };
        await o.FinishAsync(runs['s']);
        await o.FinishAsync(runs['f']);
        var last = await o.JobAsync("r-rrun");
        Assert.Contains($"FineTuneRun/f=file:///outputs/{o.Namespace}/finetunerun/f", last.Spec.Template.Spec.Containers[0].Args);
        await o.FinishAsync(runs['r']);
        await o.PhaseAsync<RefineRunEntity>("r", RunPhase.Succeeded);
    }

    [Theory]
    [InlineData(RunPhase.Waiting)]
    [InlineData(RunPhase.Queued)]
    [InlineData(RunPhase.Pending)]
    [InlineData(RunPhase.Running)]
    public async Task SuspendedAndResumed_AtAnyTime_GoesOn(RunPhase phase)
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplyAsync(Make.FineTune(change: s => s with
        {
            Samples = phase == RunPhase.Waiting ? s.Samples : new DatasetSource { Uri = "az://data/s.jsonl" },
            QueueName = phase == RunPhase.Queued ? "gpus" : "",
        }));
        if (phase == RunPhase.Running) await o.StartPodAsync(Assert.Single(await o.PodsAsync(run)));
        await o.PhaseAsync<FineTuneRunEntity>("f", phase);

        await o.PatchAsync<FineTuneRunEntity>("f", new { spec = new { suspend = true } });
        await o.RunAsync<FineTuneRunEntity>("f", s => Conditions.Find(s.Conditions, Conditions.Ready)?.Reason == Reasons.Suspended,
            "is suspended and nothing of it runs");
        await o.PodsAsync(run, 0);
        if (phase == RunPhase.Waiting) await o.FinishAsync(await o.ApplySamplingAsync());
        await o.PatchAsync<FineTuneRunEntity>("f", new { spec = new { suspend = false } });
        if (phase == RunPhase.Queued)
        {
            await o.PhaseAsync<FineTuneRunEntity>("f", RunPhase.Queued);
            await o.JobAsync("f-ftrun", job => job.Metadata.DeletionTimestamp is null);
            await o.PatchAsync<V1Job>("f-ftrun", new { spec = new { suspend = false } });        // as Kueue does
        }
        await o.FinishAsync(run);
        await o.PhaseAsync<FineTuneRunEntity>("f", RunPhase.Succeeded);
    }

    [Fact]
    public async Task Parallelism_Lowered_KeepsFinishedShards()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplySamplingAsync(change: s => s with { Shards = 4 });
        V1Pod[] pods = [.. await o.PodsAsync(run, 4)];
        await o.EndPodAsync(pods[0], 0, Make.Json(o.Report(pods[0], run, 50, 50, outcome: ReportOutcome.Succeeded)));
        await o.RunAsync<SamplingRunEntity>("s", s => s.Shards?.Succeeded == 1, "counts the shard");
        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { parallelism = 1 } });
        await o.PodsAsync(run, 1);
        for (int shard = 0; shard < 3; shard++)
        {
            await o.FinishAsync(run);
            var done = shard + 2;
            await o.RunAsync<SamplingRunEntity>("s", s => s.Shards?.Succeeded == done, $"counts {done} shards");
        }
        Assert.Equal("200/200", (await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded)).Status.Progress!.Display);
    }

    [Fact]
    public async Task PodTakenAwayByTheCluster_DoesNotCountAgainstTheRetries()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var (run, first) = await o.RunningAsync(s => s with { Retries = 0 });
        await o.PodStatusAsync(first, new
        {
            phase = "Failed",
            reason = "Evicted",
            conditions = new[] { new { type = "DisruptionTarget", status = "True", reason = "EvictionByEvictionAPI",
                message = "Eviction API: evicting" } },
        });
        var open = await Until.SetHoldsAsync<V1Pod>(o.Client, o.Namespace, $"{Labels.RunUid}={run.Metadata.Uid}",
            pods => pods.Any(pod => pod.Metadata.Uid != first.Metadata.Uid), "a second pod");
        var second = open.First(pod => pod.Metadata.Uid != first.Metadata.Uid);
        await o.EndPodAsync(second, 0, Make.Json(o.Report(second, run, 50, 50, outcome: ReportOutcome.Succeeded)));
        Assert.Equal(0, (await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded)).Status.Retries);
    }
}
