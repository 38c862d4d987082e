namespace LightReasoner.DevCluster.Rest;

/// <summary>Reads the options of a DELETE from its body or its query.</summary>
internal static class DeleteRequest
{
    public static async Task<DeleteOptions> Read(ApiRequest request)
    {
        request.ReadWriteParameters("DeleteOptions");
        var bytes = await Body.ReadBytes(request.Http.Request);
        var body = bytes.Length == 0 ? []
            : Body.Decode(bytes, Body.MediaType(request.Http.Request), "DeleteOptions", custom: false).Object;
        if (body.Text("kind") is { Length: > 0 } kind and not "DeleteOptions")
            throw Fail.BadRequest($"no kind \"{kind}\" is registered for version \"{body.ApiVersion()}\"");
        var options = new DeleteOptions(
            body.Text("propagationPolicy") ?? request.Query("propagationPolicy"),
            body.Number("gracePeriodSeconds") ?? request.Number("gracePeriodSeconds"),
            body.Text("preconditions", "uid"), body.Text("preconditions", "resourceVersion"),
            request.DryRun || body.Strings("dryRun").Any());
        if (options.Policy is not (null or "Foreground" or "Background" or "Orphan") and var policy)
            throw Fail.Invalid("meta.k8s.io", "DeleteOptions", "",
                [FieldError.NotSupported("propagationPolicy", policy!, "Foreground", "Background", "Orphan", "nil")]);
        return options;
    }
}
