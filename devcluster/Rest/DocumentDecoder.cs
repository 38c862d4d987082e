namespace LightReasoner.DevCluster.Rest;

/// <summary>From a document that a client sent to an object of the kind that is served.</summary>
internal static class DocumentDecoder
{
    /// <summary>Checks kind and version, drops what the kind does not know and reports it as fieldValidation asks.</summary>
    public static JsonObject Decode(ApiRequest request, Body body)
    {
        var (type, o) = (request.Type, body.Object);
        if (!type.Custom)
        {
            o.Default("kind", type.Kind);
            o.Default("apiVersion", type.GroupVersion);
        }

        CheckKind(type, o);
        var problems = body.Duplicates.Select(d => $"duplicate field \"{d}\"").ToList();
        problems.AddRange(Shape(type, o).Select(u => $"unknown field \"{u}\""));
        Report(request, problems, () => Fail.BadRequest(
            $"{type.Kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: strict decoding error: "
                + string.Join(", ", problems)));
        return o;
    }

    public static void CheckKind(ResourceType type, JsonObject o)
    {
        if (o.ApiVersion() != type.GroupVersion)
            throw Fail.BadRequest($"the API version in the data ({o.ApiVersion()}) does not match the expected API version "
                + $"({type.GroupVersion})");
        if (o.Kind() != type.Kind)
            throw Fail.Invalid(type.Group, o.Kind(), o.Name(), [FieldError.Invalid("kind", o.Kind(), $"must be {type.Kind}")]);
    }

    /// <summary>The name and namespace of a document are those of its address; a new object may leave its name out.</summary>
    public static void CheckName(ApiRequest request, JsonObject o)
    {
        if (request.Name.Length > 0 && o.Name().Length == 0)
            throw Fail.BadRequest($"the name of the object ({request.Name} based on URL) was undeterminable: name must be provided");
        if (request.Name.Length > 0 && o.Name() != request.Name)
            throw Fail.BadRequest($"the name of the object ({o.Name()}) does not match the name on the URL ({request.Name})");
        if (request.Type.Namespaced && o.Namespace().Length > 0 && o.Namespace() != request.Namespace)
            throw Fail.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
    }

    /// <summary>Brings an object into the shape of its type; returns the paths of the fields it does not know.</summary>
    public static List<string> Shape(ResourceType type, JsonObject o)
    {
        var unknown = new List<string>();
        if (type.Custom)
        {
            Check(o["metadata"] is null or JsonObject
                ? BuiltInDecoding.Decode(o.Metadata(), BuiltInTypes.Get("ObjectMeta"), unknown, "metadata") : "metadata must be an object");
            Pruning.Prune(o, type.Schema, unknown, isResource: true);
            return [.. unknown.OrderBy(u => !u.StartsWith("metadata", StringComparison.Ordinal)).ThenBy(u => u, StringComparer.Ordinal)];
        }

        Check(BuiltInDecoding.Decode(o, type.Schema, unknown));
        return unknown;

        void Check(string? problem)
        {
            if (problem is not null)
                throw Fail.BadRequest($"{type.Kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: {problem}");
        }
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
}
