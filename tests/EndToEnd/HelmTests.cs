using System.Diagnostics;
using System.Text.Json.Nodes;
using LightReasoner.Quickstart;

namespace LightReasoner.EndToEnd;

/// <summary>The life of an installation by real Helm: install, upgrade and rollback while a run is at work, uninstall.</summary>
public sealed class HelmTests(HelmTests.Scene scene) : IClassFixture<HelmTests.Scene>
{
    private const string Namespace = LocalCluster.Release, Release = LocalCluster.Release;
    private const string Selector = $"app.kubernetes.io/instance={Release}";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("v31"), InlineData("v35")]
    public async Task Installation_FromInstallToUninstall_LeavesWorkingRunsAlone(string version)
    {
        var helm = scene.Helm(version);
        var run = $"helm-{version}";

        await helm.RunAsync(Stop, LocalCluster.InstallCommand("outputPrefix=file:///outputs"));
        await scene.ApplyRunAsync(run);
        JsonNode job = await UntilAsync($"job/{run}-srun", job => (int?)job["status"]?["ready"] == 1), pod = await PodOfAsync(job);
        var first = (string)(await OperatorPodAsync())["metadata"]!["name"]!;
        var progress = new Uri((await scene.Kubectl.RunAsync(Stop, "logs", $"job/{run}-srun")).Trim());
        Assert.True(await AnswersAsync(progress));

        // Another pod template: the pod of the operator is replaced, and the address that the worker knows leads to the new one.
        await helm.RunAsync(
            Stop, "upgrade", Release, "charts/lightreasoner", "-n", Namespace,
            "--reuse-values", "--set", "concurrency=3", "--wait", "--timeout", "3m");
        await RolledOutAsync();
        var second = await OperatorPodAsync();
        Assert.NotEqual(first, (string?)second["metadata"]!["name"]);
        Assert.Contains("--concurrency=3", Arguments(second));
        Assert.True(await AnswersAsync(progress));

        await helm.RunAsync(Stop, "rollback", Release, "1", "--namespace", Namespace, "--wait", "--timeout", "3m");
        await RolledOutAsync();
        Assert.Contains("--concurrency=2", Arguments(await OperatorPodAsync()));

        JsonNode jobNow = await scene.GetAsync($"job/{run}-srun"), podNow = await PodOfAsync(jobNow);
        foreach (var field in new[] { "uid", "generation" })
            Assert.Equal(job["metadata"]![field]!.ToString(), jobNow["metadata"]![field]!.ToString());
        Assert.Equal((string?)pod["metadata"]!["uid"], (string?)podNow["metadata"]!["uid"]);
        Assert.Equal("Running", (string?)podNow["status"]!["phase"]);
        Assert.Equal(0, (int?)podNow["status"]!["containerStatuses"]![0]!["restartCount"]);
        scene.LetWorkersEnd(run);
        await UntilAsync($"srun/{run}", r => RunTable.Text(r.AsObject(), "phase") == "Succeeded");

        await helm.RunAsync(Stop, "uninstall", Release, "--namespace", Namespace, "--wait", "--timeout", "3m");
        var left = await scene.GetAsync("deployment,service,serviceaccount", "-n", Namespace, "-l", Selector);
        Assert.Empty(left["items"]!.AsArray());
        Assert.Equal("Succeeded", RunTable.Text((await scene.GetAsync($"srun/{run}")).AsObject(), "phase"));
    }

    private async Task<JsonNode> UntilAsync(string resource, Func<JsonNode, bool> holds)
    {
        JsonNode? last = null;
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < LiveCluster.Patience; await Task.Delay(200, Stop))
        {
            var result = await scene.Kubectl.TryAsync(Stop, "get", resource, "-o", "json");
            last = result.ExitCode == 0 ? JsonNode.Parse(result.Output) : null;
            if (last is not null && holds(last)) return last;
        }
        var log = await scene.OperatorLogAsync();
        Assert.Fail($"{resource} did not get there within {LiveCluster.Patience}: {last?["status"]?.ToJsonString()}\n{log}");
        return last!;
    }

    private static IEnumerable<string?> Arguments(JsonNode pod) =>
        pod["spec"]!["containers"]![0]!["args"]!.AsArray().Select(a => (string?)a);

    private Task RolledOutAsync() =>
        scene.Kubectl.RunAsync(Stop, "rollout", "status", $"deployment/{Release}", "-n", Namespace, "--timeout=3m");

    private async Task<JsonNode> PodOfAsync(JsonNode job)
    {
        var pods = await scene.GetAsync("pods", "-l", $"batch.kubernetes.io/job-name={job["metadata"]!["name"]}");
        return Assert.Single(pods["items"]!.AsArray())!;
    }

    private async Task<JsonNode> OperatorPodAsync()
    {
        var pods = await scene.GetAsync("pods", "-n", Namespace, "-l", Selector);
        return Assert.Single(pods["items"]!.AsArray(), pod => pod!["metadata"]!["deletionTimestamp"] is null)!;
    }

    /// <summary>Whether the operator answers at the address that workers have; without a token it refuses.</summary>
    private static async Task<bool> AnswersAsync(Uri progress)
    {
        using var http = new HttpClient();
        using var answer = await http.PostAsync(progress, new StringContent("{}"), Stop);
        return answer.StatusCode == System.Net.HttpStatusCode.Unauthorized;
    }

    /// <summary>A cluster whose workers say where they would report to, and work until they are told to end.</summary>
    public sealed class Scene : IAsyncLifetime
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("lightreasoner-helm-").FullName;
        private readonly LocalCluster _cluster;

        public Scene() => _cluster = new LocalCluster(RepositoryFolder.Path, _folder, Path.Combine(_folder, "worker"));

        internal Kubectl Kubectl => _cluster.Kubectl;

        public async ValueTask InitializeAsync()
        {
            var worker = Path.Combine(_folder, "worker");
            await File.WriteAllTextAsync(worker, $$"""
                #!/bin/sh
                echo $LIGHTREASONER_PROGRESS_URL
                until [ -e {{_folder}}/${HOSTNAME%-srun-*} ]; do sleep 0.1; done

                """);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(worker,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            await _cluster.StartClusterAsync(default);
        }

        public async ValueTask DisposeAsync()
        {
            await _cluster.StopAsync();
            Directory.Delete(_folder, recursive: true);
        }

        internal ClusterTool Helm(string version)
        {
            var program = Path.Combine(RepositoryFolder.Path, ".cache/kubectl", version, "helm");
            Assert.SkipUnless(File.Exists(program), $"{program} is missing; `eng/install-tools.sh test` installs it");
            return new ClusterTool(program, _cluster.Kubeconfig, RepositoryFolder.Path);
        }

        internal async Task<JsonNode> GetAsync(params string[] arguments) =>
            JsonNode.Parse(await Kubectl.RunAsync(Stop, ["get", .. arguments, "-o", "json"]))!;

        internal Task<string> OperatorLogAsync() => _cluster.OperatorLogAsync(Stop);

        internal void LetWorkersEnd(string run) => File.WriteAllText(Path.Combine(_folder, run), "");

        internal async Task ApplyRunAsync(string name)
        {
            var file = Path.Combine(_folder, name + ".yaml");
            await File.WriteAllTextAsync(file, $$"""
                apiVersion: lightreasoner.io/v1alpha1
                kind: SamplingRun
                metadata: {name: {{name}}}
                spec:
                  expert: {uri: "file:///models/expert"}
                  amateur: {uri: "file:///models/amateur"}
                  dataset: {uri: "file:///data/questions.jsonl"}
                  worker: {gpus: 0}
                """);
            await Kubectl.RunAsync(Stop, "apply", "-f", file);
        }
    }
}
