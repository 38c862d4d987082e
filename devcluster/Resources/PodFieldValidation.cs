using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Resources;

/// <summary>The checks of what a pod says of its node, its volumes' sources, its containers' resources, probes and references to fields.</summary>
internal static class PodFieldValidation
{
    private const long MaxId = int.MaxValue;

    private static readonly string[] Fields =
        ["metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs", "metadata.labels", "metadata.annotations"];

    public static IEnumerable<FieldError> Spec(JsonObject spec, string path)
    {
        var errors = new List<FieldError>();
        for (var i = 0; i < (spec.ArrayAt("volumes")?.Count ?? 0); i++)
        {
            // The first source counts, any other is one too many.
            foreach (var (source, _) in (spec.ArrayAt("volumes")![i] as JsonObject ?? []).Where(p => p.Key != "name" && p.Value is not null).Skip(1))
                errors.Add(FieldError.Forbidden($"{path}.volumes[{i}].{source}", "may not specify more than 1 volume type"));
        }

        foreach (var (key, value) in spec.ObjectAt("nodeSelector") ?? [])
        {
            errors.AddRange(Names.QualifiedName(key).Select(problem => FieldError.Invalid($"{path}.nodeSelector", key, problem)));
            errors.AddRange(Names.LabelValue(value.AsString() ?? "").Select(problem => FieldError.Invalid($"{path}.nodeSelector", value, problem)));
        }

        Tolerations(spec, path, errors);
        if (spec.At("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution") is JsonObject required && required.ArrayAt("nodeSelectorTerms") is null or { Count: 0 })
            errors.Add(FieldError.Required($"{path}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms", "must have at least one node selector term"));
        Ids(spec.ObjectAt("securityContext"), $"{path}.securityContext", ["runAsUser", "runAsGroup", "fsGroup"], errors);
        foreach (var list in new[] { "initContainers", "containers" })
        {
            for (var i = 0; i < (spec.ArrayAt(list)?.Count ?? 0); i++)
            {
                if (spec.ArrayAt(list)![i] is JsonObject container)
                    Container(container, $"{path}.{list}[{i}]", errors);
            }
        }

        return errors;
    }

    private static void Tolerations(JsonObject spec, string path, List<FieldError> errors)
    {
        for (var i = 0; i < (spec.ArrayAt("tolerations")?.Count ?? 0); i++)
        {
            var toleration = spec.ArrayAt("tolerations")![i];
            var at = $"{path}.tolerations[{i}]";
            string key = toleration.StringAt("key") ?? "", effect = toleration.StringAt("effect") ?? "";
            if (key.Length > 0)
                errors.AddRange(Names.QualifiedName(key).Select(problem => FieldError.Invalid($"{at}.key", key, problem)));
            if (key.Length == 0 && toleration.StringAt("operator") != "Exists")
                errors.Add(FieldError.Invalid($"{at}.operator", toleration.StringAt("operator") ?? "", "operator must be Exists when `key` is empty, which means \"match all values and all keys\""));
            if (toleration.At("tolerationSeconds") is not null && effect != "NoExecute")
                errors.Add(FieldError.Invalid($"{at}.effect", effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
            switch (toleration.StringAt("operator"))
            {
                case null or "" or "Equal":
                    errors.AddRange(Names.LabelValue(toleration.StringAt("value") ?? "").Select(problem => FieldError.Invalid($"{at}.operator", toleration.StringAt("value"), problem)));
                    break;
                case "Exists":
                    if (toleration.StringAt("value") is { Length: > 0 })
                        errors.Add(FieldError.Invalid($"{at}.operator", toleration?.DeepClone(), "value must be empty when `operator` is 'Exists'"));
                    break;
                case { } other:
                    errors.Add(FieldError.NotSupported($"{at}.operator", other, "Equal", "Exists"));
                    break;
            }

            if (effect is not ("" or "NoSchedule" or "PreferNoSchedule" or "NoExecute"))
                errors.Add(FieldError.NotSupported($"{at}.effect", effect, "NoExecute", "NoSchedule", "PreferNoSchedule"));
        }
    }

    private static void Container(JsonObject container, string path, List<FieldError> errors)
    {
        foreach (var kind in new[] { "limits", "requests" })
        {
            foreach (var (resource, amount) in container.ObjectAt("resources", kind) ?? [])
            {
                if (Quantity.Parse(amount.AsString() ?? amount.Text()) is < 0)
                    errors.Add(FieldError.Invalid($"{path}.resources.{kind}[{resource}]", amount, "must be greater than or equal to 0"));
                // Devices are whole, and what is asked for is what is given.
                if (resource.Contains('/') && kind == "requests" && container.At("resources", "limits", resource) is null)
                    errors.Add(FieldError.Required($"{path}.resources.limits", "Limit must be set for non overcommitable resources"));
            }
        }

        foreach (var probe in new[] { "livenessProbe", "readinessProbe", "startupProbe" })
        {
            if (container[probe] is JsonObject p && !p.Any(field => field.Key is "exec" or "httpGet" or "tcpSocket" or "grpc"))
                errors.Add(FieldError.Required($"{path}.{probe}", "must specify a handler type"));
        }

        Ids(container.ObjectAt("securityContext"), $"{path}.securityContext", ["runAsUser", "runAsGroup"], errors);
        for (var i = 0; i < (container.ArrayAt("env")?.Count ?? 0); i++)
        {
            var field = container.ArrayAt("env")![i].StringAt("valueFrom", "fieldRef", "fieldPath");
            if (field is not null && !Fields.Contains(field.Split('[')[0]))
                errors.Add(FieldError.Invalid($"{path}.env[{i}].valueFrom.fieldRef.fieldPath", field, $"error converting fieldPath: field label not supported: {field}"));
        }
    }

    private static void Ids(JsonObject? context, string path, string[] fields, List<FieldError> errors)
    {
        foreach (var field in fields)
        {
            if (context.LongAt(field) is { } id and (< 0 or > MaxId))
                errors.Add(FieldError.Invalid($"{path}.{field}", id, $"must be between 0 and {MaxId}, inclusive"));
        }
    }
}
