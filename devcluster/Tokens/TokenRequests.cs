using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Rest;
using LightReasoner.DevCluster.Storage;

namespace LightReasoner.DevCluster.Tokens;

/// <summary>serviceaccounts/token: issues tokens, bound to a pod or secret where that is asked for.</summary>
internal sealed class TokenRequests(Store store, TokenIssuer issuer, TimeProvider time)
{
    private const long MinimumSeconds = 600;
    private const long DefaultSeconds = 3600;

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
        Schema = Schema.BuiltInTypes.Get("TokenRequest"),
        Strategy = new ResourceStrategy(),
        Verbs = ["create"],
    };

    public async Task Handle(ApiRequest request)
    {
        if (request.Method != "POST")
            throw Fail.MethodNotAllowed();
        request.ReadWriteParameters("CreateOptions");
        var o = Decoder.Decode(new ApiRequest(request.Http, Type, request.Namespace, request.Name, "", request.User),
            await Body.Read(request.Http.Request, "TokenRequest", custom: false));
        var account = store.Get("/serviceaccounts", request.Namespace, request.Name)?.Document
            ?? throw Fail.NotFound("", "serviceaccounts", request.Name);
        if (o.Text("metadata", "name") is { Length: > 0 } name && name != request.Name)
            throw Fail.Invalid("authentication.k8s.io", "TokenRequest", request.Name,
                [FieldError.Invalid("metadata.name", name, "must match the service account name if specified")]);
        var spec = o.Ensure("spec");
        spec.Default("expirationSeconds", DefaultSeconds);
        if (spec.ArrayAt("audiences") is null or { Count: 0 })
            spec["audiences"] = new JsonArray(TokenIssuer.Issuer);
        Validate(spec);
        var seconds = spec.Number("expirationSeconds")!.Value;
        var now = time.GetUtcNow();
        var claims = new JsonObject
        {
            ["aud"] = spec["audiences"]!.DeepClone(),
            ["exp"] = now.ToUnixTimeSeconds() + (seconds == MountedSeconds ? ExtendedSeconds : seconds),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["iss"] = TokenIssuer.Issuer,
            ["jti"] = Guid.NewGuid().ToString(),
            ["kubernetes.io"] = Bound(request, account, spec),
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["sub"] = $"system:serviceaccount:{request.Namespace}:{request.Name}",
        };
        var metadata = o.Metadata();
        metadata["name"] = request.Name;
        metadata["namespace"] = request.Namespace;
        metadata["uid"] = account.Uid();
        metadata["creationTimestamp"] = ObjectWriter.Timestamp(now);
        if (!spec.ContainsKey("boundObjectRef"))
            spec["boundObjectRef"] = null;
        o["status"] = new JsonObject { ["token"] = issuer.Sign(claims),
            ["expirationTimestamp"] = ObjectWriter.Timestamp(now.AddSeconds(seconds)) };
        o["kind"] = "TokenRequest";
        o["apiVersion"] = "authentication.k8s.io/v1";
        await Writing.Write(request.Http, 201, o);
    }

    private static void Validate(JsonObject spec)
    {
        var seconds = spec.Number("expirationSeconds")!.Value;
        if (seconds < MinimumSeconds)
        {
            throw Fail.Invalid("authentication.k8s.io", "TokenRequest", "",
                [FieldError.Invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")]);
        }

        if (seconds > 1L << 32)
            throw Fail.Invalid("authentication.k8s.io", "TokenRequest", "",
                [FieldError.Invalid("spec.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds")]);
    }

    private JsonObject Bound(ApiRequest request, JsonObject account, JsonObject spec)
    {
        var claims = new JsonObject
        {
            ["namespace"] = request.Namespace,
            ["serviceaccount"] = new JsonObject { ["name"] = request.Name, ["uid"] = account.Uid() },
        };
        if (spec["boundObjectRef"] is not JsonObject reference)
            return claims;
        var kind = reference.Text("kind") ?? "";
        var version = reference.Text("apiVersion") ?? "";
        var plural = (version, kind) switch
        {
            ("v1", "Pod") => "pods",
            ("v1", "Secret") => "secrets",
            _ => throw Fail.BadRequest($"cannot bind token to object of type {(version.Contains('/') ? version : "/" + version)}, "
                + $"Kind={kind}"),
        };
        var name = reference.Text("name") ?? "";
        var target = store.Get("/" + plural, request.Namespace, name)?.Document ?? throw Fail.NotFound("", plural, name);
        if (reference.Text("uid") is { Length: > 0 } uid && uid != target.Uid())
        {
            throw Fail.Conflict("", kind, name,
                $"the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and "
                    + "then recreated");
        }

        // Without the admission plugin that writes it down, a Pod that names no account still runs as the namespace's default.
        if (plural == "pods" && (target.Text("spec", "serviceAccountName") is { Length: > 0 } named ? named : "default") != request.Name)
        {
            throw Fail.BadRequest($"cannot bind token for serviceaccount {FieldError.Quote(request.Name)} to pod running with different "
                + "serviceaccount name.");
        }

        claims[plural == "pods" ? "pod" : "secret"] = new JsonObject { ["name"] = name, ["uid"] = target.Uid() };
        if (plural == "pods" && target.Text("spec", "nodeName") is { Length: > 0 } node)
        {
            var n = new JsonObject { ["name"] = node };
            if (store.Get("/nodes", "", node)?.Document.Uid() is { } nodeUid)
                n["uid"] = nodeUid;
            claims["node"] = n;
        }

        return claims;
    }
}
