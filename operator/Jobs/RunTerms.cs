using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.Api;

namespace LightReasoner.Operator.Jobs;

/// <summary>Messages of the API server about a Job or its pods, in the terms of the run that its author wrote.</summary>
internal static partial class RunTerms
{
    /// <param name="message">What the API server said.</param>
    /// <param name="job">The Job that was sent.</param>
    /// <param name="worker">The run's part of it.</param>
    public static string Of(string message, JsonObject job, WorkerSpec worker)
    {
        JsonNode? spec = job["spec"]?["template"]?["spec"], container = spec?["containers"]?[0];
        var text = Prefix().Replace(message, "");
        text = Path().Replace(text, match =>
        {
            string field = match.Groups["field"].Value, rest = match.Groups["rest"].Value;
            var (own, name) = field switch
            {
                "env" => (Count(container?["env"]) - (worker.Env?.Count ?? 0), "env"),
                "volumeMounts" => (Count(container?["volumeMounts"]) - (worker.VolumeMounts?.Count ?? 0), "volumeMounts"),
                "volumes" => (Count(spec?["volumes"]) - (worker.Volumes?.Count ?? 0), "volumes"),
                _ => (0, field),
            };
            if (own == 0 || rest.Length == 0) return $"spec.worker.{name}{rest}";
            var index = int.Parse(rest.AsSpan(1, rest.Length - 2), CultureInfo.InvariantCulture) - own;
            return index < 0 ? match.Value : $"spec.worker.{name}[{index}]";
        });
        return text;
    }

    private static int Count(JsonNode? list) => (list as JsonArray)?.Count ?? 0;

    [GeneratedRegex(@"^(Job\.batch|Job|Pod) ""[^""]*"" is invalid: |^Job in version ""v1"" cannot be handled as a Job: |"
        + @"^\(combined from similar events\): ")]
    private static partial Regex Prefix();

    [GeneratedRegex(@"(?:spec\.template\.)?spec\.(?:containers\[0\]\.)?(?<field>env|volumeMounts|volumes|tolerations|affinity|"
        + "topologySpreadConstraints|resources|image|nodeSelector|serviceAccountName|priorityClassName|runtimeClassName)"
        + @"\b(?<rest>(?:\[\d+\])?)")]
    private static partial Regex Path();
}
