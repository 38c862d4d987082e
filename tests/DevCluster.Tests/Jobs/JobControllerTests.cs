using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Jobs;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Node;
using LightReasoner.DevCluster.Tests.Node;

namespace LightReasoner.DevCluster.Tests.Jobs;

public sealed class JobControllerTests : IAsyncLifetime
{
    private NodeScene scene = null!;

    public async ValueTask InitializeAsync() => scene = await NodeScene.StartAsync();

    public ValueTask DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task Indexed_EveryIndexRunsOnce()
    {
        await scene.Job("j", "echo index $JOB_COMPLETION_INDEX on $HOSTNAME",
            """{"completions": 3, "parallelism": 2, "completionMode": "Indexed"}""");
        var job = await Ends("j");
        Assert.Equal(("0-2", 3L), (job.Text("status", "completedIndexes"), job.Number("status", "succeeded")));
        var pods = await Pods("j");
        Assert.Equal(3, pods.Count);
        foreach (var pod in pods)
        {
            Assert.Empty(pod.Strings("metadata", "finalizers"));
            var index = pod.Text("metadata", "labels", Pod.IndexAnnotation);
            Assert.StartsWith($"j-{index}-", pod.Name());
            Assert.Equal($"index {index} on j-{index}\n", await scene.LogText(pod.Name()));
        }
    }

    [Fact]
    public async Task FailJobRule_FailsAtOnceWithTheRulesMessage()
    {
        await scene.Job("j", "exit 65", """
            {"completions": 1, "parallelism": 1, "backoffLimit": 5,
             "podFailurePolicy": {"rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [65]}}]}}
            """);
        var failed = (await Ends("j")).Items("status", "conditions").Single(c => c.Text("type") == "Failed");
        Assert.Equal("PodFailurePolicy", failed.Text("reason"));
        Assert.Contains("failed with exit code 65 matching FailJob rule at index 0", failed.Text("message"));
    }

    [Fact]
    public async Task Failure_IsRetriedAfterTheBackOff()
    {
        var marker = Path.Combine(scene.Data, "once");
        await scene.Job("j", $"if [ -e {marker} ]; then exit 0; fi; touch {marker}; exit 1", """{"completions": 1, "parallelism": 1}""");
        var job = await Ends("j");
        Assert.Equal((1L, 1L), (job.Number("status", "succeeded"), job.Number("status", "failed")));
    }

    [Fact]
    public async Task Suspend_EndsPods_ResumeMakesNewOnes()
    {
        await scene.Job("j", "sleep 100", """{"completions": 1, "parallelism": 1}""");
        await scene.Until(Resource.Jobs, "j", j => j.Number("status", "ready") == 1);
        var pod = Assert.Single(await Pods("j"));
        await Patch("""{"spec": {"suspend": true}}""");
        await scene.Until(Resource.Jobs, "j", j => Condition(j, "Suspended") == "True" && j.Number("status", "terminating") == 0);
        await scene.Gone(Resource.Pods, pod.Name());
        await Patch("""{"spec": {"suspend": false}}""");
        var job = await scene.Until(Resource.Jobs, "j", j => j.Number("status", "ready") == 1);
        Assert.Equal("False", Condition(job, "Suspended"));
    }

    [Fact]
    public async Task Parallelism_ChangedOnTheWay_PodsFollow()
    {
        await scene.Job("j", "sleep 100", """{"completions": 5, "parallelism": 1}""");
        await scene.Until(Resource.Jobs, "j", j => j.Number("status", "active") == 1);
        await Patch("""{"spec": {"parallelism": 3}}""");
        await scene.Until(Resource.Jobs, "j", j => j.Number("status", "ready") == 3);
        await Patch("""{"spec": {"parallelism": 0}}""");
        await scene.Until(Resource.Jobs, "j", j => j.Number("status", "active") is null && j.Number("status", "terminating") == 0);
    }

    [Fact]
    public async Task TimeToLive_FinishedJobIsDeleted()
    {
        await scene.Job("j", "true", """{"completions": 1, "parallelism": 1, "ttlSecondsAfterFinished": 1}""");
        await Ends("j");
        await scene.Gone(Resource.Jobs, "j");
    }

    [Fact]
    public async Task JobDeleted_ItsPodsLoseTheFinalizer()
    {
        await scene.Job("j", "sleep 100", """{"completions": 1, "parallelism": 1}""");
        await scene.Until(Resource.Jobs, "j", j => j.Number("status", "ready") == 1);
        var pod = Assert.Single(await Pods("j"));
        await scene.Api.DeleteAsync(Resource.Jobs.Object(scene.Namespace, "j"), propagation: "Orphan");
        await scene.PodUntil(pod.Name(), p => !p.Strings("metadata", "finalizers").Contains(Pod.TrackingFinalizer));
    }

    [Fact]
    public async Task Events_TellWhatHappened()
    {
        await scene.Job("j", "true", """{"completions": 1, "parallelism": 1}""");
        await Ends("j");
        await scene.Until(Resource.Events, (await EventNamed("Completed")).Name(), _ => true);
        Assert.Equal("Job completed", (await EventNamed("Completed")).Text("message"));
        Assert.StartsWith("Created pod: j-", (await EventNamed("SuccessfulCreate")).Text("message"));
    }

    private static string? Condition(JsonObject job, string type) =>
        job.Items("status", "conditions").FirstOrDefault(c => c.Text("type") == type)?.Text("status");

    private Task<JsonObject> Ends(string name) =>
        scene.Until(Resource.Jobs, name, j => Condition(j, "Complete") == "True" || Condition(j, "Failed") == "True");

    private async Task<List<JsonObject>> Pods(string job) =>
        [.. (await scene.Api.ListAsync(Resource.Pods.Collection(scene.Namespace))).Items.Where(p =>
            p.ControllerReference().Text("name") == job)];

    private Task Patch(string patch) => scene.Api.PatchAsync(Resource.Jobs.Object(scene.Namespace, "j"), JsonNode.Parse(patch)!);

    private async Task<JsonObject> EventNamed(string reason)
    {
        using var bound = new CancellationTokenSource(NodeScene.Bound);
        while (true)
        {
            var found = (await scene.Api.ListAsync(Resource.Events.Collection(scene.Namespace),
                bound.Token)).Items.FirstOrDefault(e => e.Text("reason") == reason);
            if (found is not null) return found;
            await Task.Delay(50, bound.Token);
        }
    }
}
