namespace LightReasoner.DevCluster.Jobs;

/// <summary>The Pods that a Job's template makes.</summary>
internal static class JobPods
{
    private const int MaxPrefix = 58;

    /// <summary>
    /// A Pod to create: the template with owner, finalizer, and for an index its label, annotation, hostname and variable.
    /// <c>replaced</c> is the index's failed Pod, whose failure count the new one carries on.
    /// </summary>
    public static JsonObject Make(Job job, int index, Pod? replaced)
    {
        var template = (JsonObject)job.Template.DeepClone();
        var from = template.Map("metadata") ?? [];
        var metadata = new JsonObject { ["namespace"] = job.Namespace, ["generateName"] = Prefix(job.Name, index) };
        foreach (var field in (string[])["labels", "annotations"])
        {
            if (from.Map(field) is { Count: > 0 } map) metadata[field] = map.DeepClone();
        }
        metadata["finalizers"] = from.Strings("finalizers").Append(Pod.TrackingFinalizer).Distinct().ToJsonArray();
        metadata["ownerReferences"] = new JsonArray(job.Json.ToOwnerReference());
        var spec = (JsonObject)(template.Map("spec") ?? []).DeepClone();
        if (index != Pod.NoIndex)
        {
            metadata.Set($"{index}", "labels", Pod.IndexAnnotation);
            metadata.Set($"{index}", "annotations", Pod.IndexAnnotation);
            if (job.BackoffLimitPerIndex is not null) CarryFailures(metadata, job, replaced);
            spec["hostname"] = $"{job.Name}-{index}";
            foreach (var container in spec.Items("initContainers").Concat(spec.Items("containers"))) AddIndexVariable(container);
        }
        return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = metadata, ["spec"] = spec };
    }

    private static string Prefix(string name, int index)
    {
        if (index == Pod.NoIndex) return name + "-";
        var end = $"-{index}-";
        return (name.Length + end.Length > MaxPrefix ? name[..(MaxPrefix - end.Length)] : name) + end;
    }

    private static void CarryFailures(JsonObject metadata, Job job, Pod? replaced)
    {
        var (counted, ignored) = (replaced?.FailureCount ?? 0, replaced?.IgnoredFailureCount ?? 0);
        if (replaced is not null)
        {
            if (job.FailureCounts(replaced)) counted++;
            else ignored++;
        }
        metadata.Set($"{counted}", "annotations", Pod.FailureCountAnnotation);
        if (ignored > 0) metadata.Set($"{ignored}", "annotations", Pod.IgnoredFailureCountAnnotation);
    }

    private static void AddIndexVariable(JsonObject container)
    {
        const string Name = "JOB_COMPLETION_INDEX";
        if (container.Items("env").Any(e => e.Text("name") == Name)) return;
        if (container["env"] is not JsonArray env) container["env"] = env = [];
        env.Add(new JsonObject
        {
            ["name"] = Name,
            ["valueFrom"] = new JsonObject
            {
                ["fieldRef"] = new JsonObject { ["fieldPath"] = $"metadata.labels['{Pod.IndexAnnotation}']" },
            },
        });
    }
}
