namespace LightReasoner.DevCluster.Node;

/// <summary>
/// Pods and Services have addresses of their own in 127.0.0.0/8, so that any number of pods can listen on one port. A local process has
/// no network and no DNS of its own; so in its arguments and variables, URLs that listen on any address get the pod's, and names of
/// Services (<c>NAME.NAMESPACE.svc</c>) become their addresses, at which <see cref="ServiceProxy"/> answers.
/// </summary>
internal static partial class Loopback
{
    public static string OfPod(JsonObject pod) => Address(pod.Uid());

    /// <summary>The address of a Service as one node has it.</summary>
    /// <param name="node">What tells the node from others of this machine: its data folder.</param>
    /// <param name="key">namespace/name.</param>
    public static string OfService(string node, string key) => Address($"{node} {key}");

    public static string Rewrite(string text, JsonObject pod, string node) => ServiceName().Replace(
        AnyAddress().Replace(text, OfPod(pod)), m => OfService(node, $"{m.Groups["namespace"].Value}/{m.Groups["name"].Value}"));

    private static string Address(string key)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(key));
        return new IPAddress([127, (byte)(1 + hash[0] % 254), hash[1], (byte)(1 + hash[2] % 254)]).ToString();
    }

    [GeneratedRegex(@"(?<=://)(\*|\+|0\.0\.0\.0|\[::\])(?=:\d)")]
    private static partial Regex AnyAddress();

    // kubernetes.default.svc is the API server, also as the name that its tokens are made out for.
    [GeneratedRegex(@"(?<![\w.-])(?!kubernetes\.default\.)(?<name>[a-z0-9-]+)\.(?<namespace>[a-z0-9-]+)\.svc(\.cluster\.local)?(?![\w.-])")]
    private static partial Regex ServiceName();
}
