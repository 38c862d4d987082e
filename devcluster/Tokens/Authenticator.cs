namespace LightReasoner.DevCluster.Tokens;

/// <summary>Who a bearer token belongs to: the administrator of the kubeconfig, or a service account.</summary>
internal sealed class Authenticator(Store store, TokenIssuer issuer, TimeProvider time, string adminToken)
{
    /// <summary>The user and those of the wanted audiences that the token is for; null when it is not valid.</summary>
    public (UserInfo User, string[] Audiences)? Authenticate(string token, string[] wanted)
    {
        if (token == adminToken)
            return (UserInfo.Admin, wanted);
        if (issuer.Verify(token) is not { } claims || !(claims.Number("exp") > time.GetUtcNow().ToUnixTimeSeconds()))
            return null;
        string[] audiences = [.. wanted.Intersect(claims.Strings("aud"))];
        return audiences.Length > 0 && User(claims) is { } user ? (user, audiences) : null;
    }

    private UserInfo? User(JsonObject claims)
    {
        var bound = claims["kubernetes.io"];
        var ns = bound.Text("namespace") ?? "";
        if (!Lives("serviceaccounts", bound.At("serviceaccount")) || (bound.Map("pod") is { } own && !Lives("pods", own)))
            return null;
        var extra = new Dictionary<string, string[]>();
        if (bound.Map("pod") is { } pod)
        {
            extra["authentication.kubernetes.io/pod-name"] = [pod.Text("name")!];
            extra["authentication.kubernetes.io/pod-uid"] = [pod.Text("uid")!];
        }

        return new UserInfo($"system:serviceaccount:{ns}:{bound.Text("serviceaccount", "name")}", bound.Text("serviceaccount", "uid")!,
            ["system:serviceaccounts", $"system:serviceaccounts:{ns}", "system:authenticated"], extra);

        bool Lives(string plural, JsonNode? reference) =>
            store.Get("/" + plural, ns, reference.Text("name") ?? "")?.Document.Uid() == reference.Text("uid");
    }
}
