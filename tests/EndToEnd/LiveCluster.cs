using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using LightReasoner.Quickstart;

namespace LightReasoner.EndToEnd;

/// <summary>A devcluster and an operator as processes of their own, with the CRDs installed, driven by the real kubectl.</summary>
public sealed class LiveCluster : IAsyncLifetime
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly string _state = Directory.CreateTempSubdirectory("lightreasoner-e2e-").FullName;
    private readonly List<BackgroundProgram> _programs = [];

    internal static string Repository { get; } = Demonstration.FindRepository();

    internal Kubectl Kubectl { get; }

    /// <summary>Where runs write by default.</summary>
    internal string Runs => Path.Combine(_state, "runs");

    internal string Kubeconfig => Path.Combine(_state, "kubeconfig");

    /// <summary>Names the kubeconfig; nothing runs yet.</summary>
    public LiveCluster() => Kubectl = new Kubectl(Kubeconfig, Repository);

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/kubectl") || Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(p => File.Exists(Path.Combine(p, "kubectl"))),
            "kubectl is not installed (`make test` installs it)");
        Assert.True(File.Exists(Path.Combine(Repository, "bin", "worker")), "bin/worker is missing: run `make build` first.");
        Start("devcluster", "up", "--kubeconfig", Kubeconfig, "--data", Path.Combine(_state, "cluster"), "--workdir", Repository, "--image", $"lightreasoner/worker={Path.Combine(Repository, "bin", "worker")}");
        await UntilAsync(async () => File.Exists(Kubeconfig) && (await Kubectl.TryAsync(default, "get", "--raw", "/readyz")).ExitCode == 0);
        await Kubectl.RunAsync(default, "apply", "-f", "crds/");
        await Kubectl.RunAsync(default, "wait", "--for=condition=Established", "crd", "--all", "--timeout=30s");

        int port = FreePort();
        Start("operator", "run", "--kubeconfig", Kubeconfig, "--listen", $"http://127.0.0.1:{port}", "--progress-url", $"http://127.0.0.1:{port}/v1/progress", "--output-prefix", "file://" + Runs);
        using var http = new HttpClient();
        await UntilAsync(async () =>
        {
            try
            {
                return (await http.GetAsync($"http://127.0.0.1:{port}/readyz")).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (BackgroundProgram program in Enumerable.Reverse(_programs))
        {
            await program.StopAsync();
            program.Dispose();
        }
        Directory.Delete(_state, recursive: true);
    }

    /// <summary>Applies a manifest.</summary>
    internal async Task ApplyAsync(string yaml)
    {
        string file = Path.Combine(_state, $"{Guid.NewGuid():N}.yaml");
        await File.WriteAllTextAsync(file, yaml);
        await Kubectl.RunAsync(default, "apply", "-f", file);
    }

    /// <summary>One run as the API shows it.</summary>
    internal async Task<JsonObject> GetAsync(string resource) =>
        JsonNode.Parse(await Kubectl.RunAsync(default, "get", resource, "-o", "json"))!.AsObject();

    /// <summary>Waits until a run is as it should be; what it is instead goes into the failure.</summary>
    internal async Task<JsonObject> UntilAsync(string resource, Func<JsonObject, bool> holds, int seconds)
    {
        JsonObject run = [];
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; await Task.Delay(500))
        {
            run = await GetAsync(resource);
            if (holds(run)) return run;
            if (RunTable.Text(run, "phase") == "Failed") break;
        }
        Assert.Fail($"{resource} did not get there within {seconds} s: {run["status"]?.ToJsonString()}\n{string.Join('\n', _programs.Select(p => p.Tail()))}");
        return run;
    }

    /// <summary>Waits until a run has succeeded.</summary>
    internal Task<JsonObject> SucceededAsync(string resource, int seconds) => UntilAsync(resource, run => RunTable.Text(run, "phase") == "Succeeded", seconds);

    private void Start(string name, params string[] arguments) =>
        _programs.Add(BackgroundProgram.Start(name, Path.Combine(Repository, "bin", name), Repository, Path.Combine(_state, "logs", name + ".log"), arguments));

    private async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (long start = Stopwatch.GetTimestamp(); !await holds(); await Task.Delay(100))
            if (_programs[^1].HasExited || Stopwatch.GetElapsedTime(start) > StartLimit)
                Assert.Fail($"{_programs[^1].Name} did not get ready:\n{_programs[^1].Tail(40)}");
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
