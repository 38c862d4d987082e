using LightReasoner.DevCluster.Jobs;

namespace LightReasoner.DevCluster.Tests.Jobs;

public sealed class JobPlannerTests
{
    private const string Started = """{"startTime": "2026-01-01T00:00:00Z"}""";

    [Fact]
    public void Plan_NewIndexedJob_CreatesTheLowestIndexes() =>
        Assert.Equal([0, 1], new JobScene("""{"completions": 3, "parallelism": 2, "completionMode": "Indexed"}""").Plan().Create);

    [Fact]
    public void Plan_IndexDone_NextIndexIsCreated()
    {
        var plan = new JobScene("""{"completions": 4, "parallelism": 2, "completionMode": "Indexed"}""", """{"completedIndexes": "0,2"}""")
            .Pod("j-1", index: 1).Plan();
        Assert.Equal([3], plan.Create);
        Assert.Null(plan.Finished);
    }

    [Fact]
    public void Plan_Suspended_ActivePodsGoUncounted()
    {
        var plan = new JobScene("""{"parallelism": 2, "completions": 2, "suspend": true}""").Pod("a").Pod("b").Plan();
        Assert.Equal(2, plan.Remove.Count);
        Assert.True(plan.Uncounted);
        Assert.Empty(plan.Create);
    }

    [Fact]
    public void Plan_FailureWithinLimit_WaitsForTheBackOff()
    {
        var scene = new JobScene("""{"completions": 1, "parallelism": 1, "backoffLimit": 3}""").Pod("a", "Failed");
        scene.Now += TimeSpan.FromSeconds(4);
        var plan = scene.Plan();
        Assert.Equal(TimeSpan.FromSeconds(6), plan.Again);
        Assert.True(plan.BackingOff);
        Assert.Empty(plan.Create);
        scene.Now += TimeSpan.FromSeconds(6);
        Assert.Single(scene.Plan().Create);
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, 20)]
    [InlineData(5, 160)]
    [InlineData(6, 320)]
    [InlineData(7, 360)]
    [InlineData(60, 360)]
    public void Remaining_ManyFailures_DoublesUpToSixMinutes(int failures, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), new BackOff(failures, JobScene.Start).Remaining(JobScene.Start));

    [Fact]
    public void Plan_LimitExceeded_FailsAndRemovesWhatRuns()
    {
        var plan = new JobScene("""{"completions": 2, "parallelism": 2, "backoffLimit": 0}""").Pod("a", "Failed").Pod("b").Plan();
        Assert.Equal("BackoffLimitExceeded", plan.Finished!.Reason);
        Assert.Equal(["b"], plan.Remove.Select(p => p.Name));
        Assert.False(plan.Uncounted);
    }

    [Fact]
    public void Plan_FailJobRule_MessageNamesContainerPodCodeAndRule()
    {
        var plan = new JobScene(
            """
            {"completions": 1, "parallelism": 1, "podFailurePolicy": {"rules": [
              {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]},
              {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [64, 65]}}]}}
            """).Pod("a", "Failed", exitCode: 65).Plan();
        Assert.Equal(("PodFailurePolicy", "Container main for pod n/a failed with exit code 65 matching FailJob rule at index 1"),
            (plan.Finished!.Reason, plan.Finished.Message));
    }

    [Fact]
    public void Plan_IgnoredFailure_DoesNotCountButWaits()
    {
        var scene = new JobScene(
            """
            {"completions": 1, "parallelism": 1, "backoffLimit": 0,
             "podFailurePolicy": {"rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}]}}
            """).Pod("a", "Failed", condition: "DisruptionTarget");
        Assert.Null(scene.Plan().Finished);
        Assert.True(scene.Plan().BackingOff);
    }

    [Fact]
    public void Plan_DeadlinePassed_Fails()
    {
        var scene = new JobScene("""{"activeDeadlineSeconds": 3}""", Started).Pod("a");
        Assert.Equal(TimeSpan.FromSeconds(3), scene.Plan().Again);
        scene.Now += TimeSpan.FromSeconds(3);
        Assert.Equal("DeadlineExceeded", scene.Plan().Finished!.Reason);
    }

    [Fact]
    public void Plan_DeadlineOfASuspendedJob_DoesNotRun()
    {
        var scene = new JobScene("""{"activeDeadlineSeconds": 3, "suspend": true}""") { Now = JobScene.Start.AddHours(1) };
        Assert.Null(scene.Plan().Finished);
        Assert.Null(scene.Plan().Again);
    }

    [Fact]
    public void Plan_ReplaceFailedOnly_TerminatingPodIsNotReplacedYet()
    {
        Assert.Empty(new JobScene("""{"completions": 1, "parallelism": 1, "podReplacementPolicy": "Failed"}""").Pod("a", deleting: true)
            .Plan().Create);
        var scene = new JobScene("""{"completions": 1, "parallelism": 1}""").Pod("a", deleting: true);
        scene.Now += TimeSpan.FromMinutes(1);
        Assert.Single(scene.Plan().Create);
    }

    [Fact]
    public void Plan_PerIndexFailure_WaitsAndCarriesTheCount()
    {
        var scene = new JobScene("""{"completions": 2, "parallelism": 2, "completionMode": "Indexed", "backoffLimitPerIndex": 1}""")
            .Pod("j-0", "Failed", index: 0).Pod("j-1", index: 1);
        Assert.True(scene.Plan().BackingOff);
        scene.Now += TimeSpan.FromSeconds(10);
        var plan = scene.Plan();
        Assert.Equal([0], plan.Create);
        var pod = JobPods.Make(scene.Observe().Job, 0, plan.AwaitingReplacement[0]);
        Assert.Equal("1", (string?)pod["metadata"]!["annotations"]![Pod.FailureCountAnnotation]);
    }

    [Fact]
    public void Plan_IndexFailedTwice_IndexIsGivenUpAndOthersGoOn()
    {
        var plan = new JobScene("""{"completions": 2, "parallelism": 2, "completionMode": "Indexed", "backoffLimitPerIndex": 1}""")
            .Pod("j-0", "Failed", index: 0, failures: 1).Pod("j-1", index: 1).Plan();
        Assert.Equal("0", plan.FailedIndexes!.ToString());
        Assert.Null(plan.Finished);
        Assert.Empty(plan.Create);
    }

    [Fact]
    public void Plan_MoreFailedIndexesThanAllowed_Fails() =>
        Assert.Equal("MaxFailedIndexesExceeded", new JobScene(
            """{"completions": 4, "parallelism": 4, "completionMode": "Indexed", "backoffLimitPerIndex": 0, "maxFailedIndexes": 1}""",
            """{"failedIndexes": "1"}""").Pod("j-3", "Failed", index: 3).Pod("j-2", index: 2).Plan().Finished!.Reason);

    [Fact]
    public void Plan_ScaledDown_LeastWorthyPodsGoFirst()
    {
        var plan = new JobScene("""{"completions": 5, "parallelism": 1}""").Pod("ready", ready: true).Pod("starting", "Pending")
            .Pod("running").Plan();
        Assert.Equal(["starting", "running"], plan.Remove.Select(p => p.Name));
    }

    [Fact]
    public void Plan_TwoPodsOfOneIndex_OneGoes() =>
        Assert.Single(new JobScene("""{"completions": 2, "parallelism": 2, "completionMode": "Indexed"}""")
            .Pod("a", index: 0).Pod("b", index: 0).Pod("c", index: 1).Plan().Remove);

    [Fact]
    public void Plan_WorkQueueWithASuccess_AddsNothing() =>
        Assert.Empty(new JobScene("""{"parallelism": 2}""", """{"succeeded": 1}""").Pod("b").Plan().Create);

    [Fact]
    public void Plan_RestartsInPlaceReachTheLimit_Fails() =>
        Assert.Equal("BackoffLimitExceeded", new JobScene("""{"backoffLimit": 2, "template": {"spec": {"restartPolicy": "OnFailure"}}}""")
            .Pod("a", restarts: 2).Plan().Finished!.Reason);
}
