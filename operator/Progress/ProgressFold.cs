using LightReasoner.Api;

namespace LightReasoner.Operator.Progress;

/// <summary>A run's progress from that of its shards. Never goes backwards.</summary>
internal static class ProgressFold
{
    /// <param name="before">The status so far.</param>
    /// <param name="shards">What is known of the shards.</param>
    /// <param name="totalShards">How many there are.</param>
    /// <param name="parallelism">How many work at once.</param>
    /// <param name="succeeded">Whether the run has ended well.</param>
    /// <param name="now">The time.</param>
    public static RunStatus Apply(RunStatus before, IReadOnlyList<ShardProgress> shards, int totalShards, int parallelism,
        bool succeeded, DateTimeOffset now)
    {
        var status = before with { Progress = Progress(before.Progress, shards, totalShards, succeeded, now) };
        return status switch
        {
            SamplingRunStatus sampling => sampling with { Metrics = MetricsFold.Sampling(sampling.Metrics, shards, parallelism) },
            FineTuneRunStatus fineTune => fineTune with { Metrics = MetricsFold.FineTune(fineTune.Metrics, shards) },
            RefineRunStatus refine => refine with { Metrics = MetricsFold.Refine(refine.Metrics, shards) },
            _ => status,
        };
    }

    private static RunProgress? Progress(RunProgress? before, IReadOnlyList<ShardProgress> shards, int totalShards,
        bool succeeded, DateTimeOffset now)
    {
        if (shards.Count == 0 && before is null) return null;
        var knownTotal = shards.Sum(s => Math.Max(s.Furthest.Total, s.Furthest.Done));
        // Shards that have not reported yet are about as large as those that have: records are dealt out in turn.
        var total = shards.Count == 0 ? 0 : (long)Math.Round((double)knownTotal / shards.Count * totalShards);
        var done = Math.Max(before?.Done ?? 0, shards.Sum(s => s.Furthest.Done));
        if (shards.Count < totalShards) total = Math.Max(total, before?.Total ?? 0);
        if (succeeded && total > 0) done = Math.Max(done, total);
        total = Math.Max(total, done);

        var rate = shards.Where(s => s.IsAtWork).Sum(s => s.Latest.RatePerSecond ?? 0);
        double? shownRate = rate > 0 ? Figures.Round(rate) : succeeded ? before?.RatePerSecond : null;
        var lastReport = shards.Count == 0 ? before?.LastReport : Later(before?.LastReport, shards.Max(s => s.LatestAt));
        return new RunProgress
        {
            Unit = shards.Count > 0 && shards[0].Latest.Unit is "prompts" or "steps" ? shards[0].Latest.Unit : before?.Unit,
            Done = done,
            Total = total,
            // Before the first step (models are loaded, accuracy is measured) nobody knows how many there are.
            Display = total > 0 ? $"{done}/{total}" : null,
            Percent = Percent(before?.Percent, done, total, succeeded),
            RatePerSecond = shownRate,
            EstimatedCompletion = rate > 0 && !succeeded && done < total ? Estimate(now, (total - done) / rate) : null,
            LastReport = lastReport,
        };
    }

    /// <summary>Floored, so that 100 is shown for all of the work only.</summary>
    private static int Percent(int? before, long done, long total, bool succeeded)
    {
        var percent = succeeded ? 100 : total == 0 ? 0 : (int)(100 * (double)done / total);
        // A run that is asked for more after its end goes on from there.
        return Math.Clamp(Math.Max(percent, before is 100 && done < total ? 0 : before ?? 0), 0, 100);
    }

    private static DateTimeOffset? Estimate(DateTimeOffset now, double seconds)
    {
        const double tenYears = 10 * 365.25 * 86400;
        if (!(seconds < tenYears)) return null;
        var end = now.AddSeconds(seconds);
        return end.AddTicks(-(end.Ticks % TimeSpan.TicksPerSecond));
    }

    private static DateTimeOffset Later(DateTimeOffset? a, DateTimeOffset b) => a > b ? a.Value : b;
}
