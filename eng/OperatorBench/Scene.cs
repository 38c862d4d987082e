using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using k8s;
using LightReasoner.Api;
using LightReasoner.Quickstart;

namespace LightReasoner.OperatorBench;

/// <summary>A devcluster and an operator as programs of their own, and a client.</summary>
internal sealed class Scene : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly string folder = Directory.CreateTempSubdirectory("operator-bench-").FullName;
    private readonly string repository = Demonstration.FindRepository();
    private readonly List<BackgroundProgram> programs = [];
    private readonly HttpClient http = new();

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
        foreach (BackgroundProgram program in Enumerable.Reverse(programs))
        {
            await program.StopAsync();
            program.Dispose();
        }
        Api?.Dispose();
        http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static string Plural(RunKind kind) => kind.ToString().ToLowerInvariant() + "s";

    private async Task StartProgramsAsync(CancellationToken cancel)
    {
        string kubeconfig = Path.Combine(folder, "kubeconfig"), address = $"http://127.0.0.1:{FreePort()}";
        var kubectl = new Kubectl(kubeconfig, repository);
        await StartAsync("devcluster", async () => File.Exists(kubeconfig) && (await kubectl.TryAsync(cancel, "get", "--raw", "/readyz")).ExitCode == 0,
            cancel, "up", "--kubeconfig", kubeconfig, "--data", Path.Combine(folder, "data"), "--image", "lightreasoner/worker=/bin/true");
        await kubectl.RunAsync(cancel, "apply", "-f", "crds/");
        await kubectl.RunAsync(cancel, "wait", "--for=condition=Established", "crd", "--all", "--timeout=30s");
        http.BaseAddress = new Uri(address);
        await StartAsync("operator", async () =>
        {
            try
            {
                return (await http.GetAsync(new Uri("/readyz", UriKind.Relative), cancel)).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, cancel, "run", "--kubeconfig", kubeconfig, "--listen", address, "--output-prefix", "file:///outputs", "--log-level", "warning");
        Api = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig));
    }

    private async Task StartAsync(string name, Func<Task<bool>> ready, CancellationToken cancel, params string[] arguments)
    {
        BackgroundProgram program = BackgroundProgram.Start(name, Path.Combine(repository, "bin", name), folder, Path.Combine(folder, name + ".log"), arguments);
        programs.Add(program);
        for (long start = Stopwatch.GetTimestamp(); !await ready(); await Task.Delay(100, cancel))
            if (program.HasExited || Stopwatch.GetElapsedTime(start) > StartLimit) throw new QuickstartException($"{name} did not start:\n{program.Tail()}");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
