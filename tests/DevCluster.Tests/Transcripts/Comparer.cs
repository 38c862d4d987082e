using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LightReasoner.DevCluster.Tests.Transcripts;

/// <summary>Compares an answer with the recorded one; remembers the deepest difference for the report.</summary>
internal sealed class Comparer(HashSet<string> unordered, HashSet<string> loose)
{
    /// <summary>Fields that differ on purpose: texts about columns, and a hash that no client of ours reads.</summary>
    private static readonly string[] Ignored = ["description", "storageVersionHash"];

    /// <summary>The last difference met, in words.</summary>
    public string Difference { get; private set; } = "";

    public Bindings? Compare(JsonNode? recorded, JsonNode? actual, Bindings bindings, string place = "")
    {
        if (loose.Contains(place))
            return bindings;
        switch (recorded)
        {
            case JsonObject o:
                return actual is JsonObject a ? Objects(o, a, bindings, place) : Differs(place, recorded, actual);
            case JsonArray list:
                if (actual is not JsonArray found || found.Count != list.Count)
                    return Differs(place, recorded, actual);
                // Entries are sorted by their times in whole seconds; those of a recording share one, those of a slow replay may not.
                return unordered.Contains(place) || place.EndsWith("managedFields", StringComparison.Ordinal)
                    ? AnyOrder(list, found, 0, [], bindings, place)
                    : InOrder(list, found, bindings, place);
            case JsonValue v when v.GetValueKind() == JsonValueKind.String:
                var text = Text(v.GetValue<string>(), actual);
                return text is not null && bindings.Match(v.GetValue<string>(), text) is { } matched ? matched
                    : Differs(place, recorded, actual);
            case JsonValue v when v.GetValueKind() == JsonValueKind.Number:
                return actual is JsonValue n && n.GetValueKind() == JsonValueKind.Number && Number(v) == Number(n) ? bindings
                    : Differs(place, recorded, actual);
            default:
                return JsonNode.DeepEquals(recorded, actual) ? bindings : Differs(place, recorded, actual);
        }
    }

    private static double Number(JsonValue v) => double.Parse(v.ToJsonString(), CultureInfo.InvariantCulture);

    // The string "${int}" stands for a number.
    private static string? Text(string template, JsonNode? actual)
        => actual is not JsonValue v ? null
            : v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>()
            : v.GetValueKind() == JsonValueKind.Number && template.StartsWith("${int", StringComparison.Ordinal) ? v.ToJsonString()
            : null;

    private Bindings? Objects(JsonObject recorded, JsonObject actual, Bindings bindings, string place)
    {
        var left = actual.Select(p => p.Key).Except(Ignored).ToHashSet();
        foreach (var (template, value) in recorded.Where(p => !Ignored.Contains(p.Key)))
        {
            var key = template;
            if (template.Contains("${", StringComparison.Ordinal))
            {
                key = left.FirstOrDefault(k => bindings.Match(template, k) is not null) ?? template;
                bindings = bindings.Match(template, key) ?? bindings;
            }

            if (!left.Remove(key))
                return Differs(PathExpression.Join(place, key), value, null, "is missing");
            if (Compare(value, actual[key], bindings, PathExpression.Join(place, template)) is not { } next)
                return null;
            bindings = next;
        }

        return left.Count == 0 ? bindings : Differs(PathExpression.Join(place, left.First()), null, actual[left.First()], "is too much");
    }

    private Bindings? InOrder(JsonArray recorded, JsonArray actual, Bindings? bindings, string place)
    {
        for (var i = 0; i < recorded.Count && bindings is not null; i++)
            bindings = Compare(recorded[i], actual[i], bindings, PathExpression.Join(place, i.ToString(CultureInfo.InvariantCulture)));
        return bindings;
    }

    private Bindings? AnyOrder(JsonArray recorded, JsonArray actual, int next, HashSet<int> used, Bindings bindings, string place)
    {
        if (next == recorded.Count)
            return bindings;
        for (var i = 0; i < actual.Count; i++)
        {
            if (used.Contains(i) || Compare(recorded[next], actual[i], bindings,
                PathExpression.Join(place, next.ToString(CultureInfo.InvariantCulture))) is not { } matched)
                continue;
            used.Add(i);
            if (AnyOrder(recorded, actual, next + 1, used, matched, place) is { } all)
                return all;
            used.Remove(i);
        }

        return null;
    }

    private Bindings? Differs(string place, JsonNode? recorded, JsonNode? actual, string what = "differs")
    {
        Difference =
            $"/{string.Join('/', place.Length == 0 ? [] : PathExpression.Steps(place))} {what}: recorded {Short(recorded)}, found "
            + $"{Short(actual)}";
        return null;
    }

    private static string Short(JsonNode? node)
    {
        var text =
            node?.ToJsonString(new JsonSerializerOptions
            {
                Encoder =
            System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping
            }) ?? "null";
        return text.Length <= 600 ? text : text[..600] + "…";
    }
}
