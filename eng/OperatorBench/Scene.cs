using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Quickstart;

namespace LightReasoner.OperatorBench;

/// <summary>A devcluster, the operator installed in it, and a client.</summary>
internal sealed class Scene : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("operator-bench-").FullName;
    private readonly LocalCluster cluster;
    private readonly HttpClient http = new();
    private string address = "";

    private Scene()
    {
        // Workers exit at once, but for those of runs that are to stay at work.
        string worker = Path.Combine(folder, "worker");
        File.WriteAllText(worker, $"#!/bin/sh\ncase \"$*\" in *{Rest.Prefix}*) exec sleep 3600 ;; esac\n");
        File.SetUnixFileMode(worker, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        cluster = new LocalCluster(RepositoryFolder.Path, folder, worker);
    }

    public IKubernetes Api { get; private set; } = null!;

    /// <param name="pods">Pods at work at once, beside those that come and go.</param>
    /// <param name="cancel">Ends it.</param>
    public static async Task<Scene> StartAsync(int pods, CancellationToken cancel)
    {
        var scene = new Scene();
        try
        {
            await scene.cluster.StartClusterAsync(cancel, "--max-pods", $"{pods + 100}");
            await scene.cluster.Kubectl.RunAsync(cancel, "apply", "-f", "crds/");
            await scene.cluster.Kubectl.RunAsync(cancel, "wait", "--for=condition=Established", "crd", "--all", "--timeout=180s");
            scene.Api = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(scene.cluster.Kubeconfig));
            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the operator, and waits until it has looked at all runs that are there.</summary>
    public async Task StartOperatorAsync(int runs, CancellationToken cancel)
    {
        await cluster.InstallAsync(cancel, "crds.install=false", "outputPrefix=file:///outputs", "log.level=warning");
        address = await cluster.OperatorAddressAsync(cancel);
        http.BaseAddress = new Uri($"http://{address}:8081");
        while ((await ScrapeAsync(cancel)).Sum("lightreasoner_runs") < runs) await Task.Delay(TimeSpan.FromSeconds(1), cancel);
    }

    /// <summary>What the operator's /metrics says now.</summary>
    public async Task<Scrape> ScrapeAsync(CancellationToken cancel) => Scrape.Parse(await http.GetStringAsync(new Uri(http.BaseAddress!, "/metrics"), cancel));

    public async Task<JsonNode> CreateAsync(RunKind kind, string name, JsonObject spec, CancellationToken cancel) =>
        JsonNode.Parse((await Api.CustomObjects.CreateNamespacedCustomObjectAsync(
            new JsonObject { ["apiVersion"] = ApiGroup.ApiVersion, ["kind"] = kind.ToString(), ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = spec },
            ApiGroup.Name, ApiGroup.Version, "default", Plural(kind), cancellationToken: cancel)).ToString()!)!;

    /// <summary>A worker that asks for nothing, so that many fit on this machine.</summary>
    public static JsonObject Worker() => new()
    {
        ["gpus"] = 0,
        ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["cpu"] = "0", ["memory"] = "0", ["ephemeral-storage"] = "0" } },
    };

    public async Task PatchAsync(RunKind kind, string name, JsonObject patch, CancellationToken cancel) =>
        await Api.CustomObjects.PatchNamespacedCustomObjectAsync(
            new V1Patch(patch.ToJsonString(), V1Patch.PatchType.MergePatch), ApiGroup.Name, ApiGroup.Version, "default", Plural(kind), name, cancellationToken: cancel);

    public async Task<IReadOnlyList<JsonNode>> ListAsync(RunKind kind, CancellationToken cancel)
    {
        object list = await Api.CustomObjects.ListNamespacedCustomObjectAsync(ApiGroup.Name, ApiGroup.Version, "default", Plural(kind), cancellationToken: cancel);
        return [.. JsonNode.Parse(list.ToString()!)!["items"]!.AsArray().Select(item => item!)];
    }

    public async Task PutStatusAsync(RunKind kind, JsonNode run, JsonObject status, CancellationToken cancel)
    {
        run["status"] = status;
        await Api.CustomObjects.ReplaceNamespacedCustomObjectStatusAsync(run, ApiGroup.Name, ApiGroup.Version, "default", Plural(kind), (string)run["metadata"]!["name"]!, cancellationToken: cancel);
    }

    /// <summary>The token that a pod would find in its volume.</summary>
    public async Task<string> TokenAsync(V1Pod pod, CancellationToken cancel)
    {
        var request = new Authenticationv1TokenRequest
        {
            Spec = new V1TokenRequestSpec
            {
                Audiences = [ApiGroup.ProgressAudience],
                ExpirationSeconds = 3600,
                BoundObjectRef = new V1BoundObjectReference { ApiVersion = "v1", Kind = "Pod", Name = pod.Metadata.Name, Uid = pod.Metadata.Uid },
            },
        };
        return (await Api.CoreV1.CreateNamespacedServiceAccountTokenAsync(request, "default", "default", cancellationToken: cancel)).Status.Token;
    }

    /// <summary>Posts a report as a worker does.</summary>
    public async Task ReportAsync(string token, ProgressReport report, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{address}:8080/v1/progress")
        {
            Content = new StringContent(System.Text.Json.JsonSerializer.Serialize(report, ApiJson.Options), System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", token);
        (await http.SendAsync(request, cancel)).EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        await cluster.StopAsync();
        Api?.Dispose();
        http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static string Plural(RunKind kind) => kind.ToString().ToLowerInvariant() + "s";
}
