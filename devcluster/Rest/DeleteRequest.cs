using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Schema;

namespace LightReasoner.DevCluster.Rest;

/// <summary>Reads the options of a DELETE from its body or its query.</summary>
internal static class DeleteRequest
{
    public static async Task<DeleteOptions> Read(ApiRequest request)
    {
        request.ReadWriteParameters("DeleteOptions");
        var bytes = await Body.ReadBytes(request.Http.Request);
        var options = bytes.Length > 0 ? FromBody(bytes, Body.MediaType(request.Http.Request)) : FromQuery(request);
        if (request.DryRun)
            options = options with { DryRun = true };
        Validate(options);
        return options;
    }

    private static DeleteOptions FromQuery(ApiRequest request) => new(
        request.Query("propagationPolicy"),
        ObjectReader.Number(request, "gracePeriodSeconds"),
        OrphanDependents: request.Query("orphanDependents") is null ? null : request.Flag("orphanDependents"));

    private static DeleteOptions FromBody(byte[] bytes, string mediaType)
    {
        var body = mediaType switch
        {
            "" or "application/json" => Body.Parse(bytes, yaml: false, "DeleteOptions").Object,
            "application/vnd.kubernetes.protobuf" => KubectlProtobuf.Decode(bytes),
            _ => throw Fail.UnsupportedMediaType(Negotiation.Accepted),
        };
        foreach (var (field, wanted, type) in new[] { ("gracePeriodSeconds", "integer", "int64"), ("orphanDependents", "boolean", "bool"),
            ("propagationPolicy", "string", "v1.DeletionPropagation"), ("preconditions", "object", "v1.Preconditions") })
        {
            if (body[field] is { } value && Validation.TypeOf(value) is var found && found != wanted)
                throw Fail.BadRequest($"json: cannot unmarshal {found} into Go struct field DeleteOptions.{field} of type {type}");
        }

        if (body.Text("kind") is { Length: > 0 } kind and not "DeleteOptions")
            throw Fail.BadRequest($"no kind \"{kind}\" is registered for version \"{body.Text("apiVersion")}\"");
        var dry = body.At("dryRun").StringItems().ToList();
        if (dry.Exists(d => d != "All"))
            throw Fail.Invalid("meta.k8s.io", "DeleteOptions", "", [FieldError.NotSupported("dryRun", string.Join(",", dry), "All")]);
        return new DeleteOptions(
            body.Text("propagationPolicy"), body.Number("gracePeriodSeconds"), body.Text("preconditions", "uid"),
            body.Text("preconditions", "resourceVersion"), body.At("orphanDependents") is null ? null
                : body.BoolAt("orphanDependents"), dry.Count > 0);
    }

    private static void Validate(DeleteOptions options)
    {
        var errors = new List<FieldError>();
        if (options.Policy is { } policy)
        {
            if (options.OrphanDependents is not null)
                errors.Add(FieldError.Invalid("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set"));
            else if (policy is not ("Foreground" or "Background" or "Orphan"))
                errors.Add(FieldError.NotSupported("propagationPolicy", policy, "Foreground", "Background", "Orphan", "nil"));
        }

        if (errors.Count > 0)
            throw Fail.Invalid("meta.k8s.io", "DeleteOptions", "", errors);
    }
}
