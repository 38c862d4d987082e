using System.Diagnostics;
using KubeOps.KubernetesClient;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>
/// The embedded API server with its Job controller, as a process of its own, with our CRDs and without a node: the tests play the kubelet.
/// </summary>
public sealed class DevCluster : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("operator-tests-").FullName;
    private Process? process;

    public string Kubeconfig => Path.Combine(folder, "kubeconfig");

    internal IKubernetesClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory,
            "LightReasoner.DevCluster"))
        { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "up", "--kubeconfig", Kubeconfig, "--no-node", "--data", Path.Combine(folder, "data") })
            start.ArgumentList.Add(argument);
        process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        string? line;
        do
        {
            line = await process.StandardOutput.ReadLineAsync().WaitAsync(Until.Patience)
                ?? throw new InvalidOperationException("the devcluster ended before it was ready");
        }
        while (!line.StartsWith("ready", StringComparison.Ordinal));
        _ = process.StandardOutput.ReadToEndAsync();

        var config = KubernetesClientConfiguration.BuildConfigFromConfigFile(Kubeconfig);
        Client = new KubernetesClient(config, new Kubernetes(config));
        foreach (var file in Directory.GetFiles(Path.Combine(RepositoryFolder.Path, "crds"), "*.yaml"))
        {
            var crd = KubernetesYaml.Deserialize<V1CustomResourceDefinition>(await File.ReadAllTextAsync(file));
            await Client.CreateAsync(crd);
            await Until.HoldsAsync<V1CustomResourceDefinition>(Client, null, crd.Metadata.Name, c =>
                c?.Status?.Conditions?.Any(s => s is { Type: "Established", Status: "True" }) == true, "the CRD is served");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync().WaitAsync(Until.Patience);
        }
        process?.Dispose();
        Client?.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>One cluster for all classes of tests.</summary>
[CollectionDefinition(nameof(DevCluster))]
public sealed class DevClusterCollection : ICollectionFixture<DevCluster>;
