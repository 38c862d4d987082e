namespace LightReasoner.DevCluster.Node;

/// <summary>
/// What a Pod's status is made of: a snapshot, so that the status can be computed anywhere and tested alone. <c>Over</c>: the node has
/// decided that the Pod ends, and the phase is final whatever the containers say. <c>Reason</c>: why the node ended it
/// (DeadlineExceeded, Terminated). <c>Disruption</c>: a DisruptionTarget condition to set.
/// </summary>
internal sealed record PodFacts(
    JsonObject Pod, IReadOnlyList<ContainerRecord> Init, IReadOnlyList<ContainerRecord> Containers, DateTimeOffset StartTime,
    bool VolumesReady, bool Over, (string Reason, string Message)? Reason, (string Reason, string Message)? Disruption);

/// <summary>A Pod's status as a kubelet reports it: pure, from the records of its containers.</summary>
internal static class PodStatus
{
    public const string NodeAddress = "127.0.0.1";

    public static string Phase(PodFacts facts)
    {
        var policy = facts.Pod.Text("spec", "restartPolicy") ?? "Always";
        if (facts.Over)
            return facts.Reason is null && facts.Init.Concat(facts.Containers).All(c => c.Succeeded) ? "Succeeded" : "Failed";
        if (facts.Init.FirstOrDefault(c => !c.Succeeded) is { } init)
            return init.Ended is not null && policy == "Never" ? "Failed" : "Pending";
        // One that waits for its first start keeps the Pod pending; one that waits for a restart counts as ended.
        if (facts.Containers.Any(c => c is { Running: false, Ended: null, Last: null })) return "Pending";
        if (facts.Containers.Any(c => c.Running) || policy == "Always") return "Running";
        if (facts.Containers.All(c => c.Succeeded)) return "Succeeded";
        return policy == "Never" ? "Failed" : "Running";
    }

    /// <summary>The body of a strategic merge patch of pods/status.</summary>
    public static JsonObject Patch(PodFacts facts, DateTimeOffset now)
    {
        var phase = Phase(facts);
        var over = phase is "Succeeded" or "Failed";
        var status = new JsonObject
        {
            ["phase"] = phase,
            ["conditions"] = Conditions(facts, phase, now).ToJsonArray(),
            ["hostIP"] = NodeAddress,
            ["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = NodeAddress }),
            ["startTime"] = facts.StartTime.ToKubernetesTime(),
            ["containerStatuses"] = facts.Containers.Select(c => c.ToJson(init: false)).ToJsonArray(),
        };
        if (facts.VolumesReady)
        {
            status["podIP"] = Loopback.OfPod(facts.Pod);
            status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = Loopback.OfPod(facts.Pod) });
        }
        if (facts.Init.Count > 0) status["initContainerStatuses"] = facts.Init.Select(c => c.ToJson(init: true)).ToJsonArray();
        if (over && facts.Reason is { } why)
        {
            status["reason"] = why.Reason;
            status["message"] = why.Message;
        }
        return new JsonObject { ["metadata"] = new JsonObject { ["uid"] = facts.Pod.Uid() }, ["status"] = status };
    }

    private static List<JsonObject> Conditions(PodFacts facts, string phase, DateTimeOffset now)
    {
        var ended = phase is "Succeeded" or "Failed";
        var unfinished = facts.Init.Where(c => !c.Succeeded).Select(c => c.Name).ToList();
        var unready = facts.Containers.Where(c => !c.Ready).Select(c => c.Name).ToList();
        var (notReady, message) = phase switch
        {
            "Succeeded" => ("PodCompleted", null),
            "Failed" => ("PodFailed", null),
            _ => ("ContainersNotReady", $"containers with unready status: [{string.Join(' ', unready)}]"),
        };
        var ready = !ended && unready.Count == 0 && unfinished.Count == 0;
        var conditions = new List<JsonObject>
        {
            Condition(facts, "PodReadyToStartContainers", facts.VolumesReady && !ended, null, null, now),
            Condition(facts, "Initialized", unfinished.Count == 0 || phase == "Succeeded",
                "ContainersNotInitialized", $"containers with incomplete status: [{string.Join(' ', unfinished)}]", now),
            Condition(facts, "Ready", ready, notReady, message, now),
            Condition(facts, "ContainersReady", ready, notReady, message, now),
            Condition(facts, "PodScheduled", true, null, null, now),
        };
        // A Pod that completes keeps Initialized true and says so.
        if (phase == "Succeeded") conditions[1]["reason"] = "PodCompleted";
        if (facts.Disruption is { } disruption)
        {
            var condition = Condition(facts, "DisruptionTarget", true, null, null, now);
            condition["reason"] = disruption.Reason;
            condition["message"] = disruption.Message;
            conditions.Add(condition);
        }
        return conditions;
    }

    /// <summary>A condition; reason and message go with False. It keeps its time while its status stays.</summary>
    private static JsonObject Condition(PodFacts facts, string type, bool isTrue, string? reason, string? message, DateTimeOffset now)
    {
        var status = isTrue ? "True" : "False";
        var before = facts.Pod.Items("status", "conditions").FirstOrDefault(c => c.Text("type") == type);
        var since = before.Text("status") == status ? before.Text("lastTransitionTime") : null;
        return new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = since ?? now.ToKubernetesTime(),
            // null takes away what an earlier patch has set.
            ["reason"] = isTrue ? null : reason,
            ["message"] = isTrue ? null : message,
        };
    }
}
