using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Quickstart;

namespace LightReasoner.OperatorBench;

/// <summary>A devcluster, its node, the operator, each a program of its own, and a client.</summary>
internal sealed class Scene : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("operator-bench-").FullName;
    private readonly LocalCluster cluster;
    private readonly HttpClient http = new();
    private readonly string worker;
    private readonly Uri address = new($"http://127.0.0.1:{LocalCluster.FreePort()}"),
        metrics = new($"http://127.0.0.1:{LocalCluster.FreePort()}");

    private Scene()
    {
        // Workers exit at once, but for those of runs that are to stay at work.
        worker = Path.Combine(folder, "worker");
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
            await scene.cluster.StartClusterAsync(cancel, "--no-node");
            scene.Api = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(scene.cluster.Kubeconfig));
            // Kubelets and pods are on other machines in a real cluster: here they get the processor time that is left.
            await scene.cluster.StartAsync("node", "chrt",
                ["--idle", "0", scene.cluster.Program("devcluster"), "node", "--kubeconfig", scene.cluster.Kubeconfig,
                    "--data", Path.Combine(scene.folder, "node"), "--image", $"lightreasoner/worker={scene.worker}", "--max-pods",
                    $"{pods + 100}"],
                async () => (await scene.Api.CoreV1.ListNodeAsync(cancellationToken: cancel)).Items.Count == 1, cancel);
            await scene.cluster.Kubectl.RunAsync(cancel, "apply", "-f", "crds/");
            await scene.cluster.Kubectl.RunAsync(cancel, "wait", "--for=condition=Established", "crd", "--all", "--timeout=180s");
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
        await cluster.StartAsync("operator", cluster.Program("operator"),
            ["run", "--kubeconfig", cluster.Kubeconfig, "--output-prefix", "file:///outputs", "--log-level", "warning",
                "--listen", address.OriginalString, "--progress-url", address.OriginalString, "--metrics-listen", metrics.OriginalString],
            async () =>
            {
                try
                {
                    return (await http.GetAsync(new Uri(address, "/readyz"), cancel)).IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            }, cancel);
        while ((await ScrapeAsync(cancel)).Sum("lightreasoner_runs") < runs) await Task.Delay(TimeSpan.FromSeconds(1), cancel);
    }

    /// <summary>What the operator's /metrics says now.</summary>
    public async Task<Scrape> ScrapeAsync(CancellationToken cancel) =>
        Scrape.Parse(await http.GetStringAsync(new Uri(metrics, "/metrics"), cancel));

    public async Task<JsonNode> CreateAsync(RunKind kind, string name, JsonObject spec, CancellationToken cancel) =>
        JsonNode.Parse((await Api.CustomObjects.CreateNamespacedCustomObjectAsync(
            new JsonObject
            {
                ["apiVersion"] = ApiGroup.ApiVersion,
                ["kind"] = kind.ToString(),
                ["metadata"] = new JsonObject { ["name"] = name },
                ["spec"] = spec
            },
            ApiGroup.Name, ApiGroup.Version, "default", Plural(kind), cancellationToken: cancel)).ToString()!)!;

    /// <summary>A worker that asks for nothing, so that many fit on this machine.</summary>
    public static JsonObject Worker() => new()
    {
        ["gpus"] = 0,
        ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["cpu"] = "0", ["memory"] = "0", ["ephemeral-storage"] = "0" } },
    };

    public async Task PatchAsync(RunKind kind, string name, JsonObject patch, CancellationToken cancel) =>
        await Api.CustomObjects.PatchNamespacedCustomObjectAsync(
            new V1Patch(patch.ToJsonString(), V1Patch.PatchType.MergePatch), ApiGroup.Name, ApiGroup.Version, "default", Plural(kind),
            name, cancellationToken: cancel);

    public async Task<IReadOnlyList<JsonNode>> ListAsync(RunKind kind, CancellationToken cancel)
    {
        var list = await Api.CustomObjects.ListNamespacedCustomObjectAsync(ApiGroup.Name, ApiGroup.Version, "default",
            Plural(kind), cancellationToken: cancel);
        return [.. JsonNode.Parse(list.ToString()!)!["items"]!.AsArray().Select(item => item!)];
    }

    /// <summary>How long each run has waited for its Job, in order.</summary>
    public async Task<double[]> JobDelaysAsync(IReadOnlyList<JsonNode> runs, CancellationToken cancel)
    {
        var made = runs.ToDictionary(run => (string)run["metadata"]!["uid"]!,
            run => run["metadata"]!["creationTimestamp"]!.GetValue<DateTime>());
        var jobs = await Api.BatchV1.ListNamespacedJobAsync("default", cancellationToken: cancel);
        return [.. jobs.Items.Where(job => made.ContainsKey(job.OwnerReferences()[0].Uid))
            .Select(job => (job.CreationTimestamp()!.Value - made[job.OwnerReferences()[0].Uid]).TotalSeconds).Order()];
    }

    public async Task PutStatusAsync(RunKind kind, JsonNode run, JsonObject status, CancellationToken cancel)
    {
        run["status"] = status;
        await Api.CustomObjects.ReplaceNamespacedCustomObjectStatusAsync(run, ApiGroup.Name, ApiGroup.Version, "default",
            Plural(kind), (string)run["metadata"]!["name"]!, cancellationToken: cancel);
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
                BoundObjectRef = new V1BoundObjectReference
                {
                    ApiVersion = "v1",
                    Kind = "Pod",
                    Name = pod.Metadata.Name,
                    Uid = pod.Metadata.Uid
                },
            },
        };
        return (await Api.CoreV1.CreateNamespacedServiceAccountTokenAsync(request, "default", "default", cancellationToken: cancel))
            .Status.Token;
    }

    /// <summary>Posts a report as a worker does.</summary>
    public async Task ReportAsync(string token, ProgressReport report, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, "/v1/progress"))
        {
            Content = new StringContent(System.Text.Json.JsonSerializer.Serialize(report, ApiJson.Options), System.Text.Encoding.UTF8,
                "application/json"),
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
