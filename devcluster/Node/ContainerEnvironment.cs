namespace LightReasoner.DevCluster.Node;

/// <summary>The variables of a container: a few of the machine's, those of the container runtime, and what the Pod declares.</summary>
internal static class ContainerEnvironment
{
    /// <summary>What a process needs of the machine it runs on; nothing else is inherited.</summary>
    private static readonly string[] Inherited =
        ["PATH", "HOME", "TMPDIR", "DOTNET_ROOT", "LIBTORCH", "LD_LIBRARY_PATH", "OMP_NUM_THREADS"];

    public static Dictionary<string, string> Machine(JsonObject pod)
    {
        var variables = new Dictionary<string, string>();
        foreach (var name in Inherited)
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value) variables[name] = value;
        }
        variables["HOSTNAME"] = pod.Text("spec", "hostname") ?? pod.Name();
        return variables;
    }

    /// <summary>What the Pod declares for the container, in order; later ones may refer to earlier ones.</summary>
    public static async Task<Dictionary<string, string>> DeclaredAsync(
        JsonObject pod, JsonObject container, ConfigSource config, CancellationToken cancel)
    {
        var variables = new Dictionary<string, string>();
        foreach (var source in container.Items("envFrom"))
        {
            var (resource, reference) = Reference(source, "Ref");
            foreach (var (key, value) in await config.EntriesAsync(resource, reference, cancel) ?? [])
                variables[source.Text("prefix") + key] = Encoding.UTF8.GetString(value);
        }
        foreach (var item in container.Items("env"))
        {
            var value = item.Map("valueFrom") is { } from
                ? await ValueFrom(pod, from, config, cancel)
                : Expansion.Expand(item.Text("value") ?? "", variables);
            if (value is not null) variables[item.Text("name") ?? ""] = value;
        }
        return variables;
    }

    private static async Task<string?> ValueFrom(JsonObject pod, JsonObject from, ConfigSource config, CancellationToken cancel)
    {
        if (from.Text("fieldRef", "fieldPath") is { } path) return DownwardApi.Field(pod, path);
        var (resource, reference) = Reference(from, "KeyRef");
        var key = reference.Text("key") ?? "";
        if (await config.EntriesAsync(resource, reference, cancel) is { } entries && entries.TryGetValue(key, out var value))
            return Encoding.UTF8.GetString(value);
        return reference.BoolAt("optional") ? null
            : throw new ConfigException($"couldn't find key {key} in {resource.Plural[..^1]} {pod.Namespace()}/{reference.Text("name")}");
    }

    private static (Resource Resource, JsonObject Reference) Reference(JsonObject source, string suffix) =>
        source.Map("configMap" + suffix) is { } map ? (Resource.ConfigMaps, map)
        : source.Map("secret" + suffix) is { } secret ? (Resource.Secrets, secret)
        : throw new ConfigException($"variables from {source.FirstOrDefault().Key} are not supported by this node");
}
