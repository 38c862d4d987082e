using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Client;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Node;

/// <summary>Something that a container needs is not there (yet). The message is what the user reads in the Pod's status or Event.</summary>
internal sealed class ConfigException(string message) : Exception(message);

/// <summary>ConfigMaps and Secrets of a Pod's namespace, as bytes by key, and its claims.</summary>
internal sealed class ConfigSource(ApiClient api, string ns)
{
    /// <summary>The entries of a ConfigMap; null when it is absent and that is allowed.</summary>
    public async Task<IReadOnlyDictionary<string, byte[]>?> ConfigMapAsync(string name, bool optional, CancellationToken cancel) =>
        await Fetch(Resource.ConfigMaps, "configmap", name, optional, cancel) is { } map
            ? Texts(map, "data").Concat(Encoded(map, "binaryData")).ToDictionary()
            : null;

    /// <summary>The entries of a Secret; null when it is absent and that is allowed.</summary>
    public async Task<IReadOnlyDictionary<string, byte[]>?> SecretAsync(string name, bool optional, CancellationToken cancel) =>
        await Fetch(Resource.Secrets, "secret", name, optional, cancel) is { } secret ? Encoded(secret, "data").ToDictionary() : null;

    /// <summary>The uid of a PersistentVolumeClaim.</summary>
    public async Task<string> ClaimAsync(string name, CancellationToken cancel) =>
        (await Fetch(Resource.Claims, "persistentvolumeclaim", name, optional: false, cancel))!.Uid();

    private async Task<JsonObject?> Fetch(Resource resource, string kind, string name, bool optional, CancellationToken cancel)
    {
        try
        {
            return await api.GetAsync(resource.Object(ns, name), cancel);
        }
        catch (ApiException e) when (e.NotFound)
        {
            return optional ? null : throw new ConfigException($"{kind} \"{name}\" not found");
        }
    }

    private static IEnumerable<KeyValuePair<string, byte[]>> Texts(JsonObject o, string field) =>
        o.Entries(field).Select(e => KeyValuePair.Create(e.Key, Encoding.UTF8.GetBytes(e.Value)));

    private static IEnumerable<KeyValuePair<string, byte[]>> Encoded(JsonObject o, string field) =>
        o.Entries(field).Select(e => KeyValuePair.Create(e.Key, Convert.FromBase64String(e.Value)));
}
