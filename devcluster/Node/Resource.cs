namespace LightReasoner.DevCluster.Node;

/// <summary>A resource of the API: where its collection lies.</summary>
/// <param name="Prefix">Path of the group version, e.g. <c>/api/v1</c>.</param>
/// <param name="Plural">Plural name in the path.</param>
/// <param name="Namespaced">False for cluster-scoped resources.</param>
internal sealed record Resource(string Prefix, string Plural, bool Namespaced = true)
{
    public static readonly Resource Pods = new("/api/v1", "pods");
    public static readonly Resource Nodes = new("/api/v1", "nodes", Namespaced: false);
    public static readonly Resource Events = new("/api/v1", "events");
    public static readonly Resource ConfigMaps = new("/api/v1", "configmaps");
    public static readonly Resource Secrets = new("/api/v1", "secrets");
    public static readonly Resource ServiceAccounts = new("/api/v1", "serviceaccounts");
    public static readonly Resource Claims = new("/api/v1", "persistentvolumeclaims");
    public static readonly Resource Services = new("/api/v1", "services");
    public static readonly Resource Jobs = new("/apis/batch/v1", "jobs");
    public static readonly Resource Leases = new("/apis/coordination.k8s.io/v1", "leases");

    /// <summary>The collection in one namespace, or over all of them.</summary>
    public string Collection(string? ns = null) =>
        Namespaced && ns is not null ? $"{Prefix}/namespaces/{ns}/{Plural}" : $"{Prefix}/{Plural}";

    /// <summary>One object, or a subresource of it.</summary>
    public string Object(string? ns, string name, string? subresource = null) =>
        $"{Collection(ns)}/{name}{(subresource is null ? "" : "/" + subresource)}";
}
