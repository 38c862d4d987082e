using System.Diagnostics;
using System.Text.Json.Nodes;
using k8s;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Node;

namespace LightReasoner.DevCluster.Tests.Node;

/// <summary><c>devcluster node</c> as a process of its own, at a control plane that another process serves.</summary>
public sealed class NodeCommandTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("node-command-").FullName;
    private readonly List<Process> processes = [];

    public void Dispose()
    {
        foreach (var process in processes)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Node_AtTheControlPlaneOfAnotherProcess_RunsJobsAndServesTheirLogs()
    {
        var kubeconfig = Path.Combine(folder, "kubeconfig");
        await StartAsync("up", "--no-node", "--kubeconfig", kubeconfig);
        var node = await StartAsync("node", "--kubeconfig", kubeconfig, "--name", "other", "--data", Path.Combine(folder, "data"),
            "--image", "shell=/bin/sh");
        using var api = ApiClient.FromKubeconfig(kubeconfig);
        // kube-apiserver asks the first address of type Hostname for logs, if there is one, and could not resolve the node's name.
        var address = Assert.Single((await api.GetAsync(Resource.Nodes.Object(null, "other"))).Items("status", "addresses"));
        Assert.Equal(("InternalIP", "127.0.0.1"), (address.Text("type"), address.Text("address")));

        await api.CreateAsync(Resource.Jobs.Collection("default"), JsonNode.Parse("""
            {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"template": {"spec": {
              "restartPolicy": "Never", "containers": [{"name": "main", "image": "shell", "command": ["sh", "-c", "echo done"]}]}}}}
            """)!.AsObject());
        await UntilAsync(api, Resource.Jobs.Object("default", "j"), job => Condition(job, "Complete") == "True");
        var pod = Assert.Single((await api.ListAsync(Resource.Pods.Collection("default"))).Items);
        Assert.Equal(("other", "Succeeded"), (pod.Text("spec", "nodeName"), pod.Text("status", "phase")));
        using var kubernetes = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig));
        using var log = new StreamReader(await kubernetes.CoreV1.ReadNamespacedPodLogAsync(pod.Name(), "default"));
        Assert.Equal("done\n", await log.ReadToEndAsync());

        Signals.Send(node.Id, Signals.Terminate);
        await node.WaitForExitAsync().WaitAsync(NodeScene.Bound);
        Assert.Equal(0, node.ExitCode);
        Assert.Equal("False", Condition(await api.GetAsync(Resource.Nodes.Object(null, "other")), "Ready"));
    }

    private static string? Condition(JsonObject of, string type) =>
        of.Items("status", "conditions").FirstOrDefault(c => c.Text("type") == type)?.Text("status");

    private static async Task UntilAsync(ApiClient api, string path, Func<JsonObject, bool> reached)
    {
        using var bound = new CancellationTokenSource(NodeScene.Bound);
        while (!reached(await api.GetAsync(path, bound.Token))) await Task.Delay(50, bound.Token);
    }

    /// <summary>Starts the program and waits until it says that it is ready.</summary>
    private async Task<Process> StartAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "LightReasoner.DevCluster"), arguments)
        {
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        processes.Add(process);
        var line = await process.StandardOutput.ReadLineAsync().WaitAsync(NodeScene.Bound);
        Assert.StartsWith("ready ", line);
        return process;
    }
}
