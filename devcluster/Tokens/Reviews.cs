using LightReasoner.DevCluster.Authorization;

namespace LightReasoner.DevCluster.Tokens;

/// <summary>The kinds that are only asked, never stored: who is this, may they do that.</summary>
internal sealed class Reviews(Authenticator authenticator, Authorizer authorizer, ObjectWriter writer)
{
    public async Task Handle(ApiRequest request)
    {
        if (request.Method != "POST" || request.Name.Length > 0)
            throw Fail.MethodNotAllowed();
        request.ReadWriteParameters("CreateOptions");
        var o = DocumentDecoder.Decode(request, await Body.Read(request.Http.Request, request.Type.Kind, custom: false));
        o.Metadata().SetOrRemove("creationTimestamp", request.Type.Kind == "SelfSubjectReview" ? writer.Now : null);
        o["status"] = request.Type.Kind switch
        {
            "TokenReview" => Token(o),
            "SelfSubjectReview" => new JsonObject { ["userInfo"] = request.User.ToJson() },
            _ => new JsonObject { ["allowed"] = authorizer.Allows(request.User, Asked(o)) },
        };
        await Writing.Write(request.Http, 201, o);
    }

    private JsonObject Token(JsonObject o)
    {
        if (o.Text("spec", "token") is not { Length: > 0 } token)
            throw Fail.BadRequest("token is required for TokenReview in authentication");
        string[] asked = [.. o.Strings("spec", "audiences")];
        return authenticator.Authenticate(token, asked.Length > 0 ? asked : [TokenIssuer.Issuer]) is var (user, audiences)
            ? new JsonObject { ["authenticated"] = true, ["user"] = user.ToJson(), ["audiences"] = JsonAccess.Strings(audiences) }
            : new JsonObject { ["user"] = new JsonObject(), ["error"] = "invalid bearer token" };
    }

    private static Attributes Asked(JsonObject o)
    {
        if (o.Map("spec", "nonResourceAttributes") is { } path)
            return new Attributes(path.Text("verb") ?? "", Path: path.Text("path") ?? "");
        if (o.Map("spec", "resourceAttributes") is not { } resource)
            throw Fail.BadRequest("exactly one of nonResourceAttributes or resourceAttributes must be specified");
        var sub = resource.Text("subresource") is { Length: > 0 } name ? "/" + name : "";
        return new Attributes(resource.Text("verb") ?? "", resource.Text("group") ?? "", resource.Text("resource") + sub,
            resource.Text("namespace") ?? "", resource.Text("name") ?? "");
    }
}
