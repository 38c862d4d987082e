using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Schema;

namespace LightReasoner.DevCluster.Cel;

/// <summary>JSON values as CEL sees them; the schema tells a number from an integer and a time from a string.</summary>
internal static class CelValue
{
    public static object? From(JsonNode? node, TypeSchema? schema) => node switch
    {
        JsonObject o => o.Where(p => p.Value is not null || schema?.Member(p.Key)?.Nullable == true)
            .ToDictionary(p => p.Key, p => From(p.Value, schema?.Member(p.Key))),
        JsonArray a => a.Select(i => From(i, schema?.Items)).ToList(),
        JsonValue v => Scalar(v, schema),
        _ => null,
    };

    private static object? Scalar(JsonValue v, TypeSchema? schema) => v.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number when schema?.Type != "number" && v.AsLong() is { } l => l,
        JsonValueKind.Number => v.AsDouble(),
        JsonValueKind.String => Text(v.GetValue<string>(), schema?.Format),
        _ => null,
    };

    private static object Text(string text, string? format) => format switch
    {
        "date-time" when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var t) => t,
        "duration" when CelFunctions.Duration(text) is { } d => d,
        _ => text,
    };
}
