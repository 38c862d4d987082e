using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;

namespace LightReasoner.Operator.Jobs;

/// <summary>Tells whether a run's Job was made from another spec than the run has now.</summary>
internal static class SpecHash
{
    /// <summary>Fields that reach a Job that exists, or do not reach it at all.</summary>
    private static readonly string[] Live =
        ["suspend", "parallelism", "activeDeadlineSeconds", "ttlSecondsAfterFinished", "dependencyTimeoutSeconds"];

    /// <summary>Hash of all that the run's Job was made from.</summary>
    public static string Of(IRunEntity run)
    {
        var spec = RunExtent.Changed(run.RunSpec, (RunSpec)Activator.CreateInstance(run.RunSpec.GetType())!);
        foreach (var field in Live) spec.Remove(field);
        var labels = string.Join(',', RunMarks.Kueue(run.Metadata).Select(label => $"{label.Key}={label.Value}"));
        return RunExtent.Hash($"{spec.ToJsonString()}|{labels}")[..16];
    }
}
