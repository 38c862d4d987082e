using System.Text.Json.Nodes;

namespace LightReasoner.DevCluster.Tests.Transcripts;

/// <summary>The paths of a transcript: <c>$</c>, <c>.name</c>, <c>["any name"]</c>, <c>[*]</c>, <c>[3]</c>, <c>..name</c>.</summary>
internal static class PathExpression
{
    public const string Any = "*";

    // Keys have slashes and dots in them.
    private const char Separator = '\u0001';

    /// <summary>Steps: a key, an index, "*" or, for "..name", the name with two dots in front.</summary>
    public static string[] Parse(string text)
    {
        var steps = new List<string>();
        var at = 1;
        while (at < text.Length)
        {
            if (text[at] == '[')
            {
                var quoted = text[at + 1] == '"';
                var end = quoted ? text.IndexOf("\"]", at + 2, StringComparison.Ordinal) : text.IndexOf(']', at);
                steps.Add(quoted ? text[(at + 2)..end] : text[(at + 1)..end]);
                at = end + (quoted ? 2 : 1);
                continue;
            }

            var deep = string.CompareOrdinal(text, at, "..", 0, 2) == 0;
            at += deep ? 2 : 1;
            var start = at;
            while (at < text.Length && text[at] is not ('.' or '['))
                at++;
            steps.Add((deep ? ".." : "") + text[start..at]);
        }

        return [.. steps];
    }

    /// <summary>The places that a path names, each as concrete steps.</summary>
    public static IEnumerable<string> Places(JsonNode? root, string path) => Places(root, Parse(path), 0, "");

    public static string Join(string place, string step) => place + Separator + step;

    public static string[] Steps(string place) => place.Split(Separator)[1..];

    public static JsonNode? At(JsonNode? root, string path)
    {
        foreach (var step in Parse(path))
            root = Child(root, step);
        return root;
    }

    public static JsonNode? Child(JsonNode? node, string step) => node switch
    {
        JsonObject o => o[step],
        JsonArray a when int.TryParse(step, out var i) && i < a.Count => a[i],
        _ => null,
    };

    public static IEnumerable<(string Step, JsonNode? Value)> Children(JsonNode? node) => node switch
    {
        JsonObject o => o.Select(p => (p.Key, p.Value)),
        JsonArray a => a.Select((v, i) => (i.ToString(System.Globalization.CultureInfo.InvariantCulture), v)),
        _ => [],
    };

    private static IEnumerable<string> Places(JsonNode? node, string[] steps, int next, string place)
    {
        if (next == steps.Length)
            return [place];
        var step = steps[next];
        if (step == Any)
            return Children(node).SelectMany(c => Places(c.Value, steps, next + 1, Join(place, c.Step)));
        if (step.StartsWith("..", StringComparison.Ordinal))
        {
            var here = node is JsonObject o && o.ContainsKey(step[2..])
                ? Places(o[step[2..]], steps, next + 1, Join(place, step[2..])) : [];
            return here.Concat(Children(node).SelectMany(c => Places(c.Value, steps, next, Join(place, c.Step))));
        }

        return Children(node).Where(c => c.Step == step).SelectMany(c => Places(c.Value, steps, next + 1, Join(place, c.Step)));
    }
}
