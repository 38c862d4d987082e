using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Node;

namespace LightReasoner.DevCluster.Tests.Node;

public sealed class NodeRestartTests
{
    [Fact]
    public async Task Start_PodThatRanBefore_IsReportedLost()
    {
        await using var scene = await NodeScene.StartAsync(node: false);
        await scene.Pod("p", "sleep 100", $$"""{"nodeName": "{{scene.NodeName}}"}""");
        await scene.Api.PatchAsync(Resource.Pods.Object(scene.Namespace, "p", "status"), JsonNode.Parse("""
            {"status": {"phase": "Running", "containerStatuses": [{"name": "main", "image": "shell:1", "imageID": "", "ready": true, "restartCount": 0,
              "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]}}
            """)!);
        await scene.StartNodeAsync();
        var ended = (await scene.PodEnds("p")).Items("status", "containerStatuses").Single().Map("state", "terminated");
        Assert.Equal((137, "ContainerStatusUnknown"), (ended.Int("exitCode"), ended.Text("reason")));
    }

    [Fact]
    public async Task Start_PodDeletedWhileTheNodeWasAway_IsRemoved()
    {
        await using var scene = await NodeScene.StartAsync(node: false);
        await scene.Pod("p", "sleep 100", $$"""{"nodeName": "{{scene.NodeName}}"}""");
        await scene.Api.DeleteAsync(Resource.Pods.Object(scene.Namespace, "p"));
        Assert.Single((await scene.Api.ListAsync(Resource.Pods.Collection(scene.Namespace))).Items);
        await scene.StartNodeAsync();
        await scene.Gone(Resource.Pods, "p");
    }

    [Fact]
    public async Task Start_FoldersOfPodsThatAreGone_AreSwept()
    {
        await using var scene = await NodeScene.StartAsync(node: false);
        var stale = Directory.CreateDirectory(Path.Combine(scene.Data, "logs", "default_old_uid"));
        await scene.StartNodeAsync();
        Assert.False(Directory.Exists(stale.FullName));
    }
}
