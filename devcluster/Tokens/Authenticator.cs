using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Storage;

namespace LightReasoner.DevCluster.Tokens;

/// <summary>Who a bearer token belongs to: the administrator of the kubeconfig, or a service account.</summary>
internal sealed class Authenticator(Store store, TokenIssuer issuer, TimeProvider time, string adminToken)
{
    /// <summary>Null when the token is not valid; <paramref name="audiences"/> are those of the token that were asked for.</summary>
    public UserInfo? Authenticate(string token, IReadOnlyCollection<string> wanted, out string[] audiences, out string problem)
    {
        audiences = [.. wanted];
        problem = "";
        if (token == adminToken)
            return UserInfo.Admin;
        if (issuer.Verify(token) is not { } claims)
        {
            problem = "invalid bearer token";
            return null;
        }

        audiences = [.. wanted.Intersect(claims.At("aud").StringItems())];
        if (audiences.Length == 0)
        {
            problem =
                $"[invalid bearer token, token audiences {Go(claims.At("aud").StringItems())} is invalid for the target audiences "
                + $"{Go(wanted)}]";
            return null;
        }

        if (claims.Number("exp") is not { } expiry || expiry <= time.GetUtcNow().ToUnixTimeSeconds())
        {
            problem = "[invalid bearer token, service account token has expired]";
            return null;
        }

        return User(claims, out problem);
    }

    private static string Go(IEnumerable<string> list) => "[" + string.Join(" ", list.Select(s => $"\"{s}\"")) + "]";

    private UserInfo? User(JsonObject claims, out string problem)
    {
        var bound = claims["kubernetes.io"];
        var ns = bound.Text("namespace") ?? "";
        var name = bound.Text("serviceaccount", "name") ?? "";
        problem = "[invalid bearer token, service account token has been invalidated]";
        if (store.Get("/serviceaccounts", ns, name)?.Document is not { } account)
        {
            problem = $"[invalid bearer token, serviceaccounts \"{name}\" not found]";
            return null;
        }

        if (account.Uid() != bound.Text("serviceaccount", "uid"))
            return null;
        var extra = new Dictionary<string, string[]>();
        if (claims.Text("jti") is { } id)
            extra["authentication.kubernetes.io/credential-id"] = [$"JTI={id}"];
        if (bound.Map("pod") is { } pod)
        {
            if (store.Get("/pods", ns, pod.Text("name")!)?.Document is not { } live || live.Uid() != pod.Text("uid"))
                return null;
            if (bound.Text("node", "name") is { } node)
                extra["authentication.kubernetes.io/node-name"] = [node];
            if (bound.Text("node", "uid") is { } nodeUid)
                extra["authentication.kubernetes.io/node-uid"] = [nodeUid];
            extra["authentication.kubernetes.io/pod-name"] = [pod.Text("name")!];
            extra["authentication.kubernetes.io/pod-uid"] = [pod.Text("uid")!];
        }

        if (bound.Map("secret") is { } secret
            && store.Get("/secrets", ns, secret.Text("name")!)?.Document.Uid() != secret.Text("uid"))
        {
            return null;
        }

        problem = "";
        return new UserInfo($"system:serviceaccount:{ns}:{name}", account.Uid(),
            ["system:serviceaccounts", $"system:serviceaccounts:{ns}", "system:authenticated"], extra);
    }
}
