using System.Text.Json;
using LightReasoner.Api;

namespace LightReasoner.Operator.Progress;

/// <summary>Reads a report and says what is wrong with it. Unknown fields pass: the worker may be newer than the operator.</summary>
internal static class ReportReader
{
    /// <returns>The report, or what is wrong with it.</returns>
    public static (ProgressReport? Report, string? Error) Read(ReadOnlySpan<byte> body)
    {
        try
        {
            var report = JsonSerializer.Deserialize<ProgressReport>(body, ApiJson.Options);
            return report is null ? (null, "the body is null") : Check(report) is { } error ? (null, error) : (report, null);
        }
        catch (JsonException e)
        {
            return (null, $"the body is not a progress report: {e.Message}");
        }
    }

    /// <summary>Why a report is not one of this pod's; null if it is.</summary>
    public static string? Mismatch(ProgressReport report, WorkerPod pod) =>
        report.Kind != pod.Run.Kind || report.Namespace != pod.Run.Namespace || report.Name != pod.Run.Name
            ? $"the report is about {report.Kind} {report.Namespace}/{report.Name}, the pod works for {pod.Run}"
        : report.Shard != pod.Shard ? $"the report is about shard {report.Shard}, the pod works on shard {pod.Shard}"
        : report.Attempt != pod.PodUid ? $"the report is of attempt '{report.Attempt}', the pod is {pod.PodUid}"
        : null;

    private static string? Check(ProgressReport r) =>
        !Enum.IsDefined(r.Kind) ? "kind: unknown"
        : !Enum.IsDefined(r.Outcome) ? "outcome: unknown"
        : r.Shard is < 0 or >= 10_000 ? $"shard: must be 0 to 9999, was {r.Shard}"
        : r.Sequence < 0 ? $"sequence: must be ≥ 0, was {r.Sequence}"
        : r.Done < 0 ? $"done: must be ≥ 0, was {r.Done}"
        : r.Total < 0 ? $"total: must be ≥ 0, was {r.Total}"
        : r.Unit is not ("prompts" or "steps") ? $"unit: must be prompts or steps, was '{r.Unit}'"
        : r.RatePerSecond is < 0 ? $"ratePerSecond: must be ≥ 0, was {r.RatePerSecond}"
        : r.Sampling is { } s && (s.PromptsDone < 0 || s.StepsSeen < 0 || s.SamplesKept < 0 || s.SamplesKept > s.StepsSeen)
            ? "sampling: promptsDone, stepsSeen and samplesKept must be ≥ 0, and samplesKept at most stepsSeen"
        : r.FineTune is { Step: < 0 } ? $"fineTune.step: must be ≥ 0, was {r.FineTune.Step}"
        : r.Refine is { Step: < 0 } ? $"refine.step: must be ≥ 0, was {r.Refine.Step}"
        : null;
}
