using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

/// <summary>What <c>kubectl get pods</c> shows.</summary>
internal static class PodTable
{
    public static readonly IReadOnlyList<Column> Columns =
    [
        Column.NameColumn,
        new("Ready", Description: "The aggregate readiness state of this pod for accepting traffic."),
        new("Status", Description: "The aggregate status of the containers in this pod."),
        new("Restarts", Description: "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted."),
        Column.Age,
        new("IP", Description: "podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.", Priority: 1),
        new("Node", Description: "NodeName indicates in which node this pod is scheduled. If empty, this pod is a candidate for scheduling by the scheduler defined in schedulerName. Once this field is set, the kubelet for this node becomes responsible for the lifecycle of this pod. This field should not be used to express a desire for the pod to be scheduled on a specific node. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename", Priority: 1),
        new("Nominated Node", Description: "nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be scheduled right away as preemption victims receive their graceful termination periods. This field does not guarantee that the pod will be scheduled on this node. Scheduler may decide to place the pod elsewhere if other nodes become available sooner. Scheduler may also decide to give the resources on this node to a higher priority pod that is created after preemption. As a result, this field may be different than PodSpec.nodeName when the pod is scheduled.", Priority: 1),
        new("Readiness Gates", Description: "If specified, all readiness gates will be evaluated for pod readiness. A pod is ready when all its containers are ready AND all conditions specified in the readiness gates have status equal to \"True\" More info: https://git.k8s.io/enhancements/keps/sig-network/580-pod-readiness-gates", Priority: 1),
    ];

    public static JsonArray Cells(JsonObject o, DateTimeOffset now)
    {
        var statuses = (o.ArrayAt("status", "containerStatuses") ?? []).OfType<JsonObject>().ToList();
        var total = o.ArrayAt("spec", "containers")?.Count ?? 0;
        var ready = statuses.Count(s => s.BoolAt("ready") && s.At("state", "running") is not null);
        var restarts = statuses.Sum(s => s.LongAt("restartCount") ?? 0);
        var (text, initRestarts) = Status(o, statuses);
        if (initRestarts is { } init)
            restarts = init;
        var last = statuses.Select(s => s.StringAt("lastState", "terminated", "finishedAt")).OfType<string>().Max(StringComparer.Ordinal);
        return
        [
            o.Name(),
            $"{ready}/{total}",
            text,
            restarts > 0 && last is not null ? $"{restarts} ({TableText.Since(last, now)} ago)" : restarts.ToString(CultureInfo.InvariantCulture),
            TableText.Age(o, now),
            o.StringAt("status", "podIP") is { Length: > 0 } ip ? ip : "<none>",
            o.StringAt("spec", "nodeName") is { Length: > 0 } node ? node : "<none>",
            o.StringAt("status", "nominatedNodeName") is { Length: > 0 } nominated ? nominated : "<none>",
            ReadinessGates(o),
        ];
    }

    private static string ReadinessGates(JsonObject o)
    {
        if (o.ArrayAt("spec", "readinessGates") is not { Count: > 0 } gates)
            return "<none>";
        var conditions = o.ArrayAt("status", "conditions") ?? [];
        var met = gates.Count(g => conditions.Any(c => c.StringAt("type") == g.StringAt("conditionType") && c.StringAt("status") == "True"));
        return $"{met}/{gates.Count}";
    }

    private static (string Text, long? InitRestarts) Status(JsonObject o, List<JsonObject> statuses)
    {
        var reason = o.StringAt("status", "reason") is { Length: > 0 } given ? given : o.StringAt("status", "phase") ?? "";
        if ((o.ArrayAt("status", "conditions") ?? []).Any(c => c.StringAt("type") == "PodScheduled" && c.StringAt("reason") == "SchedulingGated"))
            reason = "SchedulingGated";
        long? initRestarts = null;
        var initializing = false;
        var inits = (o.ArrayAt("status", "initContainerStatuses") ?? []).OfType<JsonObject>().ToList();
        for (var i = 0; i < inits.Count && !initializing; i++)
        {
            initRestarts = (initRestarts ?? 0) + (inits[i].LongAt("restartCount") ?? 0);
            if (inits[i].ObjectAt("state", "terminated") is { } done)
            {
                if (done.LongAt("exitCode") == 0)
                    continue;
                reason = "Init:" + Terminated(done);
            }
            else if (inits[i].StringAt("state", "waiting", "reason") is { Length: > 0 } waiting && waiting != "PodInitializing")
            {
                reason = "Init:" + waiting;
            }
            else
            {
                reason = $"Init:{i}/{o.ArrayAt("spec", "initContainers")?.Count ?? 0}";
            }

            initializing = true;
        }

        if (!initializing)
        {
            initRestarts = null;
            var running = false;
            for (var i = statuses.Count - 1; i >= 0; i--)
            {
                var state = statuses[i]["state"];
                if (state.StringAt("waiting", "reason") is { Length: > 0 } waiting)
                    reason = waiting;
                else if (state.ObjectAt("terminated") is { } done)
                    reason = Terminated(done);
                else if (statuses[i].BoolAt("ready") && state.At("running") is not null)
                    running = true;
            }

            if (reason == "Completed" && running)
                reason = (o.ArrayAt("status", "conditions") ?? []).Any(c => c.StringAt("type") == "Ready" && c.StringAt("status") == "True") ? "Running" : "NotReady";
        }

        if (o.IsDeleting())
            reason = o.StringAt("status", "reason") == "NodeLost" ? "Unknown" : o.StringAt("status", "phase") is "Succeeded" or "Failed" ? reason : "Terminating";
        return (reason, initRestarts);
    }

    private static string Terminated(JsonObject done)
        => done.StringAt("reason") is { Length: > 0 } reason ? reason
            : done.LongAt("signal") is { } signal and not 0 ? $"Signal:{signal}"
            : $"ExitCode:{done.LongAt("exitCode") ?? 0}";
}
