using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Patch;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Storage;

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
            throw request.Type.Custom ? Fail.UnsupportedMediaType(string.Join(", ", accepted)) : new ApiException(415, "UnsupportedMediaType", "415: Unsupported Media Type", []);
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
            throw Fail.BadRequest($"error decoding patch: json: cannot unmarshal {(patch is JsonArray ? "array" : "object")} into Go value of type {(type == Json ? "jsonpatch.Patch" : "map[string]interface {}")}");
        if (patch is JsonArray { Count: > MaxOperations } operations)
            throw new ApiException(413, "RequestEntityTooLarge", $"The allowed maximum operations in a JSON patch is {MaxOperations}, got {operations.Count}", []);
        var options = new WriteOptions(request.FieldManager, request.DryRun, Patch: true);
        return (writer.Update(request.Type, request.Namespace, request.Name, request.Subresource, old => Patched(request, old, patch!, type, duplicates), options), false);
    }

    private static JsonObject Patched(ApiRequest request, JsonObject old, JsonNode patch, string type, List<string> duplicates)
    {
        var resource = request.Type;
        var served = old;
        resource.Strategy.Encode(served);
        if (resource.Custom)
            served["apiVersion"] = resource.GroupVersion;
        JsonNode? result;
        try
        {
            result = type switch
            {
                Json => JsonPatch.Apply(served, (JsonArray)patch),
                Strategic => StrategicMergePatch.Apply(served, (JsonObject)patch, resource.Schema),
                _ => MergePatch.Apply(served, patch),
            };
        }
        catch (JsonPatch.FailedException)
        {
            throw new ApiException(422, "Invalid", "the server rejected our request due to an error in our request", []);
        }

        if (result is not JsonObject o)
            throw Fail.BadRequest("the patch does not leave an object");
        if (o.Name().Length == 0)
            throw Fail.NameMissing(request.Name);
        if (o.Name() != request.Name)
            throw Fail.BadRequest($"the name of the object ({o.Name()}) does not match the name on the URL ({request.Name})");
        if (resource.Namespaced && o.Namespace().Length > 0 && o.Namespace() != request.Namespace)
            throw Fail.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        CheckKind(resource, o);
        var before = o.Text();
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
        resource.Strategy.Decode(o);
        return o;
    }

    private static ApiException Rejected(string patched, string problem)
        => Fail.Invalid("", "", "", [FieldError.Invalid("patch", patched, problem)]);

    private static void CheckKind(ResourceType type, JsonObject o)
    {
        if (!type.Custom)
        {
            if (o.Kind() != type.Kind || o.ApiVersion() != type.GroupVersion)
                throw Fail.BadRequest($"{o.Kind()} in version \"{o.ApiVersion()}\" cannot be handled as a {type.Kind}");
            return;
        }

        if (o.Kind().Length == 0)
            throw Fail.BadRequest($"Object 'Kind' is missing in '{o.Text()}'");
        if (o.ApiVersion() != type.GroupVersion)
            throw Fail.BadRequest($"the API version in the data ({o.ApiVersion()}) does not match the expected API version ({type.GroupVersion})");
        if (o.Kind() != type.Kind)
            throw Fail.Invalid(type.Group, o.Kind(), o.Name(), [FieldError.Invalid("kind", o.Kind(), $"must be {type.Kind}")]);
    }

    private static void CheckOptions(ApiRequest request, bool apply)
    {
        var errors = new List<FieldError>();
        if (apply && request.Query("fieldManager") is null or "")
        {
            if (apply)
                errors.Add(FieldError.Required("fieldManager", "is required for apply patch"));
        }
        else if (!apply && request.Query("force") is not null)
        {
            errors.Add(FieldError.Forbidden("force", "may not be specified for non-apply patch"));
        }

        if (errors.Count > 0)
            throw Fail.Invalid("meta.k8s.io", "PatchOptions", "", errors);
    }
}
