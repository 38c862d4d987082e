using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;

namespace LightReasoner.Operator.Jobs;

/// <summary>
/// Short forms of a spec that two versions of the operator agree on: what has its default value is left out, so that a field that a later
/// version adds changes nothing.
/// </summary>
internal static class RunExtent
{
    /// <summary>Fields that reach a Job that exists, or do not reach it at all.</summary>
    private static readonly string[] Live = ["suspend", "parallelism", "activeDeadlineSeconds", "ttlSecondsAfterFinished",
        "dependencyTimeoutSeconds"];

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

        static string? Short(EvaluationSpec? evaluation) => evaluation is null ? null
            : Hash(Changed(evaluation, new EvaluationSpec()).ToJsonString())[..8];
    }

    /// <summary>Hash of all that the run's Job was made from.</summary>
    public static string HashOf(IRunEntity run)
    {
        JsonObject spec = Changed(run.RunSpec, (RunSpec)Activator.CreateInstance(run.RunSpec.GetType())!);
        foreach (string field in Live) spec.Remove(field);
        return Hash($"{spec.ToJsonString()}|{string.Join(',', RunMarks.Kueue(run.Metadata).Select(label => $"{label.Key}={label.Value}"))}")[..16];
    }

    private static JsonObject Changed<T>(T value, T fresh)
        where T : notnull
    {
        JsonObject node = ToJson(value);
        Prune(node, ToJson(fresh));
        return node;

        static JsonObject ToJson(T o) => JsonSerializer.SerializeToNode(o, o.GetType(), ApiJson.Options)!.AsObject();
    }

    private static void Prune(JsonObject node, JsonObject fresh)
    {
        foreach ((string name, JsonNode? value) in node.ToArray())
        {
            if (value is JsonObject inner && fresh[name] is JsonObject other) Prune(inner, other);
            if (JsonNode.DeepEquals(node[name], fresh[name]) || node[name] is JsonObject { Count: 0 } && fresh[name] is JsonObject)
                node.Remove(name);
        }
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
