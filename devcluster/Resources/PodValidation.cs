namespace LightReasoner.DevCluster.Resources;

/// <summary>The checks of pods and pod templates: what a process runner would stumble over.</summary>
internal static class PodValidation
{
    public static IEnumerable<FieldError> Spec(JsonObject spec, string path)
    {
        var errors = new List<FieldError>();
        var volumes = new HashSet<string>(StringComparer.Ordinal);
        var containers = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (volume, i) in spec.Items("volumes").Select((v, i) => (v, i)))
            Name(volume, $"{path}.volumes[{i}].name", volumes, errors);
        foreach (var list in new[] { "initContainers", "containers" })
        {
            foreach (var (container, i) in spec.Items(list).Select((c, i) => (c, i)))
                Container(container, $"{path}.{list}[{i}]", containers, volumes, errors);
        }

        if (!spec.Items("containers").Any())
            errors.Add(FieldError.Required($"{path}.containers"));
        if (spec.Text("restartPolicy") is not ("Always" or "OnFailure" or "Never") and var policy)
            errors.Add(FieldError.NotSupported($"{path}.restartPolicy", policy ?? "", "Always", "OnFailure", "Never"));
        if (spec.Number("activeDeadlineSeconds") is < 1 and var seconds)
            errors.Add(FieldError.Invalid($"{path}.activeDeadlineSeconds", seconds, "must be between 1 and 2147483647, inclusive"));
        return errors;
    }

    /// <summary>Of the spec, images may change, and tolerations and the deadline.</summary>
    public static IEnumerable<FieldError> Update(JsonObject o, JsonObject old)
    {
        if (JsonAccess.Same(Fixed(o), Fixed(old)))
            return [];
        return [FieldError.Forbidden("spec", "pod updates may not change fields other than `spec.containers[*].image`,"
            + "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations`")];
    }

    private static JsonObject Fixed(JsonObject pod)
    {
        var spec = (pod.Map("spec") ?? []).Copy();
        foreach (var container in spec.Items("containers").Concat(spec.Items("initContainers")))
            container.Remove("image");
        foreach (var field in new[] { "activeDeadlineSeconds", "tolerations", "schedulingGates", "nodeName" })
            spec.Remove(field);
        spec["nodeName"] = pod.Text("spec", "nodeName") ?? "";
        return spec;
    }

    private static void Container(JsonObject c, string path, HashSet<string> containers, HashSet<string> volumes, List<FieldError> errors)
    {
        Name(c, $"{path}.name", containers, errors);
        if (c.Text("image") is null or "")
            errors.Add(FieldError.Required($"{path}.image"));
        foreach (var (port, i) in c.Items("ports").Select((p, i) => (p, i)))
        {
            if (port.Number("containerPort") is null or < 1 or > 65535)
                errors.Add(FieldError.Invalid($"{path}.ports[{i}].containerPort", port["containerPort"],
                    "must be between 1 and 65535, inclusive"));
        }

        foreach (var (mount, i) in c.Items("volumeMounts").Select((m, i) => (m, i)))
        {
            if (mount.Text("name") is var volume && !volumes.Contains(volume ?? ""))
                errors.Add(FieldError.NotFound($"{path}.volumeMounts[{i}].name", volume ?? ""));
            if (mount.Text("mountPath") is null or "")
                errors.Add(FieldError.Required($"{path}.volumeMounts[{i}].mountPath"));
        }
    }

    private static void Name(JsonObject named, string path, HashSet<string> taken, List<FieldError> errors)
    {
        var name = named.Text("name") ?? "";
        if (name.Length == 0)
            errors.Add(FieldError.Required(path));
        else if (Names.Label(name, path).ToList() is { Count: > 0 } problems)
            errors.AddRange(problems);
        else if (!taken.Add(name))
            errors.Add(FieldError.Duplicate(path, name));
    }
}
