using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api.Validation;

/// <summary>A field in which the spec of a run differs from the one that its output was begun with.</summary>
/// <param name="Path">The field: <c>spec.selection.beta</c>.</param>
/// <param name="Before">Its value then, as JSON; null where it was left out.</param>
/// <param name="Now">Its value now, as JSON; null where it is left out.</param>
/// <param name="Extends">Whether the change asks for more of the same work: a number that grew, another evaluation.</param>
public sealed record SpecChange(string Path, string? Before, string? Now, bool Extends)
{
    /// <summary><c>spec.selection.beta was 0.4 and is 0.5</c>.</summary>
    public override string ToString() =>
        $"{Path} {(Before is null ? "was not set" : $"was {Before}")} and is {(Now is null ? "not set" : Now)} now";
}

/// <summary>The rule of the CRD on what of a started run may change, for whoever has both documents at hand.</summary>
public static class SpecChanges
{
    /// <summary>How a spec differs from an earlier one in what affects results; where a run writes is not part of that.</summary>
    public static IReadOnlyList<SpecChange> Between(RunSpec before, RunSpec now) =>
        [.. Of(now.GetType(), "spec", ToJson(before), ToJson(now))
            .Where(change => !change.Path.StartsWith("spec.output", StringComparison.Ordinal))];

    private static JsonObject ToJson(RunSpec spec) => JsonSerializer.SerializeToNode(spec, spec.GetType(), ApiJson.Options)!.AsObject();

    private static IEnumerable<SpecChange> Of(Type type, string path, JsonObject before, JsonObject now) =>
        ApiProperty.Of(type).SelectMany(field =>
    {
        JsonNode? then = before[field.Name], here = now[field.Name];
        var evaluation = field.Type == typeof(EvaluationSpec);
        if (JsonNode.DeepEquals(then, here) || (field.Property.IsDefined(typeof(MutableAttribute)) && !evaluation)) return [];
        if (field.Shape == Shape.Object && !evaluation && then is JsonObject a && here is JsonObject b)
            return Of(field.Type, $"{path}.{field.Name}", a, b);
        var extendable = field.Property.GetCustomAttribute<ExtendableAttribute>();
        var grew = extendable is not null && (here is null ? extendable.NullIsAll : then is null ? !extendable.NullIsAll
            : (long)here > (long)then);
        return [new SpecChange($"{path}.{field.Name}", then?.ToJsonString(ApiJson.Options),
            here?.ToJsonString(ApiJson.Options), evaluation || grew)];
    });
}
