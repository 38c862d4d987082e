using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Client;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Node;

/// <summary>The variables of a container: a few of the machine's, those of the container runtime, and what the Pod declares.</summary>
internal static class ContainerEnvironment
{
    /// <summary>What a process needs of the machine it runs on; nothing else is inherited.</summary>
    private static readonly string[] Inherited = ["PATH", "HOME", "TMPDIR", "DOTNET_ROOT", "LIBTORCH",
        "LD_LIBRARY_PATH", "OMP_NUM_THREADS"];

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
        JsonObject pod, JsonObject container, ConfigSource config, Func<string, decimal> nodeHas, CancellationToken cancel)
    {
        var variables = new Dictionary<string, string>();
        foreach (var source in container.Items("envFrom"))
        {
            var prefix = source.Text("prefix") ?? "";
            foreach (var (key, value) in await From(source, config, cancel)) variables[prefix + key] = Encoding.UTF8.GetString(value);
        }
        foreach (var item in container.Items("env"))
        {
            var name = item.Text("name") ?? "";
            var value = item.Map("valueFrom") is { } from
                ? await ValueFrom(pod, container, from, config, nodeHas, cancel)
                : Expansion.Expand(item.Text("value") ?? "", variables);
            if (value is not null) variables[name] = value;
        }
        return variables;
    }

    private static async Task<IReadOnlyDictionary<string, byte[]>> From(JsonObject source, ConfigSource config, CancellationToken cancel)
    {
        var entries = source.Map("configMapRef") is { } map
            ? await config.ConfigMapAsync(map.Text("name") ?? "", map.Flag("optional") ?? false, cancel)
            : source.Map("secretRef") is { } secret
                ? await config.SecretAsync(secret.Text("name") ?? "", secret.Flag("optional") ?? false, cancel)
                : null;
        return entries ?? new Dictionary<string, byte[]>();
    }

    private static async Task<string?> ValueFrom(
        JsonObject pod, JsonObject container, JsonObject from, ConfigSource config, Func<string, decimal> nodeHas, CancellationToken cancel)
    {
        if (from.Text("fieldRef", "fieldPath") is { } path)
            return DownwardApi.Field(pod, path) ?? throw new ConfigException($"fieldRef {path} is not supported");
        if (from.Map("resourceFieldRef") is { } resource)
            return DownwardApi.Resource(container, resource.Text("resource") ?? "", resource.Text("divisor"), nodeHas);
        var (kind, reference) = from.Map("configMapKeyRef") is { } map ? ("ConfigMap", map) : ("Secret", from.Map("secretKeyRef") ?? []);
        var (name, key, optional) = (reference.Text("name") ?? "", reference.Text("key") ?? "", reference.Flag("optional") ?? false);
        var entries = kind == "ConfigMap" ? await config.ConfigMapAsync(name, optional, cancel)
            : await config.SecretAsync(name, optional, cancel);
        if (entries is not null && entries.TryGetValue(key, out var value)) return Encoding.UTF8.GetString(value);
        return optional ? null : throw new ConfigException($"couldn't find key {key} in {kind} {pod.Namespace()}/{name}");
    }
}
