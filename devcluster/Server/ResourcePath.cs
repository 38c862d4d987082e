namespace LightReasoner.DevCluster.Server;

/// <summary>What a path under /api and /apis leads to; empty parts where it has none.</summary>
internal sealed record ResourcePath(string Group, string Version, string Namespace, string Plural, string Name, string Subresource)
{
    public static ResourcePath? Parse(string[] path)
    {
        if (path is not (["api", _, _, ..] or ["apis", _, _, _, ..]))
            return null;
        var (group, version, rest) = path[0] == "api" ? ("", path[1], path[2..]) : (path[1], path[2], path[3..]);
        var ns = "";
        if (rest is ["namespaces", var name, var next, ..] && !(group.Length == 0 && next is "status" or "finalize" && rest.Length == 3))
            (ns, rest) = (name, rest[2..]);
        return rest.Length > 3 ? null
            : new ResourcePath(group, version, ns, rest[0], rest.ElementAtOrDefault(1) ?? "", rest.ElementAtOrDefault(2) ?? "");
    }
}
