using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Patch;
using LightReasoner.DevCluster.Resources;

namespace LightReasoner.DevCluster.Rest;

/// <summary>GET, PUT and PATCH of /scale: the replicas of a custom resource as an autoscaling/v1 Scale.</summary>
internal sealed class ScaleSubresource(ObjectWriter writer)
{
    private const string Merge = "application/merge-patch+json", Json = "application/json-patch+json", Strategic = "application/strategic-merge-patch+json";

    public async Task Handle(ApiRequest request, ScalePaths paths)
    {
        var form = Negotiation.From(request.Http.Request, allowTransforms: false);
        var stored = writer.Store.Get(request.Type.StorageName, request.Namespace, request.Name) ?? throw request.Type.NotFound(request.Name);
        if (request.Method is "PUT" or "PATCH")
        {
            request.ReadWriteParameters(request.Method == "PUT" ? "UpdateOptions" : "PatchOptions");
            var change = request.Method == "PUT" ? await Replacement(request) : await Patch(request);
            stored = writer.Update(request.Type, request.Namespace, request.Name, "scale",
                old => Scaled(old, change(Of(old, paths)), paths, request.Name), new WriteOptions(request.FieldManager, request.DryRun));
        }

        await Writing.Write(request.Http, 200, Of(stored.Document, paths), form.Yaml);
    }

    private static async Task<Func<JsonObject, JsonObject>> Replacement(ApiRequest request)
    {
        var scale = (await Body.Read(request.Http.Request, "Scale", custom: false)).Object;
        if (scale.Name() != request.Name)
            throw Fail.BadRequest($"the name of the object ({scale.Name()}) does not match the name on the URL ({request.Name})");
        return _ => scale.Copy();
    }

    private static async Task<Func<JsonObject, JsonObject>> Patch(ApiRequest request)
    {
        var type = Body.MediaType(request.Http.Request);
        if (type is not (Merge or Json or Strategic))
            throw new ApiException(415, "UnsupportedMediaType", "415: Unsupported Media Type", []);
        var bytes = await Body.ReadBytes(request.Http.Request);
        JsonNode? patch;
        try
        {
            patch = JsonNode.Parse(bytes);
        }
        catch (JsonException e)
        {
            throw Fail.BadRequest($"error decoding patch: {e.Message}");
        }

        return scale =>
        {
            try
            {
                return (type == Json ? JsonPatch.Apply(scale, patch as JsonArray ?? []) : MergePatch.Apply(scale, patch)) as JsonObject ?? [];
            }
            catch (JsonPatch.FailedException)
            {
                throw new ApiException(422, "Invalid", "the server rejected our request due to an error in our request", []);
            }
        };
    }

    private static JsonObject Scaled(JsonObject old, JsonObject scale, ScalePaths paths, string name)
    {
        var replicas = scale.LongAt("spec", "replicas") ?? 0;
        if (replicas < 0)
            throw Fail.Invalid("autoscaling", "Scale", name, [FieldError.Invalid("spec.replicas", replicas, "must be greater than or equal to 0")]);
        var at = old;
        foreach (var key in paths.Spec[..^1])
            at = at.Ensure(key);
        at[paths.Spec[^1]] = replicas;
        old.Metadata().SetOrRemove("resourceVersion", scale.At("metadata", "resourceVersion")?.DeepClone());
        return old;
    }

    private static JsonObject Of(JsonObject o, ScalePaths paths)
    {
        if (o.At(paths.Spec) is not { } replicas)
            throw Fail.Internal($"the spec replicas field \".{string.Join('.', paths.Spec)}\" does not exist");
        var metadata = new JsonObject { ["name"] = o.Name() };
        foreach (var field in new[] { "namespace", "uid", "resourceVersion", "creationTimestamp" })
            metadata.SetOrRemove(field, o.At("metadata", field)?.DeepClone());
        var status = new JsonObject { ["replicas"] = o.LongAt(paths.Status) ?? 0 };
        if (paths.Selector is { } path && o.StringAt(path) is { Length: > 0 } selector)
            status["selector"] = selector;
        return new JsonObject
        {
            ["kind"] = "Scale",
            ["apiVersion"] = "autoscaling/v1",
            ["metadata"] = metadata,
            ["spec"] = replicas.AsLong() is long n and not 0 ? new JsonObject { ["replicas"] = n } : [],
            ["status"] = status,
        };
    }
}
