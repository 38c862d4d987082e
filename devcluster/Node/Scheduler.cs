using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using LightReasoner.DevCluster.Client;
using LightReasoner.DevCluster.Json;
using Microsoft.Extensions.Logging;

namespace LightReasoner.DevCluster.Node;

/// <summary>Binds Pods without a node to this node when they fit, and says why when they do not.</summary>
internal sealed class Scheduler(
    ApiClient api, string nodeName, IReadOnlyDictionary<string, string> labels, IReadOnlyDictionary<string, decimal> capacity,
    EventRecorder events, TimeProvider clock, ILogger log)
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(500);

    private readonly Channel<string> queue = Channel.CreateUnbounded<string>();
    private readonly ConcurrentDictionary<string, JsonObject> pending = new();
    private readonly Ledger ledger = new(capacity);

    /// <summary>The node is cordoned: nothing new comes.</summary>
    public bool Unschedulable { get; set; }

    public decimal Capacity(string resource) => capacity.GetValueOrDefault(resource);

    public void Changed(Change change)
    {
        var (key, pod) = (change.Latest.Key(), change.New);
        if (pod is not null && Waits(pod))
        {
            pending[key] = pod;
            queue.Writer.TryWrite(key);
            return;
        }
        pending.TryRemove(key, out _);
        if (pod is not null && pod.Text("status", "phase") is not ("Succeeded" or "Failed"))
        {
            if (pod.Text("spec", "nodeName") == nodeName) ledger.Take(pod.Uid(), Placement.Requests(pod));
        }
        else if (ledger.Return(change.Latest.Uid()))
        {
            Retry();
        }
    }

    /// <summary>Room has come free: look at all Pods again that wait.</summary>
    public void Retry()
    {
        foreach (var key in pending.Keys) queue.Writer.TryWrite(key);
    }

    public async Task RunAsync(CancellationToken cancel)
    {
        try
        {
            while (await queue.Reader.WaitToReadAsync(cancel))
            {
                var keys = new HashSet<string>();
                while (queue.Reader.TryRead(out var key)) keys.Add(key);
                foreach (var key in keys)
                {
                    try
                    {
                        await Schedule(key, cancel);
                    }
                    catch (Exception e) when (e is ApiException or HttpRequestException or IOException)
                    {
                        log.LogDebug("scheduling Pod {Key}: {Message}; again later", key, e.Message);
                        _ = Task.Delay(Again, clock, cancel).ContinueWith(_ => queue.Writer.TryWrite(key), TaskScheduler.Default);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The end asked for.
        }
    }

    private static bool Waits(JsonObject pod) =>
        pod.Text("spec", "nodeName") is null or "" && pod.Text("metadata", "deletionTimestamp") is null
        && pod.Text("status", "phase") is null or "Pending"
        && pod.Text("spec", "schedulerName") is null or "default-scheduler" && !pod.Items("spec", "schedulingGates").Any();

    private async Task Schedule(string key, CancellationToken cancel)
    {
        if (!pending.TryGetValue(key, out var pod)) return;
        if (Placement.Misfit(pod, labels, ledger.Free(), Unschedulable) is { } misfit)
        {
            await Refuse(pod, Placement.Message(misfit), cancel);
            return;
        }
        ledger.Take(pod.Uid(), Placement.Requests(pod));
        try
        {
            await Bind(pod, cancel);
            pending.TryRemove(KeyValuePair.Create(key, pod));
            events.Normal(pod, "Scheduled", $"Successfully assigned {key} to {nodeName}");
        }
        catch (Exception e) when (e is ApiException or HttpRequestException or IOException or OperationCanceledException)
        {
            ledger.Return(pod.Uid());
            // Bound elsewhere, or gone: the watch tells.
            if (e is not ApiException { Code: HttpStatusCode.Conflict or HttpStatusCode.NotFound }) throw;
            pending.TryRemove(KeyValuePair.Create(key, pod));
        }
    }

    private Task<JsonObject> Bind(JsonObject pod, CancellationToken cancel) =>
        api.CreateAsync(Resource.Pods.Object(pod.Namespace(), pod.Name(), "binding"), new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Binding",
            ["metadata"] = new JsonObject { ["name"] = pod.Name(), ["namespace"] = pod.Namespace(), ["uid"] = pod.Uid() },
            ["target"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = nodeName },
        }, cancel);

    private async Task Refuse(JsonObject pod, string message, CancellationToken cancel)
    {
        var known = pod.Items("status", "conditions").FirstOrDefault(c => c.Text("type") == "PodScheduled");
        if (known.Text("status") == "False" && known.Text("message") == message) return;
        events.Warning(pod, "FailedScheduling", message);
        try
        {
            await api.PatchAsync(Resource.Pods.Object(pod.Namespace(), pod.Name(), "status"), new JsonObject
            {
                ["metadata"] = new JsonObject { ["uid"] = pod.Uid() },
                ["status"] = new JsonObject
                {
                    ["conditions"] = new JsonArray(new JsonObject
                    {
                        ["type"] = "PodScheduled",
                        ["status"] = "False",
                        ["reason"] = "Unschedulable",
                        ["message"] = message,
                        ["lastProbeTime"] = null,
                        ["lastTransitionTime"] = known.Text("status") == "False" ? known.Text("lastTransitionTime")
                            : clock.GetUtcNow().ToKubernetesTime(),
                    }),
                },
            }, PatchType.Strategic, cancel);
        }
        catch (ApiException e) when (e.NotFound || e.Conflict)
        {
            // Gone meanwhile.
        }
    }
}
