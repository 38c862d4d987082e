using LightReasoner.Api;

namespace LightReasoner.Operator.Progress;

/// <summary>What is known of one shard.</summary>
/// <param name="Latest">The newest report: what goes on now.</param>
/// <param name="LatestAt">When it came, by the operator's clock.</param>
/// <param name="Furthest">The report of the most work done: a new attempt may have to repeat some, which is not shown as a loss.</param>
internal sealed record ShardProgress(ProgressReport Latest, DateTimeOffset LatestAt, ProgressReport Furthest)
{
    public bool IsAtWork => Latest.Outcome == ReportOutcome.Running;

    /// <summary>Takes in a report. An older one of the same attempt changes nothing.</summary>
    public static ShardProgress Add(ShardProgress? before, ProgressReport report, DateTimeOffset at)
    {
        if (before is null) return new ShardProgress(report, at, report);
        var newer = report.Attempt == before.Latest.Attempt ? report.Sequence > before.Latest.Sequence : at >= before.LatestAt;
        if (!newer) return before;
        return new ShardProgress(report, at, report.Done >= before.Furthest.Done ? report : before.Furthest);
    }
}
