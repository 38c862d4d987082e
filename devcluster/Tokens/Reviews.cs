using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Authorization;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Rest;

namespace LightReasoner.DevCluster.Tokens;

/// <summary>The kinds that are only asked, never stored: who is this, may they do that.</summary>
internal sealed class Reviews(Authenticator authenticator, Authorizer authorizer, ObjectWriter writer)
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
                o.Metadata()["creationTimestamp"] = writer.Now;
                o["status"] = new JsonObject { ["userInfo"] = request.User.ToJson() };
                break;
            case "SelfSubjectRulesReview":
                Rules(request, o);
                break;
            default:
                Access(request, o);
                break;
        }

        await Writing.Write(request.Http, 201, o);
    }

    private void Token(JsonObject o)
    {
        if (o.Text("spec", "token") is not { Length: > 0 } token)
            throw Fail.BadRequest("token is required for TokenReview in authentication");
        var asked = o.At("spec", "audiences").StringItems().ToList();
        var user = authenticator.Authenticate(token, asked.Count > 0 ? asked : [TokenIssuer.Issuer], out var audiences, out var problem);
        o["status"] = user is null
            ? new JsonObject { ["user"] = new JsonObject(), ["error"] = problem }
            : new JsonObject { ["authenticated"] = true, ["user"] = user.ToJson(), ["audiences"] = JsonAccess.Strings(audiences) };
    }

    private void Access(ApiRequest request, JsonObject o)
    {
        var spec = o.Map("spec") ?? [];
        var resource = spec["resourceAttributes"];
        var path = spec["nonResourceAttributes"];
        var error = resource is not null && path is not null
            ? FieldError.Invalid("spec.nonResourceAttributes", path, "cannot be specified in combination with resourceAttributes")
            : resource is null && path is null ? FieldError.Invalid("spec.resourceAttributes", null,
                "exactly one of nonResourceAttributes or resourceAttributes must be specified")
            : null;
        if (error is not null)
            throw Fail.Invalid("authorization.k8s.io", "", "", [error]);
        var attributes = path is not null
            ? new Attributes(path.Text("verb") ?? "", Path: path.Text("path") ?? "")
            : new Attributes(
                resource.Text("verb") ?? "", resource.Text("group") ?? "",
                (resource.Text("resource") ?? "") + (resource.Text("subresource") is { Length: > 0 } sub ? "/" + sub : ""),
                resource.Text("namespace") ?? "", resource.Text("name") ?? "");
        var user = request.Type.Kind == "SelfSubjectAccessReview" ? request.User
            : new UserInfo(spec.Text("user") ?? "", spec.Text("uid") ?? "", [.. spec["groups"].StringItems()],
                new Dictionary<string, string[]>());
        var (allowed, reason) = authorizer.Check(user, attributes);
        o["status"] = new JsonObject { ["allowed"] = allowed };
        if (reason.Length > 0)
            o["status"]!["reason"] = reason;
    }

    private void Rules(ApiRequest request, JsonObject o)
    {
        if (o.Text("spec", "namespace") is not { Length: > 0 } ns)
            throw Fail.BadRequest("no namespace on request");
        var rules = authorizer.RulesOf(request.User, ns).ToList();
        if (request.User.IsAdmin)
        {
            rules.Add(new JsonObject { ["verbs"] = new JsonArray("*"), ["apiGroups"] = new JsonArray("*"),
                ["resources"] = new JsonArray("*") });
            rules.Add(new JsonObject { ["verbs"] = new JsonArray("*"), ["nonResourceURLs"] = new JsonArray("*") });
        }

        o["status"] = new JsonObject
        {
            ["resourceRules"] = new JsonArray([.. rules.Where(r => r["nonResourceURLs"] is null).Select(r => r.DeepClone())]),
            ["nonResourceRules"] = new JsonArray([.. rules.Where(r => r["nonResourceURLs"] is not null).Select(r => r.DeepClone())]),
            ["incomplete"] = false,
        };
    }
}
