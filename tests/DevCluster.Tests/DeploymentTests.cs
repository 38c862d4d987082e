using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Node;

namespace LightReasoner.DevCluster.Tests;

/// <summary>Deployments, with the test in the place of the kubelet.</summary>
public sealed class DeploymentTests : IAsyncLifetime
{
    private static readonly Resource Deployments = new("/apis/apps/v1", "deployments"), ReplicaSets = new("/apis/apps/v1", "replicasets");

    private DevServer server = null!;
    private ApiClient api = null!;

    public async ValueTask InitializeAsync()
    {
        server = await DevServer.Start(workloads: true);
        api = ApiClient.FromKubeconfig(server.Kubeconfig);
    }

    public async ValueTask DisposeAsync()
    {
        api.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Template_Changed_RollsOverWithinItsBounds_AndBack()
    {
        await Create("{}");
        var done = await Settle("app:1", least: 0);
        Assert.Equal((1, 3, 3), (done.Int("status", "observedGeneration"), done.Int("status", "updatedReplicas"),
            done.Int("status", "availableReplicas")));

        await api.PatchAsync(Deployments.Object("default", "d"), Image("app:2"), PatchType.Strategic);
        done = await Settle("app:2", least: 3);
        Assert.Equal(("2", 2), (done.Text("metadata", "annotations", "deployment.kubernetes.io/revision"),
            done.Int("status", "observedGeneration")));

        // The first template again: its ReplicaSet is taken up, under a new revision.
        await api.PatchAsync(Deployments.Object("default", "d"), Image("app:1"), PatchType.Strategic);
        done = await Settle("app:1", least: 3);
        Assert.Equal("3", done.Text("metadata", "annotations", "deployment.kubernetes.io/revision"));
        Assert.Equal(new int?[] { 0, 3 }, (await Items(ReplicaSets)).Select(s => s.Int("spec", "replicas")).Order());

        await api.DeleteAsync(Deployments.Object("default", "d"), propagation: "Foreground");
        await Until(async () => (await Items(Deployments)).Count == 0);
        Assert.Empty(await Items(ReplicaSets));
        Assert.Empty(await Items(Resource.Pods));
    }

    [Fact]
    public async Task Recreate_EndsOldPodsBeforeNewOnesBegin()
    {
        await Create("""{"strategy": {"type": "Recreate"}}""");
        await Settle("app:1", least: 0);
        await api.PatchAsync(Deployments.Object("default", "d"), Image("app:2"), PatchType.Strategic);
        await Settle("app:2", least: 0, mixed: false);
    }

    private async Task Create(string spec)
    {
        var body = (JsonObject)JsonNode.Parse("""
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "d"}},
             "template": {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [{"name": "main", "image": "app:1"}]}}}}
            """)!;
        foreach (var (key, value) in (JsonObject)JsonNode.Parse(spec)!) body["spec"]![key] = value!.DeepClone();
        await api.CreateAsync(Deployments.Collection("default"), body);
    }

    private static JsonObject Image(string image) => (JsonObject)JsonNode.Parse(
        """{"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "IMAGE"}]}}}}""".Replace("IMAGE", image))!;

    /// <summary>Makes pods ready, one after the other, until the Deployment is done; looks at the bounds after each step.</summary>
    private async Task<JsonObject> Settle(string image, int least, bool mixed = true)
    {
        JsonObject deployment = [];
        await Until(async () =>
        {
            var pods = await Items(Resource.Pods);
            var ready = pods.Count(IsReady);
            Assert.InRange(ready, least, 4);
            Assert.InRange(pods.Count, 0, 4);
            if (!mixed) Assert.Single(pods.Select(ImageOf).Append(pods.Count == 0 ? "none" : ImageOf(pods[0])).Distinct());
            if (pods.FirstOrDefault(p => !IsReady(p)) is { } waiting)
            {
                await api.PatchAsync(Resource.Pods.Object("default", waiting.Name(), "status"), (JsonObject)JsonNode.Parse(
                    """{"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}""")!, PatchType.Strategic);
            }
            deployment = await api.GetAsync(Deployments.Object("default", "d"));
            return deployment.Int("status", "observedGeneration") == deployment.Int("metadata", "generation")
                && deployment.Items("status", "conditions").Any(c => c.Text("reason") == "NewReplicaSetAvailable")
                && (await Items(Resource.Pods)) is { Count: 3 } now && now.All(p => ImageOf(p) == image);
        });
        return deployment;
    }

    private async Task<List<JsonObject>> Items(Resource resource) => [.. (await api.ListAsync(resource.Collection("default"))).Items];

    private static bool IsReady(JsonObject pod) => pod.Items("status", "conditions")
        .Any(c => c.Text("type") == "Ready" && c.Text("status") == "True");

    private static string ImageOf(JsonObject pod) => pod.Items("spec", "containers").Single().Text("image")!;

    private static async Task Until(Func<Task<bool>> holds)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (!await holds()) await Task.Delay(20, bound.Token);
    }
}
