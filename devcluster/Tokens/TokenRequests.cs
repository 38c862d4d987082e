namespace LightReasoner.DevCluster.Tokens;

/// <summary>serviceaccounts/token: issues tokens, bound to a pod where that is asked for.</summary>
internal sealed class TokenRequests(Store store, TokenIssuer issuer, TimeProvider time)
{
    private const long MinimumSeconds = 600, DefaultSeconds = 3600;

    /// <summary>
    /// The life that tokens mounted into pods ask for; they are good for a year, for programs that never read theirs again.
    /// </summary>
    private const long MountedSeconds = 3607, ExtendedSeconds = 365 * 24 * 3600;

    private static readonly ResourceType Type = new()
    {
        Group = "authentication.k8s.io",
        Version = "v1",
        Plural = "tokenrequests",
        Singular = "tokenrequest",
        Kind = "TokenRequest",
        Schema = BuiltInTypes.Get("TokenRequest"),
        Strategy = new ResourceStrategy(),
    };

    public async Task Handle(ApiRequest request)
    {
        if (request.Method != "POST")
            throw Fail.MethodNotAllowed();
        request.ReadWriteParameters("CreateOptions");
        var o = DocumentDecoder.Decode(new ApiRequest(request.Http, Type, request.Namespace, request.Name, "", request.User),
            await Body.Read(request.Http.Request, "TokenRequest", custom: false));
        var account = store.Get("/serviceaccounts", request.Namespace, request.Name)?.Document
            ?? throw Fail.NotFound("", "serviceaccounts", request.Name);
        var spec = o.Ensure("spec");
        spec.Default("expirationSeconds", DefaultSeconds);
        spec.TryAdd("boundObjectRef", null);
        if (!spec.Strings("audiences").Any())
            spec["audiences"] = new JsonArray(TokenIssuer.Issuer);
        var seconds = spec.Number("expirationSeconds")!.Value;
        if (seconds < MinimumSeconds)
            throw Type.Invalid("",
                FieldError.Invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes"));
        var now = time.GetUtcNow();
        var bound = new JsonObject { ["namespace"] = request.Namespace, ["serviceaccount"] = Reference(account) };
        if (spec["boundObjectRef"] is JsonObject reference)
            bound["pod"] = Reference(BoundPod(request, reference));
        o["metadata"] = new JsonObject
        {
            ["name"] = request.Name,
            ["namespace"] = request.Namespace,
            ["uid"] = account.Uid(),
            ["creationTimestamp"] = now.ToKubernetesTime(),
        };
        o["status"] = new JsonObject
        {
            ["token"] = issuer.Sign(new JsonObject
            {
                ["aud"] = spec["audiences"]!.DeepClone(),
                ["exp"] = now.ToUnixTimeSeconds() + (seconds == MountedSeconds ? ExtendedSeconds : seconds),
                ["iat"] = now.ToUnixTimeSeconds(),
                ["iss"] = TokenIssuer.Issuer,
                ["jti"] = Guid.NewGuid().ToString(),
                ["kubernetes.io"] = bound,
                ["nbf"] = now.ToUnixTimeSeconds(),
                ["sub"] = $"system:serviceaccount:{request.Namespace}:{request.Name}",
            }),
            ["expirationTimestamp"] = now.AddSeconds(seconds).ToKubernetesTime(),
        };
        await Writing.Write(request.Http, 201, o);
    }

    private static JsonObject Reference(JsonObject o) => new() { ["name"] = o.Name(), ["uid"] = o.Uid() };

    private JsonObject BoundPod(ApiRequest request, JsonObject reference)
    {
        if (reference.Kind() != "Pod")
            throw Fail.BadRequest($"cannot bind token to object of type {reference.ApiVersion()}, Kind={reference.Kind()}");
        var name = reference.Text("name") ?? "";
        var pod = store.Get("/pods", request.Namespace, name)?.Document ?? throw Fail.NotFound("", "pods", name);
        if (reference.Text("uid") is { Length: > 0 } uid && uid != pod.Uid())
            throw Fail.Conflict("", "Pod", name, $"the UID in the bound object reference ({uid}) does not match the UID in record");
        // Without the admission plugin that writes it down, a Pod that names no account still runs as the namespace's default.
        if ((pod.Text("spec", "serviceAccountName") is { Length: > 0 } named ? named : "default") != request.Name)
            throw Fail.BadRequest($"cannot bind token for serviceaccount {FieldError.Quote(request.Name)} to pod running with different "
                + "serviceaccount name.");
        return pod;
    }
}
