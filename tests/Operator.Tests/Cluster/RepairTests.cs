using System.Text.Json;
using System.Text.Json.Nodes;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>Runs that something stands against, and that are put right without being made anew.</summary>
[Collection(nameof(DevCluster))]
public sealed class RepairTests(DevCluster cluster)
{
    [Fact]
    public async Task MisspeltField_IsAnErrorOnTheRun_UntilItIsCorrected()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        await o.ApplySamplingAsync(change: s => s with { Worker = new WorkerSpec { Resources = Json("""{"limit":{"memory":"1Gi"}}""") } });
        var refused = await o.RunAsync<SamplingRunEntity>("s", s => Reason(s) == Reasons.JobRefused, "is refused");
        Assert.Contains("spec.worker.resources.limit", refused.Status.Message);
        Assert.DoesNotContain("template", refused.Status.Message);
        Assert.Null(await o.Client.GetAsync<V1Job>("s-srun", o.Namespace));

        await o.PatchAsync<SamplingRunEntity>("s",
            new { spec = new { worker = new { resources = new { limit = (object?)null, limits = new { memory = "1Gi" } } } } });
        var job = await o.JobAsync("s-srun");
        Assert.Equal("1Gi", job.Spec.Template.Spec.Containers[0].Resources.Limits["memory"].ToString());
    }

    [Fact]
    public async Task UnschedulableRun_GetsWhatWasChangedIntoItsNextPod_AtOnce()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplySamplingAsync();
        var first = await o.JobAsync("s-srun");
        Assert.EndsWith("-cuda", first.Spec.Template.Spec.Containers[0].Image, StringComparison.Ordinal);
        await o.PodStatusAsync(Assert.Single(await o.PodsAsync(run)), new
        {
            conditions = new[] { new { type = "PodScheduled", status = "False", reason = "Unschedulable",
                message = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu." } },
        });
        await o.RunAsync<SamplingRunEntity>("s", s => Reason(s) == Reasons.Unschedulable, "says so");

        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { worker = new { gpus = 0 } } });
        var second = await o.JobAsync("s-srun", job => job.Metadata.Uid != first.Metadata.Uid);
        Assert.DoesNotContain("-cuda", second.Spec.Template.Spec.Containers[0].Image);
        await o.FinishAsync(run);
        var done = await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        Assert.Equal(second.Spec.Template.Spec.Containers[0].Image, done.Status.Image);
    }

    [Fact]
    public async Task RunThatRanOutOfMemory_GetsMoreIntoItsNextPod_AndKeepsCounting()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var (run, pod) = await o.RunningAsync(s =>
            s with { Worker = new WorkerSpec { Gpus = 0, Resources = Json("""{"limits":{"memory":"1Gi"}}""") } });
        var first = await o.JobAsync("s-srun");
        await o.PodStatusAsync(pod, new
        {
            phase = "Failed",
            containerStatuses = new[] { new { name = "worker", image = "w", imageID = "w", ready = false, restartCount = 0,
                state = new { terminated = new { exitCode = 137, reason = "OOMKilled" } } } },
        });
        await o.RunAsync<SamplingRunEntity>("s", s =>
            s.Message?.Contains("ran out of memory (OOMKilled)", StringComparison.Ordinal) == true, "says why");
        // Counted before the Job goes.
        await o.RunAsync<SamplingRunEntity>("s", s => s.Retries == 1, "has counted it");

        await o.PatchAsync<SamplingRunEntity>("s",
            new { spec = new { worker = new { resources = new { limits = new { memory = "2Gi" } } } } });
        var second = await o.JobAsync("s-srun", job => job.Metadata.Uid != first.Metadata.Uid);
        Assert.Equal(("2Gi", 2), (second.Spec.Template.Spec.Containers[0].Resources.Limits["memory"].ToString(), second.Spec.BackoffLimit));
        await o.FinishAsync(run);
        Assert.Equal(1, (await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded)).Status.Retries);
    }

    [Fact]
    public async Task FailedRun_IsTakenUpAgain_ByItsAnnotation()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplySamplingAsync();
        await o.EndPodAsync(Assert.Single(await o.PodsAsync(run)), 77, "the SAS token has expired\n");
        var failed = await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Failed);
        Assert.Equal("True", Conditions.Find(failed.Status.Conditions, Conditions.Failed)!.Status);
        var first = await o.JobAsync("s-srun");

        await o.PatchAsync<SamplingRunEntity>("s",
            new { metadata = new { annotations = new Dictionary<string, string> { [Labels.Rerun] = "1" } } });
        await o.JobAsync("s-srun", job => job.Metadata.Uid != first.Metadata.Uid);
        await o.FinishAsync(run);
        var done = await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        Assert.Equal((1, "1", "False", "True"), (done.Status.Restarts, done.Status.Rerun,
            Conditions.Find(done.Status.Conditions, Conditions.Failed)!.Status,
                Conditions.Find(done.Status.Conditions, Conditions.Complete)!.Status));
    }

    [Fact]
    public async Task FinishedRun_GoesOnWhenMoreIsAskedFor()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplySamplingAsync(change: s => s with { MaxQuestions = 50 });
        await o.FinishAsync(run);
        await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        var first = await o.JobAsync("s-srun");
        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { maxQuestions = 100 } });
        var second = await o.JobAsync("s-srun", job => job.Metadata.Uid != first.Metadata.Uid);
        Assert.Contains("\"maxQuestions\":100", second.Spec.Template.Metadata.Annotations[Labels.Document]
            .Replace(" ", "", StringComparison.Ordinal));
        await o.FinishAsync(run);
        await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
    }

    [Fact]
    public async Task FinishedRunsJob_HasATimeToLive_AndAnActiveOneDoesNot()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplySamplingAsync();
        Assert.Null((await o.JobAsync("s-srun")).Spec.TtlSecondsAfterFinished);
        await o.FinishAsync(run);
        await o.JobAsync("s-srun", job => job.Spec.TtlSecondsAfterFinished == JobPlan.TimeToLive);
    }

    [Fact]
    public async Task Deadline_StopsThePods_AndFailsTheRun()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var run = await o.ApplySamplingAsync(change: s => s with { ActiveDeadlineSeconds = 1 });
        // Whether its status ever shows that it runs is a matter of the machine: the second may be over before.
        await o.StartPodAsync(Assert.Single(await o.PodsAsync(run)));
        var failed = await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Failed);
        Assert.Equal(Reasons.DeadlineExceeded, Reason(failed.Status));
        await Until.HoldsAsync<V1Job>(o.Client, o.Namespace, "s-srun", job => job is null
            || job.Metadata.DeletionTimestamp is not null, "is on its way out");
    }

    [Fact]
    public async Task RunThatIsDeletedAndMadeAgainAtOnce_IsNotLost()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        for (int i = 0; i < 10; i++)
        {
            var run = await o.ApplySamplingAsync();
            await o.JobAsync("s-srun", job => job.Metadata.OwnerReferences[0].Uid == run.Metadata.Uid);
            await o.Client.DeleteAsync<SamplingRunEntity>("s", o.Namespace);
        }
    }

    /// <summary>KubeOps watches the first of them only.</summary>
    [Fact]
    public async Task SeveralNamespaces_AreAllWatched()
    {
        await using var first = await OperatorInCluster.StartAsync(cluster, start: false);
        await using var o = await OperatorInCluster.StartAsync(cluster, options =>
            options with { Namespaces = [first.Namespace, .. options.Namespaces] });
        var run = await o.ApplySamplingAsync();
        await o.FinishAsync(run);
        await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        var other = await first.ApplySamplingAsync();
        await first.FinishAsync(other);
        await first.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);

        await o.Client.DeleteAsync<SamplingRunEntity>("s", o.Namespace);
        var again = await o.ApplySamplingAsync();
        await o.JobAsync("s-srun", job => job.Metadata.OwnerReferences[0].Uid == again.Metadata.Uid);
        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { suspend = true } });
        await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Suspended);
    }

    [Fact]
    public async Task NewRun_IsInProgressForKstatus_BeforeAnyOperatorSeesIt()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster, start: false);
        await o.ApplySamplingAsync();
        var raw = (JsonElement)await o.Client.ApiClient.CustomObjects.GetNamespacedCustomObjectAsync(ApiGroup.Name,
            ApiGroup.Version, o.Namespace, "samplingruns", "s");
        Assert.Equal(-1, raw.GetProperty("status").GetProperty("observedGeneration").GetInt32());
    }

    [Fact]
    public async Task MissingReference_IsGivenUpOnTime_AndItsDeletionIsSeenAtOnce()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        await o.ApplySamplingAsync();
        await o.ApplyAsync(Make.FineTune(change: s => s with { DependencyTimeoutSeconds = 1 }));
        await o.PhaseAsync<FineTuneRunEntity>("f", RunPhase.Waiting);
        await o.Client.DeleteAsync<SamplingRunEntity>("s", o.Namespace);
        var failed = await o.PhaseAsync<FineTuneRunEntity>("f", RunPhase.Failed);
        Assert.Equal(Reasons.DependencyMissing, Reason(failed.Status));

        var again = await o.ApplySamplingAsync();
        await o.PhaseAsync<FineTuneRunEntity>("f", RunPhase.Waiting);
        await o.FinishAsync(again);
        await o.JobAsync("f-ftrun");
    }

    private static string? Reason(RunStatus status) => Conditions.Find(status.Conditions, Conditions.Ready)?.Reason;

    private static JsonObject Json(string json) => JsonNode.Parse(json)!.AsObject();
}
