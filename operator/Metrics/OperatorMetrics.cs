using System.Collections.Concurrent;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;

namespace LightReasoner.Operator.Metrics;

/// <summary>The operator's own counters, and a line per run (docs/metrics.md lists them).</summary>
internal sealed class OperatorMetrics
{
    private readonly ConcurrentDictionary<string, (RunKey Key, RunStatus Status)> runs = new();
    private readonly ConcurrentDictionary<(RunKind Kind, string Outcome), long> reconciles = new();
    private readonly ConcurrentDictionary<int, long> reports = new();
    private readonly ConcurrentDictionary<RunKind, Histogram> durations = new();

    public void Observe(RunKey key, string uid, RunStatus status) => runs[uid] = (key, status);

    public void Forget(string uid) => runs.TryRemove(uid, out _);

    /// <summary>Of all runs: another replica reconciles them now.</summary>
    public void Forget() => runs.Clear();

    public void Reconciled(RunKind kind, string outcome, TimeSpan duration)
    {
        reconciles.AddOrUpdate((kind, outcome), 1, (_, n) => n + 1);
        durations.GetOrAdd(kind, _ => new Histogram()).Record(duration.TotalSeconds);
    }

    public void Report(int status) => reports.AddOrUpdate(status, 1, (_, n) => n + 1);

    public void Write(PrometheusText text, bool isLeader)
    {
        text.Family("lightreasoner_operator_leader", "gauge", "1 on the replica that reconciles.");
        text.Sample("lightreasoner_operator_leader", isLeader ? 1 : 0);

        (RunKey Key, RunStatus Status)[] all = !isLeader ? [] : [.. runs.Values.OrderBy(run => run.Key.ToString(), StringComparer.Ordinal)];
        text.Family("lightreasoner_run_phase", "gauge", "1 for the phase that a run is in.");
        foreach ((RunKey key, RunStatus status) in all)
            text.Sample("lightreasoner_run_phase", 1, [.. Of(key), ("phase", status.Phase.ToString() ?? "")]);
        text.Family("lightreasoner_run_progress_ratio", "gauge", "Share of a run's work that is done, 0 to 1.");
        foreach ((RunKey key, RunStatus status) in all)
            if (status.Progress is { Total: > 0 and var total, Done: { } done }) text.Sample("lightreasoner_run_progress_ratio", (double)done / total, Of(key));
        text.Family("lightreasoner_run_tokens_per_second", "gauge", "Tokens a run generates or trains on per second.");
        foreach ((RunKey key, RunStatus status) in all)
            if (TokensPerSecond(status) is { } rate) text.Sample("lightreasoner_run_tokens_per_second", rate, Of(key));
        text.Family("lightreasoner_run_retries", "gauge", "Failed attempts of a run so far.");
        foreach ((RunKey key, RunStatus status) in all) text.Sample("lightreasoner_run_retries", status.Retries ?? 0, Of(key));
        text.Family("lightreasoner_runs", "gauge", "Runs by kind and phase.");
        foreach (var group in all.GroupBy(run => (run.Key.Kind, run.Status.Phase)).OrderBy(g => g.Key))
            text.Sample("lightreasoner_runs", group.Count(), ("kind", group.Key.Kind.ToString()), ("phase", group.Key.Phase.ToString() ?? ""));

        text.Family("lightreasoner_reconcile_total", "counter", "Reconciles by kind and outcome (success, conflict, error).");
        foreach (((RunKind kind, string outcome), long n) in reconciles.OrderBy(pair => pair.Key))
            text.Sample("lightreasoner_reconcile_total", n, ("kind", kind.ToString()), ("outcome", outcome));
        text.Family("lightreasoner_reconcile_duration_seconds", "histogram", "Time that a reconcile took.");
        foreach ((RunKind kind, Histogram histogram) in durations.OrderBy(pair => pair.Key))
            histogram.Write(text, "lightreasoner_reconcile_duration_seconds", ("kind", kind.ToString()));
        text.Family("lightreasoner_progress_reports_total", "counter", "Progress reports by the HTTP status they were answered with.");
        foreach ((int status, long n) in reports.OrderBy(pair => pair.Key))
            text.Sample("lightreasoner_progress_reports_total", n, ("status", status.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    /// <summary>Under the names that dashboards for processes know.</summary>
    public static void WriteProcess(PrometheusText text)
    {
        text.Family("process_resident_memory_bytes", "gauge", "Resident memory of the operator.");
        text.Sample("process_resident_memory_bytes", Environment.WorkingSet);
        text.Family("dotnet_gc_heap_size_bytes", "gauge", "Managed heap after the last garbage collection.");
        text.Sample("dotnet_gc_heap_size_bytes", GC.GetGCMemoryInfo().HeapSizeBytes);
    }

    private static (string, string)[] Of(RunKey key) => [("kind", key.Kind.ToString()), ("namespace", key.Namespace), ("name", key.Name)];

    private static double? TokensPerSecond(RunStatus status) => status.Phase != RunPhase.Running ? null : status switch
    {
        SamplingRunStatus s => s.Metrics?.TokensPerSecond,
        FineTuneRunStatus s => s.Metrics?.TokensPerSecond,
        RefineRunStatus s => s.Metrics?.TokensPerSecond,
        _ => null,
    };
}
