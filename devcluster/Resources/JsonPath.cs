namespace LightReasoner.DevCluster.Resources;

/// <summary>The JSONPath of printer columns: <c>.a.b[0]</c>, <c>['key']</c>, <c>[*]</c>, <c>[?(@.type=="Ready")]</c>.</summary>
internal sealed partial class JsonPath
{
    private readonly List<Func<JsonNode?, IEnumerable<JsonNode?>>> steps = [];

    [GeneratedRegex("""
        \G(\.(?<key>(\\.|[^.\[\\])+)|\[['"](?<key>[^'"]+)['"]\]|\[(?<index>\d+)\]|\[(?<all>\*)\]
        |\[\?\(@(?<path>[^=!<>]+?)\s*==\s*['"](?<value>[^'"]*)['"]\)\])
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Step();

    public static JsonPath Parse(string text)
    {
        var path = new JsonPath();
        for (var at = 0; at < text.Length;)
        {
            var match = Step().Match(text, at);
            if (!match.Success)
                throw new FormatException($"unsupported JSONPath {text}");
            path.steps.Add(Read(match));
            at += match.Length;
        }

        return path;
    }

    public IEnumerable<JsonNode?> Find(JsonNode? root)
        => steps.Aggregate((IEnumerable<JsonNode?>)[root], (nodes, step) => nodes.SelectMany(step));

    private static Func<JsonNode?, IEnumerable<JsonNode?>> Read(Match match)
    {
        if (match.Groups["key"] is { Success: true, Value: var key })
            return n => n is JsonObject o && o.TryGetPropertyValue(key.Replace("\\", ""), out var v) ? [v] : [];
        if (match.Groups["all"].Success)
            return n => n switch { JsonObject o => o.Select(p => p.Value), JsonArray a => a, _ => [] };
        if (int.TryParse(match.Groups["index"].Value, out var index))
            return n => n is JsonArray a && index < a.Count ? [a[index]] : [];
        var (path, value) = (Parse(match.Groups["path"].Value), match.Groups["value"].Value);
        return n => n is JsonArray a ? a.Where(i => path.Find(i).Any(v => v.Text() == value)) : [];
    }
}
