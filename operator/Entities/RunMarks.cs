using k8s.Models;
using LightReasoner.Operator.Jobs;

namespace LightReasoner.Operator.Entities;

/// <summary>The annotations and labels of a run that matter: a change of them does not change its generation.</summary>
internal static class RunMarks
{
    /// <summary>The value that asks for a Failed run to be taken up again; null for none.</summary>
    public static string? Rerun(V1ObjectMeta metadata) => metadata.Annotations?.TryGetValue(Labels.Rerun, out string? value) == true
        && value.Length > 0 ? value : null;

    /// <summary>Labels for Kueue, which the run's Job gets too.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Kueue(V1ObjectMeta metadata) =>
        (metadata.Labels ?? new Dictionary<string, string>()).Where(label => label.Key.StartsWith(Labels.Kueue, StringComparison.Ordinal))
            .OrderBy(label => label.Key, StringComparer.Ordinal);

    /// <summary>The queue that admits the run; empty for none.</summary>
    public static string Queue(IRunEntity run) =>
        run.RunSpec.QueueName.Length > 0 ? run.RunSpec.QueueName
        : run.Metadata.Labels?.TryGetValue(Labels.Queue, out string? queue) == true ? queue : "";

    public static string Of(V1ObjectMeta metadata) =>
        $"{Rerun(metadata)}|{string.Join(',', Kueue(metadata).Select(label => $"{label.Key}={label.Value}"))}";
}
