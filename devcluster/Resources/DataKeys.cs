using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Resources;

/// <summary>The keys of ConfigMaps and Secrets, and what immutable means for them.</summary>
internal static class DataKeys
{
    private const string Rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

    public static IEnumerable<FieldError> Validate(JsonObject o, string data, string? binary)
    {
        var size = 0L;
        foreach (var field in new[] { data, binary })
        {
            if (field is null)
                continue;
            foreach (var (key, value) in o.ObjectAt(field) ?? [])
            {
                foreach (var problem in Problems(key))
                    yield return FieldError.Invalid($"{field}[{key}]", key, problem);
                if (field == binary && o.At(data, key) is not null)
                    yield return FieldError.Invalid($"{data}[{key}]", key, "duplicate of key present in binaryData");
                size += value.AsString()?.Length ?? 0;
            }
        }

        if (size > 1024 * 1024 * (binary is null ? 4 / 3.0 : 1))
            yield return FieldError.TooLong("", 1024 * 1024);
    }

    private static IEnumerable<string> Problems(string key)
    {
        if (key.Length > 253)
            yield return "must be no more than 253 bytes";
        if (key.Length == 0 || !key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            yield return Rule;
        else if (key == ".")
            yield return "must not be '.'";
        else if (key == "..")
            yield return "must not be '..'";
        else if (key.StartsWith("..", StringComparison.Ordinal))
            yield return "must not start with '..'";
    }

    public static IEnumerable<FieldError> Immutable(JsonObject o, JsonObject old, params string[] fields)
    {
        if (!old.BoolAt("immutable"))
            yield break;
        if (!o.BoolAt("immutable"))
            yield return FieldError.Forbidden("immutable", "field is immutable when `immutable` is set");
        foreach (var field in fields)
        {
            if (!JsonAccess.Same(o[field], old[field]))
                yield return FieldError.Forbidden(field, "field is immutable when `immutable` is set");
        }
    }
}
