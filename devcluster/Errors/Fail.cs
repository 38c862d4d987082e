namespace LightReasoner.DevCluster.Errors;

/// <summary>The errors of the API, with the texts and details clients know.</summary>
internal static class Fail
{
    public static ApiException UnknownResource()
        => new(404, "NotFound", "the server could not find the requested resource", []);

    public static ApiException NotFound(string group, string resource, string name)
        => new(404, "NotFound", $"{Qualified(group, resource)} \"{name}\" not found", Details(name, group, resource));

    public static ApiException AlreadyExists(ResourceType type, string name)
        => new(409, "AlreadyExists", $"{type.QualifiedName} \"{name}\" already exists", Details(name, type.Group, type.Plural));

    public static ApiException Conflict(string group, string resource, string name, string message)
        => new(409, "Conflict", $"Operation cannot be fulfilled on {Qualified(group, resource)} \"{name}\": {message}",
            Details(name, group, resource));

    public static ApiException Modified(ResourceType type, string name)
        => Conflict(type.Group, type.Plural, name,
            "the object has been modified; please apply your changes to the latest version and try again");

    public static ApiException BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiException MethodNotAllowed()
        => new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", []);

    public static ApiException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    public static ApiException UnsupportedMediaType(string accepted)
        => new(415, "UnsupportedMediaType", $"the body of the request was in an unknown format - accepted media types include: {accepted}");

    public static ApiException ServerError(string message) => new(500, "", message);

    public static ApiException Forbidden(string group, string resource, string name, string message)
        => new(403, "Forbidden", $"{Qualified(group, resource)} \"{name}\" is forbidden: {message}", Details(name, group, resource));

    public static ApiException Expired(string message) => new(410, "Expired", message);

    public static ApiException Invalid(string group, string kind, string name, IReadOnlyList<FieldError> errors)
    {
        var details = Details(name, group, kind);
        var causes = new JsonArray();
        foreach (var e in errors)
            causes.Add(e.ToCause());
        if (causes.Count > 0)
            details["causes"] = causes;
        var texts = errors.Select(e => e.ToString()).Distinct().ToList();
        var text = texts.Count == 1 ? texts[0] : "[" + string.Join(", ", texts) + "]";
        return new(422, "Invalid", $"{Qualified(group, kind)} \"{name}\" is invalid: {text}", details);
    }

    public static string Qualified(string group, string resource) => group.Length == 0 ? resource : $"{resource}.{group}";

    public static JsonObject Details(string name, string group, string kind)
    {
        var details = new JsonObject();
        if (name.Length > 0)
            details["name"] = name;
        if (group.Length > 0)
            details["group"] = group;
        if (kind.Length > 0)
            details["kind"] = kind;
        return details;
    }
}
