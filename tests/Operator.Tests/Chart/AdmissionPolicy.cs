using System.Text.Json.Nodes;
using Cel;

namespace LightReasoner.Operator.Tests.Chart;

/// <summary>Evaluates a ValidatingAdmissionPolicy as an API server does: variables in order, then every validation must hold.</summary>
internal static class AdmissionPolicy
{
    public static bool Allows(JsonObject spec, JsonObject run)
    {
        Dictionary<string, object?> variables = [];
        Dictionary<string, object?> context = new() { ["object"] = Value(run), ["variables"] = variables };
        foreach (var variable in spec["variables"]!.AsArray())
            variables[(string)variable!["name"]!] = Evaluate((string)variable["expression"]!, context);
        return spec["validations"]!.AsArray().All(validation => Evaluate((string)validation!["expression"]!, context) is true);
    }

    private static object? Evaluate(string expression, Dictionary<string, object?> context) =>
        new CelEnvironment(null, null).Compile(expression)(context);

    private static object? Value(JsonNode? node) => node switch
    {
        JsonObject map => map.ToDictionary(pair => pair.Key, pair => Value(pair.Value)),
        JsonArray list => list.Select(Value).ToList(),
        JsonValue value when value.TryGetValue(out string? text) => text,
        JsonValue value when value.TryGetValue(out bool flag) => flag,
        JsonValue value => value.GetValue<double>(),
        null => null,
        _ => throw new InvalidOperationException(),
    };
}
