using System.Text;
using k8s.Models;
using LightReasoner.Operator.Progress;

namespace LightReasoner.Operator.Runs;

/// <summary>Says in one sentence why pods do not run, or why one ended.</summary>
internal static class FailureText
{
    private const int MaxLength = 1024;

    /// <summary>Why an unfinished pod does not run; null if nothing is known to stand in its way.</summary>
    public static (string Reason, string Message)? WhyPending(V1Pod pod)
    {
        if (pod.IsFinished() || pod.Metadata.DeletionTimestamp is not null) return null;
        if (pod.Status?.Conditions?.FirstOrDefault(c => c is { Type: "PodScheduled", Status: "False" }) is { } unscheduled)
            return (Reasons.Unschedulable,
                Clean($"pod {pod.Metadata.Name} cannot be scheduled: {unscheduled.Message ?? unscheduled.Reason ?? "no reason given"}"));

        var container = pod.Worker();
        if (container?.State?.Waiting is not { Reason: { } reason } waiting) return null;
        var image = container.Image ?? pod.Spec?.Containers?.FirstOrDefault()?.Image ?? "";
        return reason switch
        {
            "ErrImagePull" or "ImagePullBackOff" or "InvalidImageName" or "ErrImageNeverPull" or "ImageInspectError"
                or "RegistryUnavailable" =>
                (Reasons.ImagePull, Clean($"image {image} cannot be pulled ({reason}): {waiting.Message ?? "no details given"}")),
            "CreateContainerConfigError" or "CreateContainerError" or "RunContainerError" =>
                (Reasons.ContainerConfig,
                    Clean($"the container of pod {pod.Metadata.Name} cannot start ({reason}): {waiting.Message ?? "no details given"}")),
            _ => null,
        };
    }

    /// <summary>That a pod's node does not answer; null if it does.</summary>
    public static string? WhyLost(V1Pod pod, DateTimeOffset now) => !pod.IsLost(now) ? null
        : Clean($"node {pod.Spec?.NodeName ?? "(unknown)"} of pod {pod.Metadata.Name} does not answer; a new pod follows when the node is "
            + "back or removed (or its taint node.kubernetes.io/out-of-service set)");

    /// <summary>Why the Job controller could not make a pod, by the message of its event.</summary>
    public static (string Reason, string Message) WhyRefused(string eventMessage)
    {
        const string combined = "(combined from similar events): ";
        var message = eventMessage.StartsWith(combined, StringComparison.Ordinal) ? eventMessage[combined.Length..] : eventMessage;
        return (message.Contains("exceeded quota", StringComparison.Ordinal) ? Reasons.QuotaExceeded : Reasons.PodsRefused, Clean(message));
    }

    /// <summary>Why a failed pod failed: the worker's own words where it left any, its last line of output where it did not.</summary>
    public static string OfFailedPod(V1Pod pod, bool nameShard)
    {
        var shard = nameShard ? $"shard {pod.Shard()}: " : "";
        if (pod.WasDeletedByHand() && pod.Terminated()?.ExitCode is not (>= 64 and <= 78))
            return Clean($"{shard}pod {pod.Metadata.Name} was deleted");
        if (pod.Terminated() is not { } terminated)
            return Clean($"{shard}{pod.Status?.Reason
                ?? "the pod failed"}{(pod.Status?.Message is { Length: > 0 } message ? $": {message}" : "")}");
        var end = terminated.Reason == "OOMKilled"
            ? "ran out of memory (OOMKilled); give it more in spec.worker.resources, or lower the batch size"
            : $"exit code {terminated.ExitCode}";
        var said = TerminationMessage.Parse(terminated.Message)?.Message ?? LastLine(terminated.Message);
        return Clean(said is null ? $"{shard}{end}" : $"{shard}{said} ({end})");
    }

    /// <summary>One line of printable text of bounded length.</summary>
    public static string Clean(string text)
    {
        var line = new StringBuilder(Math.Min(text.Length, MaxLength));
        foreach (var rune in text.Trim().EnumerateRunes())
        {
            if (line.Length >= MaxLength - 1) return line.Append('…').ToString();
            line.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }
        return line.ToString();
    }

    private static string? LastLine(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        // A report that was cut short is no sentence.
        var last = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[^1];
        return last.StartsWith('{') ? null : last;
    }
}
