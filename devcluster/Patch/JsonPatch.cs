using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Patch;

/// <summary>JSON patch (RFC 6902).</summary>
internal static class JsonPatch
{
    /// <summary>Thrown when an operation cannot be applied.</summary>
    internal sealed class FailedException(string message) : Exception(message);

    public static JsonNode? Apply(JsonNode? target, JsonArray operations)
    {
        foreach (var operation in operations)
        {
            var path = Pointer(operation.StringAt("path") ?? throw new FailedException("missing path"));
            switch (operation.StringAt("op"))
            {
                case "add":
                    target = Add(target, path, operation.At("value")?.DeepClone());
                    break;
                case "remove":
                    target = Remove(target, path);
                    break;
                case "replace":
                    if (!TryGet(target, path, out _))
                        throw new FailedException($"replace operation does not apply: doc is missing path: {operation.StringAt("path")}");
                    target = path.Length == 0 ? operation.At("value")?.DeepClone() : Add(Remove(target, path), path, operation.At("value")?.DeepClone());
                    break;
                case "move":
                    var from = Pointer(operation.StringAt("from") ?? "");
                    var moved = Get(target, from)?.DeepClone();
                    target = Add(Remove(target, from), path, moved);
                    break;
                case "copy":
                    target = Add(target, path, Get(target, Pointer(operation.StringAt("from") ?? ""))?.DeepClone());
                    break;
                case "test":
                    if (!TryGet(target, path, out var actual) && operation.At("value") is not null || !JsonAccess.Same(actual, operation.At("value")))
                        throw new FailedException($"testing value {operation.StringAt("path")} failed");
                    break;
                default:
                    throw new FailedException($"Unexpected kind: {operation.StringAt("op")}");
            }
        }

        return target;
    }

    private static string[] Pointer(string text)
    {
        if (text.Length == 0)
            return [];
        if (text[0] != '/')
            throw new FailedException($"invalid path: {text}");
        return [.. text[1..].Split('/').Select(p => p.Replace("~1", "/").Replace("~0", "~"))];
    }

    private static JsonNode? Get(JsonNode? target, string[] path)
        => TryGet(target, path, out var value) ? value : throw new FailedException("missing path: /" + string.Join('/', path));

    private static bool TryGet(JsonNode? target, string[] path, out JsonNode? value)
    {
        value = target;
        foreach (var key in path)
        {
            if (value is JsonObject o && o.TryGetPropertyValue(key, out var child))
                value = child;
            else if (value is JsonArray a && Index(key, a.Count) is { } i && i < a.Count)
                value = a[i];
            else
                return false;
        }

        return true;
    }

    private static JsonNode? Add(JsonNode? target, string[] path, JsonNode? value)
    {
        if (path.Length == 0)
            return value;
        switch (Get(target, path[..^1]))
        {
            case JsonObject o:
                o[path[^1]] = value;
                break;
            case JsonArray a when path[^1] == "-":
                a.Add(value);
                break;
            case JsonArray a when Index(path[^1], a.Count) is { } i:
                a.Insert(i, value);
                break;
            default:
                throw new FailedException("add operation does not apply: /" + string.Join('/', path));
        }

        return target;
    }

    private static JsonNode? Remove(JsonNode? target, string[] path)
    {
        Get(target, path);
        switch (path.Length == 0 ? null : Get(target, path[..^1]))
        {
            case JsonObject o:
                o.Remove(path[^1]);
                return target;
            case JsonArray a:
                a.RemoveAt(Index(path[^1], a.Count - 1)!.Value);
                return target;
            default:
                return null;
        }
    }

    private static int? Index(string key, int max)
        => int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var i) && i <= max ? i : null;
}
