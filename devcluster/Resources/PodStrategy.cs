using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

internal sealed class PodStrategy : ResourceStrategy
{
    public override bool HasGeneration => true;

    public override bool DeleteReturnsObject => true;

    public override IReadOnlyList<string> SelectableFields { get; } =
        ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName"];

    public override IReadOnlyList<Column> Columns => PodTable.Columns;

    public override JsonArray Cells(JsonObject o, DateTimeOffset now) => PodTable.Cells(o, now);

    public override string? Field(JsonObject o, string label)
        => label == "spec.hostNetwork" ? (o.BoolAt("spec", "hostNetwork") ? "true" : "false") : base.Field(o, label);

    public override void SetDefaults(JsonObject o)
    {
        PodDefaults.Apply(o.Ensure("spec"), isPod: true);
        foreach (var list in new[] { "containerStatuses", "initContainerStatuses" })
        {
            foreach (var container in o.ArrayAt("status", list)?.OfType<JsonObject>() ?? [])
                container.Default("lastState", new JsonObject());
        }

        foreach (var condition in o.ArrayAt("status", "conditions")?.OfType<JsonObject>() ?? [])
        {
            foreach (var time in new[] { "lastProbeTime", "lastTransitionTime" })
            {
                if (!condition.ContainsKey(time))
                    condition[time] = null;
            }
        }
    }

    public override void PrepareCreate(JsonObject o)
    {
        var spec = o.Ensure("spec");
        // What the default admission plugins add.
        spec.Default("priority", 0);
        spec.Default("preemptionPolicy", "PreemptLowerPriority");
        AddTolerations(spec);
        o["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = QosClass(spec) };
    }

    public override void PrepareUpdate(JsonObject o, JsonObject old) => AddTolerations(o.Ensure("spec"));

    private static void AddTolerations(JsonObject spec)
    {
        if (spec["tolerations"] is not JsonArray tolerations)
            spec["tolerations"] = tolerations = [];
        foreach (var key in new[] { "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable" })
        {
            if (!tolerations.Any(t => t.StringAt("key") == key || (t.StringAt("key") is null or "" && t.StringAt("operator") == "Exists")))
                tolerations.Add(new JsonObject { ["key"] = key, ["operator"] = "Exists", ["effect"] = "NoExecute", ["tolerationSeconds"] = 300 });
        }
    }

    public override JsonObject PrepareStatusUpdate(JsonObject o, JsonObject old)
    {
        // The status of a pod carries labels and annotations with it, but neither spec nor owners.
        var result = o.Copy();
        result["spec"] = old["spec"]?.DeepClone();
        result.Metadata().SetOrRemove("ownerReferences", old.At("metadata", "ownerReferences")?.DeepClone());
        if (result["status"] is JsonObject status)
            status.Default("qosClass", old.At("status", "qosClass")?.DeepClone());
        return result;
    }

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o) => PodValidation.Spec(o.ObjectAt("spec") ?? [], "spec", null);

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old) => PodValidation.Update(o, old);

    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonObject o, JsonObject old) => PodValidation.Status(o, old);

    public override long? GracePeriod(JsonObject o, long? requested)
    {
        // Only a pod that a kubelet may be running has to be waited for.
        if (o.StringAt("spec", "nodeName") is not { Length: > 0 } || o.StringAt("status", "phase") is "Succeeded" or "Failed")
            return 0;
        var period = requested ?? o.LongAt("spec", "terminationGracePeriodSeconds") ?? 30;
        return period < 0 ? 1 : period;
    }

    private static string QosClass(JsonObject spec)
    {
        bool any = false, guaranteed = true;
        foreach (var c in (spec.ArrayAt("containers") ?? []).Concat(spec.ArrayAt("initContainers") ?? []))
        {
            foreach (var resource in new[] { "cpu", "memory" })
            {
                var limit = c.StringAt("resources", "limits", resource);
                var request = c.StringAt("resources", "requests", resource);
                any |= limit is not null || request is not null;
                guaranteed &= limit is not null && request == limit;
            }
        }

        return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
    }
}
