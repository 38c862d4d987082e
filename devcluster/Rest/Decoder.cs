using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Schema;

namespace LightReasoner.DevCluster.Rest;

/// <summary>From a document that a client sent to an object of the kind that is served.</summary>
internal static class Decoder
{
    /// <summary>Checks kind and version, drops what the kind does not know and reports it as fieldValidation asks.</summary>
    public static JsonObject Decode(ApiRequest request, Body body)
    {
        var o = body.Object;
        if (request.Type.Custom)
            CheckCustomType(request, o, body.Raw);
        else
            CheckBuiltInType(request.Type, o);
        var problems = body.Duplicates.Select(d => $"duplicate field \"{d}\"").ToList();
        problems.AddRange(Shape(request.Type, o).Select(u => $"unknown field \"{u}\""));
        Report(request, problems, () => Fail.BadRequest(
            $"{request.Type.Kind} in version \"{request.Type.Version}\" cannot be handled as a {request.Type.Kind}: strict decoding "
                + $"error: {string.Join(", ", problems)}"));
        return o;
    }

    /// <summary>Brings an object into the shape of its type; returns the paths of the fields it does not know.</summary>
    public static List<string> Shape(ResourceType type, JsonObject o)
    {
        var unknown = new List<string>();
        if (type.Custom)
        {
            if (o["metadata"] is not (null or JsonObject))
                throw Fail.BadRequest($"{type.Kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: json: cannot "
                    + $"unmarshal {Validation.TypeOf(o["metadata"])} into Go value of type v1.ObjectMeta");
            if (o["metadata"] is JsonObject metadata && BuiltInDecoding.Decode(metadata, BuiltInTypes.Get("ObjectMeta"), unknown,
                "metadata") is { } problem)
                throw Fail.BadRequest($"{type.Kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: {problem}");
            Pruning.Prune(o, type.Schema, unknown, isResource: true);
            return [.. unknown.OrderBy(Rank).ThenBy(u => u, StringComparer.Ordinal)];
        }

        if (BuiltInDecoding.Decode(o, type.Schema, unknown) is { } error)
        {
            var kind = o.Kind().Length > 0 ? o.Kind() : type.Kind;
            throw Fail.BadRequest($"{kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: {error}");
        }

        return unknown;

        static int Rank(string path) => path.StartsWith("metadata", StringComparison.Ordinal) ? 0 : 1;
    }

    public static void Report(ApiRequest request, List<string> problems, Func<ApiException> strict)
    {
        if (problems.Count == 0 || request.FieldValidation == "Ignore")
            return;
        if (request.FieldValidation == "Strict")
            throw strict();
        foreach (var problem in problems)
            request.Warn(problem);
    }

    private static void CheckCustomType(ApiRequest request, JsonObject o, byte[] raw)
    {
        var type = request.Type;
        if (o.Text("kind") is not { Length: > 0 } kind)
            throw Body.Unrecognised(type.Kind, raw, $"Object 'Kind' is missing in '{Encoding.UTF8.GetString(raw)}'");
        if (o.ApiVersion() != type.GroupVersion && o.ApiVersion().StartsWith(type.Group + "/", StringComparison.Ordinal))
        {
            // Nothing is known of the fields of a version that does not exist.
            foreach (var field in o.Select(p => p.Key).Where(k => k is not ("apiVersion" or "kind" or "metadata")))
                request.Warn($"unknown field \"{field}\"");
        }

        if (o.ApiVersion() != type.GroupVersion)
            throw Fail.BadRequest($"the API version in the data ({o.ApiVersion()}) does not match the expected API version "
                + $"({type.GroupVersion})");
        if (kind != type.Kind)
            throw Fail.Invalid(type.Group, kind, o.Name(), [FieldError.Invalid("kind", kind, $"must be {type.Kind}")]);
    }

    private static void CheckBuiltInType(ResourceType type, JsonObject o)
    {
        var kind = o.Text("kind") ?? "";
        var version = o.Text("apiVersion") ?? "";
        if (kind.Length > 0 && kind != type.Kind || version.Length > 0 && version != type.GroupVersion)
        {
            var shown = kind.Length > 0 ? kind : type.Kind;
            throw Fail.BadRequest($"{shown} in version \"{version.Split('/')[^1]}\" cannot be handled as a {type.Kind}: no kind "
                + $"\"{shown}\" is registered for version \"{version}\"");
        }

        o["kind"] = type.Kind;
        o["apiVersion"] = type.GroupVersion;
    }
}
