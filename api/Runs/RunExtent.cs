using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LightReasoner.Api;

/// <summary>
/// Short forms of a spec that two versions agree on: what has its default value is left out, so that a field that a later version adds
/// changes nothing.
/// </summary>
public static class RunExtent
{
    /// <summary>What a started run may be asked for more of.</summary>
    public static string Of(RunSpec spec)
    {
        (string Name, object? Value)[] parts = spec switch
        {
            SamplingRunSpec s => [("maxQuestions", s.MaxQuestions)],
            FineTuneRunSpec f => [("maxSteps", f.Training.MaxSteps), ("evaluation", Short(f.Evaluation))],
            RefineRunSpec r => [("maxSteps", r.Training.MaxSteps), ("totalEpochs", r.Training.TotalEpochs),
                ("evaluation", Short(r.Evaluation))],
            _ => [],
        };
        return string.Join(' ', parts.Select(part => $"{part.Name}={part.Value ?? "-"}"));
    }

    /// <summary>A short hash of an evaluation; null for none.</summary>
    public static string? Short(EvaluationSpec? evaluation) => evaluation is null ? null
        : Hash(Changed(evaluation, new EvaluationSpec()).ToJsonString())[..8];

    /// <summary>The fields of a record that differ from those of a fresh one.</summary>
    public static JsonObject Changed<T>(T value, T fresh)
        where T : notnull
    {
        var node = ToJson(value);
        Prune(node, ToJson(fresh));
        return node;

        static JsonObject ToJson(T o) => JsonSerializer.SerializeToNode(o, o.GetType(), ApiJson.Options)!.AsObject();
    }

    /// <summary>SHA-256 of a text, in hexadecimal digits.</summary>
    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static void Prune(JsonObject node, JsonObject fresh)
    {
        foreach (var (name, value) in node.ToArray())
        {
            if (value is JsonObject inner && fresh[name] is JsonObject other) Prune(inner, other);
            if (JsonNode.DeepEquals(node[name], fresh[name]) || node[name] is JsonObject { Count: 0 } && fresh[name] is JsonObject)
                node.Remove(name);
        }
    }
}
