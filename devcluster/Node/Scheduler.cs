namespace LightReasoner.DevCluster.Node;

/// <summary>Binds Pods without a node to this node when they fit, and says why when they do not.</summary>
internal sealed class Scheduler(ApiClient api, NodeOptions options, EventRecorder events, ILogger log)
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<string, decimal> capacity = NodeRegistration.Capacity(options)
        .ToDictionary(e => e.Key, e => Placement.Amount(e.Value));

    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(1);
    private readonly ConcurrentDictionary<string, JsonObject> pending = new();

    /// <summary>What the node's Pods have taken, by their uids.</summary>
    private readonly ConcurrentDictionary<string, Dictionary<string, decimal>> taken = new();

    public void Changed(Change change)
    {
        var (key, pod) = (change.Latest.Key(), change.New);
        if (pod is not null && Waits(pod))
        {
            pending[key] = pod;
            Wake();
            return;
        }
        pending.TryRemove(key, out _);
        if (pod is null || pod.Text("status", "phase") is "Succeeded" or "Failed")
        {
            if (taken.TryRemove(change.Latest.Uid(), out _)) Wake();
        }
        else if (pod.Text("spec", "nodeName") == options.Name)
        {
            taken[pod.Uid()] = Placement.Requests(pod);
        }
    }

    public async Task RunAsync(CancellationToken cancel)
    {
        try
        {
            while (await wake.Reader.WaitToReadAsync(cancel))
            {
                wake.Reader.TryRead(out _);
                foreach (var (key, pod) in pending.OrderBy(p => p.Value.Text("metadata", "creationTimestamp"), StringComparer.Ordinal))
                    await TrySchedule(key, pod, cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The end asked for.
        }
    }

    private void Wake() => wake.Writer.TryWrite(true);

    private static bool Waits(JsonObject pod) =>
        pod.Text("spec", "nodeName") is null or "" && !pod.IsDeleting() && pod.Text("status", "phase") is null or "Pending"
        && pod.Text("spec", "schedulerName") is null or "default-scheduler" && !pod.Items("spec", "schedulingGates").Any();

    private async Task TrySchedule(string key, JsonObject pod, CancellationToken cancel)
    {
        try
        {
            await Schedule(key, pod, cancel);
        }
        catch (ApiException e) when (e.NotFound || e.Conflict)
        {
            // Bound elsewhere, or gone: the watch tells.
            pending.TryRemove(KeyValuePair.Create(key, pod));
        }
        catch (Exception e) when (e is ApiException or HttpRequestException or IOException)
        {
            log.LogDebug("scheduling Pod {Key}: {Message}; again later", key, e.Message);
            _ = Task.Delay(Again, options.Clock, cancel).ContinueWith(_ => Wake(), TaskScheduler.Default);
        }
    }

    private async Task Schedule(string key, JsonObject pod, CancellationToken cancel)
    {
        var free = capacity.ToDictionary();
        foreach (var (resource, amount) in taken.Values.SelectMany(r => r)) free[resource] = free.GetValueOrDefault(resource) - amount;
        if (Placement.Misfit(pod, NodeRegistration.Labels(options), free) is { } misfit)
        {
            await Refuse(pod, $"0/1 nodes are available: {misfit}. preemption: 0/1 nodes are available: "
                + "1 Preemption is not helpful for scheduling.", cancel);
            return;
        }
        taken[pod.Uid()] = Placement.Requests(pod);
        try
        {
            await api.CreateAsync(Resource.Pods.Object(pod.Namespace(), pod.Name(), "binding"), new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Binding",
                ["metadata"] = new JsonObject { ["name"] = pod.Name(), ["namespace"] = pod.Namespace(), ["uid"] = pod.Uid() },
                ["target"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = options.Name },
            }, cancel);
        }
        catch
        {
            taken.TryRemove(pod.Uid(), out _);
            throw;
        }
        if (pending.TryGetValue(key, out var now) && now.Uid() == pod.Uid()) pending.TryRemove(KeyValuePair.Create(key, now));
        events.Normal(pod, "Scheduled", $"Successfully assigned {key} to {options.Name}");
    }

    private async Task Refuse(JsonObject pod, string message, CancellationToken cancel)
    {
        var known = pod.Condition("PodScheduled");
        if (known.Text("status") == "False" && known.Text("message") == message) return;
        events.Warning(pod, "FailedScheduling", message);
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
                        : options.Clock.GetUtcNow().ToKubernetesTime(),
                }),
            },
        }, PatchType.Strategic, cancel);
    }
}
