using LightReasoner.DevCluster.Patch;
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

    /// <summary>Returns the object and whether it was created.</summary>
    public async Task<(StoredObject Object, bool Created)> Handle(ApiRequest request)
    {
        request.ReadWriteParameters("PatchOptions");
        var type = Body.MediaType(request.Http.Request);
        string[] accepted = request.Type.Custom ? [Json, Merge, ApplyYaml] : [Json, Merge, Strategic, ApplyYaml];
        if (!accepted.Contains(type))
            throw Fail.UnsupportedMediaType(string.Join(", ", accepted));

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
            throw Fail.BadRequest($"error decoding patch: expected {(type == Json ? "a list of operations" : "an object")}");
        var options = new WriteOptions(request.FieldManager, request.DryRun);
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

        DocumentDecoder.CheckName(request, o);
        DocumentDecoder.CheckKind(resource, o);
        var before = o.ToText();
        var problems = duplicates.Select(d => $"duplicate field \"{d}\"").ToList();
        try
        {
            problems.AddRange(DocumentDecoder.Shape(resource, o).Select(u => $"unknown field \"{u}\""));
        }
        catch (ApiException e) when (e.Code == 400)
        {
            throw Rejected(before, e.Message[(e.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..]);
        }

        DocumentDecoder.Report(request, problems, () => Rejected(before, "strict decoding error: " + string.Join(", ", problems)));
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
