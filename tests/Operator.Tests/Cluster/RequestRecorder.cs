using System.Collections.Concurrent;
using System.Net;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>What the operator asks of the API server, in the words of RBAC, and what it is denied.</summary>
internal sealed class RequestRecorder : DelegatingHandler
{
    private readonly ConcurrentDictionary<Right, byte> used = new();
    private readonly ConcurrentQueue<Right> asked = new(), denied = new();
    private readonly ConcurrentDictionary<string, byte> agents = new();

    /// <summary>A verb on a resource (sub-resource included).</summary>
    public readonly record struct Right(string Group, string Resource, string Verb);

    public IReadOnlyCollection<Right> Used => [.. used.Keys];

    /// <summary>All requests so far, in order.</summary>
    public IReadOnlyList<Right> Asked => [.. asked];

    /// <summary>What the requests say who they are from.</summary>
    public IReadOnlyCollection<string> Agents => [.. agents.Keys];

    public IReadOnlyCollection<Right> Denied => [.. denied];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var right = Of(request);
        agents[request.Headers.UserAgent.ToString()] = 0;
        if (right is { } r)
        {
            used[r] = 0;
            asked.Enqueue(r);
        }
        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.Forbidden && right is { } refused) denied.Enqueue(refused);
        return response;
    }

    private static Right? Of(HttpRequestMessage request)
    {
        var path = request.RequestUri!.AbsolutePath.Trim('/').Split('/');
        var (group, rest) = path[0] switch
        {
            "api" => ("", path[2..]),
            "apis" when path.Length > 3 => (path[1], path[3..]),
            _ => ("", []),
        };
        if (rest is ["namespaces", _, _, ..]) rest = rest[2..];
        if (rest.Length == 0) return null;
        var resource = rest.Length > 2 ? $"{rest[0]}/{rest[2]}" : rest[0];
        var named = rest.Length > 1;
        var verb = request.Method.Method switch
        {
            "GET" when request.RequestUri.Query.Contains("watch=true", StringComparison.OrdinalIgnoreCase) => "watch",
            "GET" => named ? "get" : "list",
            "POST" => "create",
            "PUT" => "update",
            var other => other.ToLowerInvariant(),
        };
        return new Right(group, resource, verb);
    }
}
