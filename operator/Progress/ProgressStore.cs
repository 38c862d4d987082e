using System.Collections.Concurrent;
using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Operator.Runs;

namespace LightReasoner.Operator.Progress;

/// <summary>
/// The newest reports of unfinished runs, by the runs' uids. Kept in memory only: after a restart the workers' next reports and the
/// termination messages of finished pods fill it again.
/// </summary>
internal sealed class ProgressStore
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<int, ShardProgress>> runs = new();

    public int Count => runs.Count;

    /// <summary>
    /// From now on the run's reports are kept. What comes for others (finished, deleted) is dropped, or it would stay for ever.
    /// </summary>
    public void Open(string runUid) => runs.TryAdd(runUid, new());

    public void Add(string runUid, ProgressReport report, DateTimeOffset at)
    {
        if (runs.TryGetValue(runUid, out var shards))
            shards.AddOrUpdate(report.Shard, _ => ShardProgress.Add(null, report, at), (_, before) =>
                ShardProgress.Add(before, report, at));
    }

    /// <summary>Takes in what finished pods left behind. A pod that is gone by the next look has been read by then.</summary>
    public void AddFinished(string runUid, IEnumerable<V1Pod> pods)
    {
        foreach (var pod in pods.Where(pod => pod.IsFinished()).OrderBy(pod => pod.FinishedAt()))
        {
            var attempt = pod.Metadata.Uid;
            if (TerminationMessage.Parse(pod.Terminated()?.Message) is { } report)
                Add(runUid, report with { Shard = pod.Shard(), Attempt = attempt, Sequence = long.MaxValue }, pod.FinishedAt());
            else if (runs.TryGetValue(runUid, out var shards)
                && shards.TryGetValue(pod.Shard(), out var known) && known.IsAtWork && known.Latest.Attempt == attempt)
                shards.TryUpdate(pod.Shard(), known with { Latest = known.Latest with { Outcome = ReportOutcome.Failed } }, known);
        }
    }

    public IReadOnlyList<ShardProgress> Of(string runUid) =>
        runs.TryGetValue(runUid, out var shards)
            ? [.. shards.OrderBy(pair => pair.Key).Select(pair => pair.Value)] : [];

    public void Forget() => runs.Clear();

    public void Forget(string runUid) => runs.TryRemove(runUid, out _);
}
