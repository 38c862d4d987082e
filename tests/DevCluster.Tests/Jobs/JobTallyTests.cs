using LightReasoner.DevCluster.Jobs;

namespace LightReasoner.DevCluster.Tests.Jobs;

public sealed class JobTallyTests
{
    private const string Started = "\"startTime\":\"2026-01-01T00:00:00Z\",";

    [Fact]
    public void Sync_NewJob_StatusAsRecorded()
    {
        var (tally, first, _) = new JobScene("""{"completions": 2, "parallelism": 2}""").Sync();
        Assert.Equal("{" + Started + "\"active\":2,\"terminating\":0,\"uncountedTerminatedPods\":{},\"ready\":0}", first);
        Assert.Empty(tally.Release);
    }

    [Fact]
    public void Sync_SucceededPod_IsUncountedFirstAndCountedThen()
    {
        var (_, first, last) =
            new JobScene("""{"completions": 3, "parallelism": 1}""",
                """{"startTime":"2026-01-01T00:00:00Z","active":1,"ready":0,"terminating":0}""")
            .Pod("a", "Succeeded").Sync();
        Assert.Equal("{" + Started + "\"active\":1,\"terminating\":0,\"uncountedTerminatedPods\":{\"succeeded\":[\"a\"]},\"ready\":0}",
            first);
        Assert.Equal("{" + Started + "\"active\":1,\"succeeded\":1,\"terminating\":0,\"uncountedTerminatedPods\":{},\"ready\":0}", last);
    }

    [Fact]
    public void Sync_DiedBetweenFinalizerAndCount_CountsExactlyOnce()
    {
        // The uid is noted and the finalizer gone: an earlier controller died before the second write.
        var (_, first, last) = new JobScene("""{"completions": 3, "parallelism": 1}""",
            """{"startTime":"2026-01-01T00:00:00Z","uncountedTerminatedPods":{"succeeded":["a"]}}""").Pod("a", "Succeeded", tracked: false)
            .Sync();
        Assert.Contains("\"succeeded\":1", first);
        Assert.Contains("\"succeeded\":1", last);
    }

    [Fact]
    public void Sync_LastIndexSucceeded_InterimThenFinalCondition()
    {
        var (tally, first, last) = new JobScene("""{"completions": 2, "parallelism": 2, "completionMode": "Indexed"}""",
            """{"startTime":"2026-01-01T00:00:00Z","completedIndexes":"0","succeeded":1}""").Pod("b", "Succeeded", index: 1).Sync();
        Assert.Contains("SuccessCriteriaMet", first);
        Assert.DoesNotContain("Complete\"", first);
        Assert.Contains("\"completedIndexes\":\"0,1\"", first);
        Assert.Contains("\"completionTime\":\"2026-01-01T00:00:00Z\"", last);
        Assert.True(tally.Status.Finished);
    }

    [Fact]
    public void Sync_FailedWithAPodStillTerminating_FinalConditionWaits()
    {
        var (tally, _, last) = new JobScene("""{"completions": 2, "parallelism": 2, "backoffLimit": 0}""").Pod("a", "Failed").Pod("b")
            .Sync();
        Assert.Contains("\"failed\":2", last);
        Assert.Contains("\"terminating\":1", last);
        Assert.False(tally.Status.Finished);
        Assert.Null(tally.Verdict);
    }

    [Fact]
    public void Sync_FailureThatAwaitsItsReplacement_KeepsItsFinalizer() =>
        Assert.Empty(new JobScene("""{"completions": 2, "parallelism": 2, "completionMode": "Indexed", "backoffLimitPerIndex": 1}""")
            .Pod("j-0", "Failed", index: 0).Pod("j-1", index: 1).Sync().Tally.Release);

    [Fact]
    public void Sync_SuspendedThenResumed_StartTimeGoesAndComesAnew()
    {
        var (suspended, _, _) = new JobScene("""{"suspend": true}""", """{"startTime":"2025-01-01T00:00:00Z","active":1}""").Pod("a")
            .Sync();
        Assert.Null(suspended.Status.StartTime);
        Assert.Equal("Suspended", suspended.SuspensionEvent);
        var (resumed, first, _) = new JobScene("{}", suspended.Status.ToJson().ToJsonString()).Sync();
        Assert.Equal("Resumed", resumed.SuspensionEvent);
        Assert.Contains("\"type\":\"Suspended\",\"status\":\"False\"", first);
        Assert.Equal("2026-01-01T00:00:00Z", resumed.Status.StartTime);
    }
}
