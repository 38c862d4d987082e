using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Client;
using LightReasoner.DevCluster.Json;
using Microsoft.Extensions.Logging;

namespace LightReasoner.DevCluster.Node;

/// <summary>The Node object: makes it, keeps its heartbeat, and reports the node not ready at the end.</summary>
internal sealed class NodeRegistration(ApiClient api, NodeOptions options, int port, ILogger log)
{
    private const string LeaseNamespace = "kube-node-lease";
    private const int LeaseSeconds = 40;
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(200);

    private readonly TimeProvider clock = options.Clock;
    private readonly IReadOnlyDictionary<string, string> capacity = Machine.Capacity(options);

    public static Dictionary<string, string> Labels(NodeOptions options)
    {
        var labels = new Dictionary<string, string>
        {
            ["kubernetes.io/hostname"] = options.Name,
            ["kubernetes.io/os"] = "linux",
            ["kubernetes.io/arch"] = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64",
        };
        foreach (var (key, value) in options.Labels) labels[key] = value;
        return labels;
    }

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

    /// <summary>Renews the lease (or, without its namespace, the status) until cancelled.</summary>
    public async Task BeatAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await RenewLease(cancel);
                // Deleted by hand: a node that lives comes back.
                await api.GetAsync(Resource.Nodes.Object(null, options.Name), cancel);
            }
            catch (ApiException e) when (e.NotFound)
            {
                await Write(ready: true, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e) when (e is ApiException or HttpRequestException or IOException)
            {
                log.LogDebug("heartbeat of node {Node}: {Message}", options.Name, e.Message);
            }
            catch (OperationCanceledException)
            {
                return;
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
                ["spec"] = new JsonObject(),
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
        var now = clock.GetUtcNow().ToKubernetesMicroTime();
        try
        {
            await api.PatchAsync(Resource.Leases.Object(LeaseNamespace, options.Name), new JsonObject
            {
                ["spec"] = new JsonObject { ["renewTime"] = now },
            }, PatchType.Merge, cancel);
            return;
        }
        catch (ApiException e) when (e.NotFound)
        {
            // The first beat.
        }
        try
        {
            await api.CreateAsync(Resource.Leases.Collection(LeaseNamespace), new JsonObject
            {
                ["apiVersion"] = "coordination.k8s.io/v1",
                ["kind"] = "Lease",
                ["metadata"] = new JsonObject { ["name"] = options.Name, ["namespace"] = LeaseNamespace },
                ["spec"] = new JsonObject { ["holderIdentity"] = options.Name,
                    ["leaseDurationSeconds"] = LeaseSeconds, ["renewTime"] = now },
            }, cancel);
        }
        catch (ApiException e) when (e.NotFound)
        {
            // A server without the namespace for node leases takes the heartbeat in the status.
            await Write(ready: true, cancel);
        }
    }

    private JsonObject Status(bool ready)
    {
        var now = clock.GetUtcNow().ToKubernetesTime();
        JsonObject Condition(string type, bool isTrue, string reason, string message) => new()
        {
            ["type"] = type,
            ["status"] = isTrue ? "True" : "False",
            ["lastHeartbeatTime"] = now,
            ["lastTransitionTime"] = now,
            ["reason"] = reason,
            ["message"] = message,
        };
        return new JsonObject
        {
            ["capacity"] = Map(capacity),
            ["allocatable"] = Map(capacity),
            ["conditions"] = new JsonArray(
                Condition("MemoryPressure", false, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                Condition("DiskPressure", false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                Condition("PIDPressure", false, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                ready ? Condition("Ready", true, "KubeletReady", "kubelet is posting ready status")
                    : Condition("Ready", false, "KubeletNotReady", "node is shutting down")),
            ["addresses"] = new JsonArray(
                new JsonObject { ["type"] = "InternalIP", ["address"] = PodStatus.NodeAddress },
                new JsonObject { ["type"] = "Hostname", ["address"] = options.Name }),
            ["daemonEndpoints"] = new JsonObject { ["kubeletEndpoint"] = new JsonObject { ["Port"] = port } },
            ["nodeInfo"] = new JsonObject
            {
                ["machineID"] = "",
                ["systemUUID"] = "",
                ["bootID"] = "",
                ["kernelVersion"] = Environment.OSVersion.Version.ToString(),
                ["osImage"] = RuntimeInformation.OSDescription,
                ["containerRuntimeVersion"] = "process://1.0.0",
                ["kubeletVersion"] = "v1.36.2",
                ["kubeProxyVersion"] = "",
                ["operatingSystem"] = "linux",
                ["architecture"] = Labels(options)["kubernetes.io/arch"],
            },
        };
    }

    private static JsonObject Map(IEnumerable<KeyValuePair<string, string>> entries) =>
        new(entries.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)e.Value)));
}
