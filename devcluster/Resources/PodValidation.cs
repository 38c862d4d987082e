using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Resources;

/// <summary>The checks of pods and pod templates.</summary>
internal static partial class PodValidation
{
    [GeneratedRegex("^[-._a-zA-Z][-._a-zA-Z0-9]*\\z")]
    private static partial Regex EnvName();

    private const string PodFields = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    /// <param name="spec">The pod spec.</param>
    /// <param name="path">Its path.</param>
    /// <param name="restartPolicies">Allowed restart policies, null for all of them.</param>
    public static IEnumerable<FieldError> Spec(JsonObject spec, string path, string[]? restartPolicies)
    {
        var errors = new List<FieldError>();
        var volumes = Volumes(spec, path, errors);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var list in new[] { "initContainers", "containers" })
        {
            var containers = spec.ArrayAt(list);
            if (list == "containers" && containers is null or { Count: 0 })
                errors.Add(FieldError.Required($"{path}.containers"));
            for (var i = 0; i < (containers?.Count ?? 0); i++)
            {
                if (containers![i] is JsonObject c)
                    Container(c, $"{path}.{list}[{i}]", names, volumes, errors);
            }
        }

        var policy = spec.StringAt("restartPolicy") ?? "";
        if (policy is not ("Always" or "OnFailure" or "Never"))
            errors.Add(policy.Length == 0 ? FieldError.Required($"{path}.restartPolicy") : FieldError.NotSupported($"{path}.restartPolicy", policy, "Always", "OnFailure", "Never"));
        if (spec.StringAt("dnsPolicy") is { } dns and not ("ClusterFirstWithHostNet" or "ClusterFirst" or "Default" or "None"))
            errors.Add(FieldError.NotSupported($"{path}.dnsPolicy", dns, "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"));
        if (spec.LongAt("activeDeadlineSeconds") is < 1)
            errors.Add(FieldError.Invalid($"{path}.activeDeadlineSeconds", spec["activeDeadlineSeconds"], "must be between 1 and 2147483647, inclusive"));
        errors.AddRange(PodFieldValidation.Spec(spec, path));
        return errors;
    }

    private static HashSet<string> Volumes(JsonObject spec, string path, List<FieldError> errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var volumes = spec.ArrayAt("volumes");
        for (var i = 0; i < (volumes?.Count ?? 0); i++)
        {
            var name = volumes![i].StringAt("name") ?? "";
            var field = $"{path}.volumes[{i}].name";
            if (name.Length == 0)
                errors.Add(FieldError.Required(field));
            else if (!Names.IsLabel(name))
                errors.AddRange(Names.Label(name, field));
            else if (!names.Add(name))
                errors.Add(FieldError.Duplicate(field, name));
            names.Add(name);
        }

        return names;
    }

    private static void Container(JsonObject c, string path, HashSet<string> names, HashSet<string> volumes, List<FieldError> errors)
    {
        var name = c.StringAt("name") ?? "";
        if (name.Length == 0)
            errors.Add(FieldError.Required($"{path}.name"));
        else if (!Names.IsLabel(name))
            errors.AddRange(Names.Label(name, $"{path}.name"));
        else if (!names.Add(name))
            errors.Add(FieldError.Duplicate($"{path}.name", name));
        if (c.StringAt("image") is null or "")
            errors.Add(FieldError.Required($"{path}.image"));
        Ports(c, path, errors);
        Environment(c, path, errors);
        var mounts = c.ArrayAt("volumeMounts");
        var points = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (mounts?.Count ?? 0); i++)
        {
            var volume = mounts![i].StringAt("name") ?? "";
            if (volume.Length == 0)
                errors.Add(FieldError.Required($"{path}.volumeMounts[{i}].name"));
            if (!volumes.Contains(volume))
                errors.Add(FieldError.NotFound($"{path}.volumeMounts[{i}].name", volume));
            var point = mounts[i].StringAt("mountPath") ?? "";
            if (point.Length == 0)
                errors.Add(FieldError.Required($"{path}.volumeMounts[{i}].mountPath"));
            else if (!points.Add(point))
                errors.Add(FieldError.Invalid($"{path}.volumeMounts[{i}].mountPath", point, "must be unique"));
        }

        if (c.StringAt("imagePullPolicy") is { } pull and not ("Always" or "IfNotPresent" or "Never"))
            errors.Add(FieldError.NotSupported($"{path}.imagePullPolicy", pull, "Always", "IfNotPresent", "Never"));
        foreach (var (resource, limit) in c.ObjectAt("resources", "limits") ?? [])
        {
            var request = c.At("resources", "requests", resource);
            if (request is not null && Quantity.Parse(request.AsString() ?? request.Text()) > Quantity.Parse(limit.AsString() ?? limit.Text()))
                errors.Add(FieldError.Invalid($"{path}.resources.requests", request, $"must be less than or equal to {resource} limit of {limit.AsString() ?? limit.Text()}"));
        }
    }

    private static void Ports(JsonObject c, string path, List<FieldError> errors)
    {
        var ports = c.ArrayAt("ports");
        for (var i = 0; i < (ports?.Count ?? 0); i++)
        {
            if (ports![i].LongAt("containerPort") is not { } port || port == 0)
                errors.Add(FieldError.Required($"{path}.ports[{i}].containerPort"));
            else if (port is < 1 or > 65535)
                errors.Add(FieldError.Invalid($"{path}.ports[{i}].containerPort", port, "must be between 1 and 65535, inclusive"));
            if (ports[i].StringAt("protocol") is { } protocol and not ("TCP" or "UDP" or "SCTP"))
                errors.Add(FieldError.NotSupported($"{path}.ports[{i}].protocol", protocol, "SCTP", "TCP", "UDP"));
        }
    }

    private static void Environment(JsonObject c, string path, List<FieldError> errors)
    {
        var variables = c.ArrayAt("env");
        for (var i = 0; i < (variables?.Count ?? 0); i++)
        {
            var name = variables![i].StringAt("name") ?? "";
            if (name.Length == 0)
                errors.Add(FieldError.Required($"{path}.env[{i}].name"));
            else if (name.Any(ch => ch is < ' ' or > '~' or '='))
                errors.Add(FieldError.Invalid($"{path}.env[{i}].name", name, "a valid environment variable name must consist only of printable ASCII characters other than '='"));
            if (variables[i].StringAt("value") is { Length: > 0 } && variables[i].At("valueFrom") is not null)
                errors.Add(FieldError.Invalid($"{path}.env[{i}].valueFrom", "", "may not be specified when `value` is not empty"));
        }
    }

    public static IEnumerable<FieldError> Update(JsonObject o, JsonObject old)
    {
        var errors = new List<FieldError>();
        foreach (var list in new[] { "containers", "initContainers" })
        {
            if ((o.ArrayAt("spec", list)?.Count ?? 0) != (old.ArrayAt("spec", list)?.Count ?? 0))
            {
                errors.Add(FieldError.Forbidden($"spec.{list}", "pod updates may not add or remove containers"));
                return errors;
            }
        }

        var deadline = o.LongAt("spec", "activeDeadlineSeconds");
        if (old.LongAt("spec", "activeDeadlineSeconds") is { } before && (deadline is null || deadline > before))
        {
            errors.Add(deadline is null
                ? FieldError.Invalid("spec.activeDeadlineSeconds", null, "must not update from a positive integer to nil value")
                : FieldError.Invalid("spec.activeDeadlineSeconds", deadline, "must be less than or equal to previous value"));
        }

        for (var i = 0; i < (o.ArrayAt("spec", "containers")?.Count ?? 0); i++)
        {
            if (o.ArrayAt("spec", "containers")![i].StringAt("image") is null or "")
                errors.Add(FieldError.Required($"spec.containers[{i}].image"));
        }

        errors.AddRange(TolerationsUpdate(o, old));
        if (!JsonAccess.Same(Comparable(o, old), old["spec"]))
            errors.Add(FieldError.Forbidden("spec", PodFields));
        return errors;
    }

    private static IEnumerable<FieldError> TolerationsUpdate(JsonObject o, JsonObject old)
    {
        var now = o.ArrayAt("spec", "tolerations") ?? [];
        foreach (var was in old.ArrayAt("spec", "tolerations") ?? [])
        {
            if (!now.Any(t => JsonAccess.Same(Without(t, "tolerationSeconds"), Without(was, "tolerationSeconds"))))
            {
                yield return FieldError.Forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds");
                yield break;
            }
        }
    }

    private static JsonNode? Without(JsonNode? node, string key)
    {
        var copy = (JsonObject?)node?.DeepClone();
        copy?.Remove(key);
        return copy;
    }

    // The new spec with everything that may change taken from the old one.
    private static JsonObject Comparable(JsonObject o, JsonObject old)
    {
        var spec = (o.ObjectAt("spec") ?? []).Copy();
        foreach (var list in new[] { "containers", "initContainers" })
        {
            for (var i = 0; i < (spec.ArrayAt(list)?.Count ?? 0); i++)
            {
                if (old.ArrayAt("spec", list)![i].At("image") is { } image)
                    spec[list]![i]!["image"] = image.DeepClone();
            }
        }

        spec.SetOrRemove("activeDeadlineSeconds", old.At("spec", "activeDeadlineSeconds")?.DeepClone());
        spec.SetOrRemove("tolerations", old.At("spec", "tolerations")?.DeepClone());
        if (old.LongAt("spec", "terminationGracePeriodSeconds") is < 0 && spec.LongAt("terminationGracePeriodSeconds") == 1)
            spec["terminationGracePeriodSeconds"] = old.At("spec", "terminationGracePeriodSeconds")!.DeepClone();
        if (old.ArrayAt("spec", "schedulingGates") is { Count: > 0 } gates)
            spec["schedulingGates"] = gates.DeepClone();
        return spec;
    }

    public static IEnumerable<FieldError> Status(JsonObject o, JsonObject old)
    {
        var before = old.ArrayAt("status", "containerStatuses") ?? [];
        var now = o.ArrayAt("status", "containerStatuses") ?? [];
        if (o.StringAt("spec", "restartPolicy") is not ("Never" or "OnFailure"))
            yield break;
        for (var i = 0; i < now.Count; i++)
        {
            var was = before.FirstOrDefault(b => b.StringAt("name") == now[i].StringAt("name"));
            var exit = was.LongAt("state", "terminated", "exitCode");
            if (exit is null || now[i].At("state", "terminated") is not null)
                continue;
            if (o.StringAt("spec", "restartPolicy") == "Never" || exit == 0)
                yield return FieldError.Forbidden($"status.containerStatuses[{i}].state", "may not be transitioned to non-terminated state");
        }
    }
}
