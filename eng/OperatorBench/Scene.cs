using System.Text.Json.Nodes;
using k8s;
using LightReasoner.Api;
using LightReasoner.Quickstart;

namespace LightReasoner.OperatorBench;

/// <summary>A devcluster and an operator as programs of their own, and a client.</summary>
internal sealed class Scene : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("operator-bench-").FullName;
    private readonly LocalCluster cluster;
    private readonly HttpClient http = new();

    private Scene() => cluster = new LocalCluster(RepositoryFolder.Path, folder, worker: "/bin/true");

    public IKubernetes Api { get; private set; } = null!;

    public static async Task<Scene> StartAsync(CancellationToken cancel)
    {
        var scene = new Scene();
        try
        {
            await scene.StartProgramsAsync(cancel);
            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the operator's /metrics says now.</summary>
    public async Task<Scrape> ScrapeAsync(CancellationToken cancel) => Scrape.Parse(await http.GetStringAsync(new Uri(http.BaseAddress!, "/metrics"), cancel));

    public async Task CreateAsync(RunKind kind, string name, JsonObject spec, CancellationToken cancel) =>
        await Api.CustomObjects.CreateNamespacedCustomObjectAsync(
            new JsonObject { ["apiVersion"] = ApiGroup.ApiVersion, ["kind"] = kind.ToString(), ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = spec },
            ApiGroup.Name, ApiGroup.Version, "default", Plural(kind), cancellationToken: cancel);

    public async Task PatchAsync(RunKind kind, string name, JsonObject patch, CancellationToken cancel) =>
        await Api.CustomObjects.PatchNamespacedCustomObjectAsync(
            new k8s.Models.V1Patch(patch.ToJsonString(), k8s.Models.V1Patch.PatchType.MergePatch), ApiGroup.Name, ApiGroup.Version, "default", Plural(kind), name, cancellationToken: cancel);

    public async Task<IReadOnlyList<JsonNode>> ListAsync(RunKind kind, CancellationToken cancel)
    {
        object list = await Api.CustomObjects.ListNamespacedCustomObjectAsync(ApiGroup.Name, ApiGroup.Version, "default", Plural(kind), cancellationToken: cancel);
        return [.. JsonNode.Parse(list.ToString()!)!["items"]!.AsArray().Select(item => item!)];
    }

    public async ValueTask DisposeAsync()
    {
        await cluster.StopAsync();
        Api?.Dispose();
        http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static string Plural(RunKind kind) => kind.ToString().ToLowerInvariant() + "s";

    private async Task StartProgramsAsync(CancellationToken cancel)
    {
        await cluster.StartClusterAsync(cancel);
        await cluster.InstallAsync(cancel);
        await cluster.StartOperatorAsync(cancel, "--output-prefix", "file:///outputs", "--log-level", "warning");
        http.BaseAddress = new Uri(cluster.Operator);
        Api = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(cluster.Kubeconfig));
    }
}
