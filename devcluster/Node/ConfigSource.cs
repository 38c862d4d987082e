namespace LightReasoner.DevCluster.Node;

/// <summary>Something that a container needs is not there (yet). The message is what the user reads in the Pod's status or Event.</summary>
internal sealed class ConfigException(string message) : Exception(message);

/// <summary>ConfigMaps and Secrets of a Pod's namespace, as bytes by key, and its claims.</summary>
internal sealed class ConfigSource(ApiClient api, string ns)
{
    /// <summary>The uid of the PersistentVolumeClaim that <paramref name="reference"/> names.</summary>
    public async Task<string> ClaimAsync(JsonObject reference, CancellationToken cancel) =>
        (await FindAsync(Resource.Claims, reference, cancel))!.Uid();

    /// <summary>The entries of what <paramref name="reference"/> names; null when it is absent and that is allowed.</summary>
    public async Task<Dictionary<string, byte[]>?> EntriesAsync(Resource resource, JsonObject reference, CancellationToken cancel)
    {
        if (await FindAsync(resource, reference, cancel) is not { } o) return null;
        var secret = resource == Resource.Secrets;
        var texts = secret ? [] : o.Entries("data").Select(e => KeyValuePair.Create(e.Key, Encoding.UTF8.GetBytes(e.Value)));
        return texts.Concat(o.Entries(secret ? "data" : "binaryData")
            .Select(e => KeyValuePair.Create(e.Key, Convert.FromBase64String(e.Value)))).ToDictionary();
    }

    private async Task<JsonObject?> FindAsync(Resource resource, JsonObject reference, CancellationToken cancel)
    {
        var name = reference.Text("name") ?? reference.Text("secretName") ?? reference.Text("claimName") ?? "";
        try
        {
            return await api.GetAsync(resource.Object(ns, name), cancel);
        }
        catch (ApiException e) when (e.NotFound)
        {
            return reference.BoolAt("optional") ? null : throw new ConfigException($"{resource.Plural[..^1]} \"{name}\" not found");
        }
    }
}
