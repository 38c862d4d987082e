namespace LightReasoner.DevCluster.Jobs;

/// <summary>What a rule of the policy does about a failed Pod.</summary>
internal enum FailureAction
{
    /// <summary>No rule matched: as Count.</summary>
    None,
    Count,
    Ignore,
    FailIndex,
    FailJob,
}

/// <summary>spec.podFailurePolicy: the first rule that matches a failed Pod decides.</summary>
internal sealed class PodFailurePolicy(JsonObject policy)
{
    /// <summary>The action of the first matching rule, and for FailJob the message of the Job's condition.</summary>
    public (FailureAction Action, string? Message) Match(Pod pod)
    {
        var index = -1;
        foreach (var rule in policy.Items("rules"))
        {
            index++;
            string? what = null;
            if (rule.Map("onExitCodes") is { } codes)
            {
                if (Terminated(pod, codes) is { } container)
                    what = $"Container {container.Text("name")} for pod {pod.Namespace}/{pod.Name} failed with exit code "
                        + $"{container.Int("state", "terminated", "exitCode")}";
            }
            else if (Condition(pod, rule) is { } type)
            {
                what = $"Pod {pod.Namespace}/{pod.Name} has condition {type}";
            }
            if (what is null || !Enum.TryParse<FailureAction>(rule.Text("action"), out var action)) continue;
            return (action, action == FailureAction.FailJob ? $"{what} matching FailJob rule at index {index}" : null);
        }
        return (FailureAction.None, null);
    }

    private static JsonObject? Terminated(Pod pod, JsonObject codes)
    {
        var name = codes.Text("containerName");
        var values = codes.At("values") is JsonArray list ? list.Select(v => v.Int()).ToHashSet() : [];
        return pod.Json.Items("status", "containerStatuses").Concat(pod.Json.Items("status", "initContainerStatuses")).FirstOrDefault(c =>
            (name is null || c.Text("name") == name)
            && c.Int("state", "terminated", "exitCode") is { } code && code != 0
            && codes.Text("operator") switch { "In" => values.Contains(code), "NotIn" => !values.Contains(code), _ => false });
    }

    private static string? Condition(Pod pod, JsonObject rule) =>
        pod.Json.Items("status", "conditions").FirstOrDefault(c => rule.Items("onPodConditions").Any(p =>
            p.Text("type") == c.Text("type") && (p.Text("status") ?? "True") == c.Text("status")))?.Text("type");
}
