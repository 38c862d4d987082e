using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Resources;

namespace LightReasoner.DevCluster.Selectors;

/// <summary>A conjunction of comparisons of fields: <c>metadata.name=x,status.phase!=Running</c>.</summary>
internal sealed class FieldSelector
{
    private readonly List<(string Field, bool Equal, string Value)> terms;

    private FieldSelector(List<(string, bool, string)> terms) => this.terms = terms;

    public bool IsEverything => terms.Count == 0;

    /// <summary>The one name that can match, if the selector asks for one.</summary>
    public string? Name => terms.Where(t => t is { Field: "metadata.name", Equal: true }).Select(t => t.Value).FirstOrDefault();

    public static FieldSelector Parse(string? text, ResourceType type)
    {
        var terms = new List<(string, bool, string)>();
        foreach (var term in Split(text ?? ""))
        {
            if (term.Length == 0)
                continue;
            var i = term.IndexOf('=');
            if (i < 0)
                throw Fail.BadRequest($"invalid selector: '{text}'; can't understand '{term}'");
            var equal = i == 0 || term[i - 1] != '!';
            var field = term[..(equal ? i : i - 1)];
            var value = term[(i + 1 < term.Length && term[i + 1] == '=' && equal ? i + 2 : i + 1)..];
            if (type.Strategy.Field([], field) is null)
            {
                throw Fail.BadRequest(type.Custom
                    ? $"field label not supported: {field}"
                    : $"field label not supported: {field}");
            }

            terms.Add((field, equal, value.Replace("\\,", ",").Replace("\\=", "=").Replace("\\\\", "\\")));
        }

        return new FieldSelector(terms);
    }

    public bool Matches(JsonObject stored, ResourceStrategy strategy)
        => terms.All(t => (strategy.Field(stored, t.Field) == t.Value) == t.Equal);

    private static IEnumerable<string> Split(string text)
    {
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == ',')
            {
                yield return text[start..i];
                start = i + 1;
            }
        }

        yield return text[start..];
    }
}
