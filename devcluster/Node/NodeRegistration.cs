using System.Runtime.InteropServices;

namespace LightReasoner.DevCluster.Node;

/// <summary>The Node object: makes it, keeps its heartbeat, and reports the node not ready at the end.</summary>
internal sealed class NodeRegistration(ApiClient api, NodeOptions options, int port, ILogger log)
{
    private const string LeaseNamespace = "kube-node-lease";
    private const int LeaseSeconds = 40;
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(200);

    private readonly TimeProvider clock = options.Clock;

    public static Dictionary<string, string> Labels(NodeOptions options) => new()
    {
        ["kubernetes.io/hostname"] = options.Name,
        ["kubernetes.io/os"] = "linux",
        ["kubernetes.io/arch"] = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64",
    };

    /// <summary>The machine's resources as Kubernetes quantities.</summary>
    public static Dictionary<string, string> Capacity(NodeOptions options) => new()
    {
        ["cpu"] = $"{Environment.ProcessorCount}",
        ["memory"] = $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1024}Ki",
        ["ephemeral-storage"] = $"{new DriveInfo(Directory.CreateDirectory(options.DataDirectory).FullName).TotalSize / 1024}Ki",
        ["pods"] = $"{options.MaxPods}",
    };

    /// <summary>Registers, trying until the API server answers.</summary>
    public async Task RegisterAsync(CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await Write(ready: true, cancel);
                return;
            }
            catch (Exception e) when (e is ApiException or HttpRequestException or IOException)
            {
                log.LogWarning("node {Node} cannot register: {Message}", options.Name, e.Message);
                await Task.Delay(Retry, clock, cancel);
            }
        }
    }

    /// <summary>Renews the lease until cancelled.</summary>
    public async Task BeatAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await RenewLease(cancel);
            }
            catch (Exception e) when (e is ApiException or HttpRequestException or IOException or OperationCanceledException)
            {
                log.LogDebug("heartbeat of node {Node}: {Message}", options.Name, e.Message);
            }
            await Task.Delay(Beat, clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public Task ReportNotReadyAsync(CancellationToken cancel) => Write(ready: false, cancel);

    private async Task Write(bool ready, CancellationToken cancel)
    {
        try
        {
            await api.CreateAsync(Resource.Nodes.Collection(), new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Node",
                ["metadata"] = new JsonObject { ["name"] = options.Name, ["labels"] = Map(Labels(options)) },
            }, cancel);
        }
        catch (ApiException e) when (e.Conflict)
        {
            // It is there from an earlier run.
        }
        await api.PatchAsync(Resource.Nodes.Object(null, options.Name, "status"), new JsonObject { ["status"] = Status(ready) },
            PatchType.Strategic, cancel);
    }

    private async Task RenewLease(CancellationToken cancel)
    {
        var spec = new JsonObject
        {
            ["holderIdentity"] = options.Name,
            ["leaseDurationSeconds"] = LeaseSeconds,
            ["renewTime"] = clock.GetUtcNow().ToKubernetesMicroTime(),
        };
        var lease = new JsonObject
        {
            ["apiVersion"] = "coordination.k8s.io/v1",
            ["kind"] = "Lease",
            ["metadata"] = new JsonObject { ["name"] = options.Name },
            ["spec"] = spec,
        };
        try
        {
            await api.PatchAsync(Resource.Leases.Object(LeaseNamespace, options.Name), lease, PatchType.Merge, cancel);
        }
        catch (ApiException e) when (e.NotFound)
        {
            await api.CreateAsync(Resource.Leases.Collection(LeaseNamespace), lease, cancel);
        }
    }

    private JsonObject Status(bool ready)
    {
        var now = clock.GetUtcNow().ToKubernetesTime();
        return new JsonObject
        {
            ["capacity"] = Map(Capacity(options)),
            ["allocatable"] = Map(Capacity(options)),
            ["conditions"] = new JsonArray(new JsonObject
            {
                ["type"] = "Ready",
                ["status"] = ready ? "True" : "False",
                ["lastHeartbeatTime"] = now,
                ["lastTransitionTime"] = now,
                ["reason"] = ready ? "KubeletReady" : "KubeletNotReady",
                ["message"] = ready ? "kubelet is posting ready status" : "node is shutting down",
            }),
            // No Hostname: an API server would ask it for logs first, and no resolver knows the node's name.
            ["addresses"] = new JsonArray(new JsonObject { ["type"] = "InternalIP", ["address"] = PodStatus.NodeAddress }),
            ["daemonEndpoints"] = new JsonObject { ["kubeletEndpoint"] = new JsonObject { ["Port"] = port } },
            ["nodeInfo"] = new JsonObject
            {
                ["kernelVersion"] = Environment.OSVersion.Version.ToString(),
                ["osImage"] = RuntimeInformation.OSDescription,
                ["containerRuntimeVersion"] = "process://1.0.0",
                ["kubeletVersion"] = "v1.36.2",
                ["operatingSystem"] = "linux",
                ["architecture"] = Labels(options)["kubernetes.io/arch"],
            },
        };
    }

    private static JsonObject Map(IEnumerable<KeyValuePair<string, string>> entries) =>
        new(entries.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)e.Value)));
}
