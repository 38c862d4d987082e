using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Patch;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Storage;
using Microsoft.AspNetCore.JsonPatch.SystemTextJson;
using Microsoft.AspNetCore.JsonPatch.SystemTextJson.Exceptions;

namespace LightReasoner.DevCluster.Rest;

/// <summary>PATCH: reads the patch and applies it to the stored object.</summary>
internal sealed class PatchRequest(ObjectWriter writer)
{
    private const string Merge = "application/merge-patch+json";
    private const string Json = "application/json-patch+json";
    private const string Strategic = "application/strategic-merge-patch+json";
    private const string ApplyYaml = "application/apply-patch+yaml";
    private const int MaxOperations = 10_000;

    /// <summary>Returns the object and whether it was created.</summary>
    public async Task<(StoredObject Object, bool Created)> Handle(ApiRequest request)
    {
        request.ReadWriteParameters("PatchOptions");
        var type = Body.MediaType(request.Http.Request);
        string[] accepted = request.Type.Custom ? [Json, Merge, ApplyYaml] : [Json, Merge, Strategic, ApplyYaml];
        if (!accepted.Contains(type))
        {
            throw request.Type.Custom ? Fail.UnsupportedMediaType(string.Join(", ", accepted))
                : new ApiException(415, "UnsupportedMediaType", "415: Unsupported Media Type", []);
        }

        CheckOptions(request, type == ApplyYaml);
        var bytes = await Body.ReadBytes(request.Http.Request);
        if (type == ApplyYaml)
            return new ServerSideApply(writer, request).Apply(bytes);
        var duplicates = new List<string>();
        JsonNode? patch;
        try
        {
            patch = JsonReading.Parse(bytes, duplicates);
        }
        catch (JsonException e)
        {
            throw Fail.BadRequest($"error decoding patch: {e.Message}");
        }

        if (type == Json ? patch is not JsonArray : patch is not JsonObject)
            throw Fail.BadRequest($"error decoding patch: json: cannot unmarshal {(patch is JsonArray ? "array" : "object")} into Go "
                + $"value of type {(type == Json ? "jsonpatch.Patch" : "map[string]interface {}")}");
        if (patch is JsonArray { Count: > MaxOperations } operations)
            throw new ApiException(413, "RequestEntityTooLarge",
                $"The allowed maximum operations in a JSON patch is {MaxOperations}, got {operations.Count}", []);
        var options = new WriteOptions(request.FieldManager, request.DryRun, Patch: true);
        return (writer.Update(request.Type, request.Namespace, request.Name, request.Subresource, old =>
            Patched(request, old, patch!, type, duplicates), options), false);
    }

    private static JsonObject Patched(ApiRequest request, JsonObject old, JsonNode patch, string type, List<string> duplicates)
    {
        var resource = request.Type;
        JsonObject o;
        try
        {
            o = type switch
            {
                Json => Apply((JsonArray)patch, old),
                Strategic => StrategicMergePatch.Apply(old, (JsonObject)patch, resource.Schema),
                _ => StrategicMergePatch.Apply(old, (JsonObject)patch, null),
            };
        }
        catch (JsonPatchException)
        {
            throw new ApiException(422, "Invalid", "the server rejected our request due to an error in our request", []);
        }

        if (o.Name().Length == 0)
            throw Fail.NameMissing(request.Name);
        if (o.Name() != request.Name)
            throw Fail.BadRequest($"the name of the object ({o.Name()}) does not match the name on the URL ({request.Name})");
        if (resource.Namespaced && o.Namespace().Length > 0 && o.Namespace() != request.Namespace)
            throw Fail.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        CheckKind(resource, o);
        var before = o.ToText();
        var problems = duplicates.Select(d => $"duplicate field \"{d}\"").ToList();
        try
        {
            problems.AddRange(Decoder.Shape(resource, o).Select(u => $"unknown field \"{u}\""));
        }
        catch (ApiException e) when (e.Code == 400)
        {
            throw Rejected(before, e.Message[(e.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..]);
        }

        Decoder.Report(request, problems, () => Rejected(before, "strict decoding error: " + string.Join(", ", problems)));
        return o;
    }

    private static JsonObject Apply(JsonArray operations, JsonObject target)
    {
        if (operations.FirstOrDefault(o => o.Text("op") is not ("add" or "remove" or "replace" or "move" or "copy" or "test")) is { } odd)
            throw new JsonPatchException($"unknown operation {odd.ToText()}", null);
        JsonSerializer.Deserialize<JsonPatchDocument>(operations)!.ApplyTo(target);
        return (JsonObject)JsonReading.Parse(target.ToJsonString())!;
    }

    private static ApiException Rejected(string patched, string problem)
        => Fail.Invalid("", "", "", [FieldError.Invalid("patch", patched, problem)]);

    private static void CheckKind(ResourceType type, JsonObject o)
    {
        if (o.ApiVersion() != type.GroupVersion)
            throw Fail.BadRequest($"the API version in the data ({o.ApiVersion()}) does not match the expected API version "
                + $"({type.GroupVersion})");
        if (o.Kind() != type.Kind)
            throw Fail.Invalid(type.Group, o.Kind(), o.Name(), [FieldError.Invalid("kind", o.Kind(), $"must be {type.Kind}")]);
    }

    private static void CheckOptions(ApiRequest request, bool apply)
    {
        FieldError? error = null;
        if (apply && request.Query("fieldManager") is null or "")
            error = FieldError.Required("fieldManager", "is required for apply patch");
        else if (!apply && request.Query("force") is not null)
            error = FieldError.Forbidden("force", "may not be specified for non-apply patch");
        if (error is not null)
            throw Fail.Invalid("meta.k8s.io", "PatchOptions", "", [error]);
    }
}
