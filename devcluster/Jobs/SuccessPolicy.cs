using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Jobs;

/// <summary>spec.successPolicy: which succeeded indexes are enough.</summary>
internal static class SuccessPolicy
{
    /// <summary>The message of the first rule that is met, or null.</summary>
    public static string? Met(JsonObject? policy, Indexes succeeded, int completions)
    {
        if (policy is null || succeeded.Count == 0) return null;
        var rules = policy.Items("rules").ToList();
        var met = rules.FindIndex(rule =>
        {
            var enough = rule.Int("succeededCount");
            if (rule.Text("succeededIndexes") is not { } text) return succeeded.Count >= enough;
            var wanted = Indexes.Parse(text, completions);
            var overlap = wanted.Overlap(succeeded);
            return wanted.Count > 0 && (overlap == wanted.Count || overlap >= enough);
        });
        return met < 0 ? null : $"Matched rules at index {met}";
    }
}
