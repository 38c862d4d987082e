namespace LightReasoner.DevCluster.Resources;

/// <summary>Every resource that is served at the moment: the built-in ones and those of established CRDs.</summary>
internal sealed class Registry
{
    private readonly Lock gate = new();
    private volatile ResourceType[] types = [.. BuiltInResources.All];

    /// <summary>Grows with every change of what is served.</summary>
    public int Generation { get; private set; }

    public IReadOnlyList<ResourceType> All => types;

    public ResourceType? Find(string group, string version, string plural) =>
        All.FirstOrDefault(t => t.Group == group && t.Version == version && t.Plural == plural);

    public ResourceType? FindKind(string apiVersion, string kind) =>
        All.FirstOrDefault(t => t.GroupVersion == apiVersion && t.Kind == kind);

    public ResourceType? ByStorage(string storage) => All.FirstOrDefault(t => t.StorageName == storage);

    public ResourceType Get(string group, string version, string plural)
        => Find(group, version, plural) ?? throw new InvalidOperationException($"no resource {plural} in {group}/{version}");

    /// <summary>Replaces a custom resource; null stops serving it.</summary>
    public void Replace(string group, string plural, ResourceType? now)
    {
        lock (gate)
        {
            types = [.. All.Where(t => !(t.Custom && t.Group == group && t.Plural == plural)), .. now is null ? [] : new[] { now }];
            Generation++;
        }
    }
}
