using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Resources;

/// <summary>The JSONPath of printer columns: <c>.a.b[0]</c>, <c>["key"]</c>, <c>[*]</c>, <c>[?(@.type=="Ready")]</c>.</summary>
internal sealed class JsonPath
{
    private readonly List<Func<JsonNode?, IEnumerable<JsonNode?>>> steps = [];

    public static JsonPath Parse(string text)
    {
        var path = new JsonPath();
        var at = 0;
        while (at < text.Length)
        {
            if (text[at] == '.')
            {
                at++;
                var start = at;
                while (at < text.Length && text[at] is not ('.' or '['))
                    at += text[at] == '\\' && at + 1 < text.Length ? 2 : 1;
                var key = text[start..at].Replace("\\.", ".");
                if (key == "*")
                    path.steps.Add(All);
                else if (key.Length > 0)
                    path.steps.Add(n => Member(n, key));
            }
            else if (text[at] == '[')
            {
                var end = Close(text, at);
                path.steps.Add(Bracket(text[(at + 1)..end].Trim()));
                at = end + 1;
            }
            else
            {
                throw new FormatException($"unexpected '{text[at]}' at {at} in JSONPath {text}");
            }
        }

        return path;
    }

    public IEnumerable<JsonNode?> Find(JsonNode? root)
        => steps.Aggregate<Func<JsonNode?, IEnumerable<JsonNode?>>, IEnumerable<JsonNode?>>([root], (nodes, step) =>
            nodes.SelectMany(step));

    private static IEnumerable<JsonNode?> Member(JsonNode? n, string key) => n is JsonObject o
        && o.TryGetPropertyValue(key, out var v) ? [v] : [];

    private static IEnumerable<JsonNode?> All(JsonNode? n) =>
        n switch { JsonObject o => o.Select(p => p.Value), JsonArray a => a, _ => [] };

    private static Func<JsonNode?, IEnumerable<JsonNode?>> Bracket(string inner)
    {
        if (inner == "*")
            return All;
        if (inner.Length > 1 && inner[0] is '\'' or '"' && inner[^1] == inner[0])
            return n => Member(n, inner[1..^1]);
        if (inner.StartsWith("?(", StringComparison.Ordinal))
            return Filter(inner[2..^1].Trim());
        if (int.TryParse(inner, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
            return n => n is JsonArray a && (index < 0 ? a.Count + index : index) is var i && i >= 0 && i < a.Count ? [a[i]] : [];
        throw new FormatException($"unsupported JSONPath subscript [{inner}]");
    }

    private static Func<JsonNode?, IEnumerable<JsonNode?>> Filter(string expression)
    {
        foreach (var op in new[] { "==", "!=", "<=", ">=", "<", ">" })
        {
            if (expression.IndexOf(op, StringComparison.Ordinal) is not (> 0 and var at))
                continue;
            var left = Parse(expression[..at].Trim()[1..]);
            var right = expression[(at + op.Length)..].Trim();
            var literal = right.Length > 1 && right[0] is '\'' or '"' ? JsonValue.Create(right[1..^1]) : JsonReading.Parse(right);
            return n => n is JsonArray a ? a.Where(i => left.Find(i).Any(v => Compare(v, op, literal))) : [];
        }

        var exists = Parse(expression[1..]);
        return n => n is JsonArray a ? a.Where(i => exists.Find(i).Any()) : [];
    }

    private static bool Compare(JsonNode? value, string op, JsonNode? literal)
    {
        if (op is "==" or "!=")
            return JsonAccess.Same(value, literal) == (op == "==");
        if (value is not JsonValue a || literal is not JsonValue b || a.GetValueKind() != JsonValueKind.Number
            || b.GetValueKind() != JsonValueKind.Number)
            return false;
        var order = a.AsDouble().CompareTo(b.AsDouble());
        return op switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
    }

    private static int Close(string text, int open)
    {
        var depth = 0;
        var quote = '\0';
        for (var i = open; i < text.Length; i++)
        {
            if (quote != 0)
                quote = text[i] == quote ? '\0' : quote;
            else if (text[i] is '\'' or '"')
                quote = text[i];
            else if (text[i] == '[')
                depth++;
            else if (text[i] == ']' && --depth == 0)
                return i;
        }

        throw new FormatException($"unclosed '[' in JSONPath {text}");
    }
}
