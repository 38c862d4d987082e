namespace LightReasoner.DevCluster.Storage;

/// <summary>One version of one object. The document is never changed after it has been stored.</summary>
/// <param name="Resource">Storage name: <c>group/plural</c>.</param>
/// <param name="Namespace">Empty for cluster-scoped objects.</param>
/// <param name="Name">Name within the namespace.</param>
/// <param name="Version">The resource version that wrote it.</param>
/// <param name="Document">The whole object.</param>
internal sealed record StoredObject(string Resource, string Namespace, string Name, long Version, JsonObject Document)
{
    /// <summary>Order of lists: by namespace, then by name.</summary>
    public string Key => KeyOf(Namespace, Name);

    public static string KeyOf(string ns, string name) => ns + "/" + name;
}

/// <summary>One write: created (no old state), modified, or deleted (no new state).</summary>
internal sealed record Change(long Version, StoredObject? Old, StoredObject? New)
{
    public StoredObject Any => New ?? Old!;
}
