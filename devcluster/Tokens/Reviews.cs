using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Rest;

namespace LightReasoner.DevCluster.Tokens;

/// <summary>The kinds that are only asked, never stored: who is this, may they do that.</summary>
internal sealed class Reviews(Authenticator authenticator)
{
    public async Task Handle(ApiRequest request)
    {
        if (request.Method != "POST" || request.Name.Length > 0)
            throw Fail.MethodNotAllowed();
        request.ReadWriteParameters("CreateOptions");
        var o = Decoder.Decode(request, await Body.Read(request.Http.Request, request.Type.Kind, custom: false));
        o.Metadata();
        switch (request.Type.Kind)
        {
            case "TokenReview":
                Token(o);
                break;
            case "SelfSubjectReview":
                o["status"] = new JsonObject { ["userInfo"] = request.User.ToJson() };
                break;
            case "SelfSubjectRulesReview":
                Rules(request, o);
                break;
            default:
                Access(request, o);
                break;
        }

        await Writing.Write(request.Http, 201, o, Negotiation.From(request.Http.Request, false).Yaml);
    }

    private void Token(JsonObject o)
    {
        if (o.StringAt("spec", "token") is not { Length: > 0 } token)
            throw Fail.BadRequest("token is required for TokenReview in authentication");
        var asked = o.At("spec", "audiences").StringItems().ToList();
        var user = authenticator.Authenticate(token, asked.Count > 0 ? asked : [TokenIssuer.Issuer], out var audiences, out var problem);
        o["status"] = user is null
            ? new JsonObject { ["user"] = new JsonObject(), ["error"] = problem }
            : new JsonObject { ["authenticated"] = true, ["user"] = user.ToJson(), ["audiences"] = JsonAccess.Strings(audiences) };
    }

    // There is no RBAC here: administrators and service accounts may do everything.
    private static void Access(ApiRequest request, JsonObject o)
    {
        var spec = o.ObjectAt("spec") ?? [];
        var resource = spec["resourceAttributes"] is not null;
        var path = spec["nonResourceAttributes"] is not null;
        var problem = resource && path ? "cannot be specified in combination with resourceAttributes"
            : !resource && !path ? "exactly one of nonResourceAttributes or resourceAttributes must be specified" : null;
        if (problem is not null)
            throw Fail.Invalid("authorization.k8s.io", request.Type.Kind, "", [FieldError.Invalid(resource ? "spec.nonResourceAttributes" : "spec.resourceAttributes", resource ? spec["nonResourceAttributes"] : null, problem)]);
        o["status"] = new JsonObject { ["allowed"] = request.User.Name != UserInfo.Anonymous.Name };
    }

    private static void Rules(ApiRequest request, JsonObject o)
    {
        if (o.StringAt("spec", "namespace") is not { Length: > 0 })
            throw Fail.BadRequest("no namespace on request");
        var all = request.User.Name != UserInfo.Anonymous.Name;
        o["status"] = new JsonObject
        {
            ["resourceRules"] = all
                ? new JsonArray(new JsonObject { ["verbs"] = new JsonArray("*"), ["apiGroups"] = new JsonArray("*"), ["resources"] = new JsonArray("*") })
                : new JsonArray(),
            ["nonResourceRules"] = all ? new JsonArray(new JsonObject { ["verbs"] = new JsonArray("*"), ["nonResourceURLs"] = new JsonArray("*") }) : new JsonArray(),
            ["incomplete"] = false,
        };
    }
}
