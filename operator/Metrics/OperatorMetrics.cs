using System.Collections.Concurrent;
using System.Globalization;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Hosting;
using LightReasoner.Operator.Watching;
using Prometheus;

namespace LightReasoner.Operator.Metrics;

/// <summary>The operator's own counters, and lines for each run (docs/metrics.md lists them).</summary>
internal sealed class OperatorMetrics
{
    private static readonly string[] Run = ["kind", "namespace", "name"];

    private readonly ConcurrentDictionary<string, Figures> runs = new();
    private readonly Leadership leadership;
    private readonly RunQueue queue;
    private readonly KubeOpsMeter kubeOps;
    private readonly Gauge leader, phase, progress, tokens, retries, counts, depth;
    private readonly Counter reconciles, reports, requests;
    private readonly ApiRequests api;
    private readonly Histogram durations;

    public OperatorMetrics(Leadership leadership, RunQueue queue, KubeOpsMeter kubeOps, ApiRequests api)
    {
        (this.leadership, this.queue, this.kubeOps, this.api) = (leadership, queue, kubeOps, api);
        var make = Prometheus.Metrics.WithCustomRegistry(Registry);
        leader = make.CreateGauge("lightreasoner_operator_leader", "1 on the replica that reconciles.");
        phase = make.CreateGauge("lightreasoner_run_phase", "1 for the phase that a run is in.", [.. Run, "phase"]);
        progress = make.CreateGauge("lightreasoner_run_progress_ratio", "Share of a run's work that is done, 0 to 1.", Run);
        tokens = make.CreateGauge("lightreasoner_run_tokens_per_second", "Tokens a run generates or trains on per second.", Run);
        retries = make.CreateGauge("lightreasoner_run_retries", "Failed attempts of a run so far.", Run);
        counts = make.CreateGauge("lightreasoner_runs", "Runs by kind and phase.", "kind", "phase");
        depth = make.CreateGauge("lightreasoner_queue_depth", "Objects in the work queue, by type and state (ready, scheduled for later).",
            "type", "state");
        reconciles = make.CreateCounter("lightreasoner_reconcile_total", "Reconciles by kind and outcome (success, conflict, error).",
            "kind", "outcome");
        reports = make.CreateCounter("lightreasoner_progress_reports_total", "Progress reports by the HTTP status they were answered with.",
            "status");
        requests = make.CreateCounter("lightreasoner_api_requests_total", "Requests to the API server by HTTP method; a watch is one.",
            "method");
        durations = make.CreateHistogram("lightreasoner_reconcile_duration_seconds", "Time that a reconcile took.", ["kind"],
            new HistogramConfiguration { Buckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10] });
        DotNetStats.Register(Registry);
        Registry.AddBeforeCollectCallback(Collect);
    }

    public CollectorRegistry Registry { get; } = Prometheus.Metrics.NewCustomRegistry();

    public void Observe(RunKey key, string uid, RunStatus status) => runs[uid] = new Figures(
        key, status.Phase, status.Progress is { Total: > 0 and var total, Done: { } done } ? (double)done / total : null,
        TokensPerSecond(status), status.Retries ?? 0);

    public void Forget(string uid) => runs.TryRemove(uid, out _);

    /// <summary>Of all runs: another replica reconciles them now.</summary>
    public void Forget() => runs.Clear();

    public void Reconciled(RunKind kind, string outcome, TimeSpan duration)
    {
        reconciles.WithLabels(kind.ToString(), outcome).Inc();
        durations.WithLabels(kind.ToString()).Observe(duration.TotalSeconds);
    }

    public void Report(int status) => reports.WithLabels(status.ToString(CultureInfo.InvariantCulture)).Inc();

    private void Collect()
    {
        var isLeader = leadership.IsLeader;
        leader.Set(isLeader ? 1 : 0);
        foreach (var (method, count) in api.Counts) requests.WithLabels(method).IncTo(count);
        Figures[] all = isLeader ? [.. runs.Values] : [];
        Set(phase, all.Select(run => ((string[])[.. Of(run.Key), run.Phase.ToString() ?? ""], 1.0)));
        // Most runs are finished, and stay for long: of these only the phase is told.
        Figures[] open = [.. all.Where(run => run.Phase is not (RunPhase.Succeeded or RunPhase.Failed))];
        Set(progress, open.Where(run => run.Progress is not null).Select(run => (Of(run.Key), run.Progress!.Value)));
        Set(tokens, open.Where(run => run.TokensPerSecond is not null).Select(run => (Of(run.Key), run.TokensPerSecond!.Value)));
        Set(retries, open.Select(run => (Of(run.Key), (double)run.Retries)));
        Set(counts, all.GroupBy(run => (run.Key.Kind, run.Phase))
            .Select(group => ((string[])[group.Key.Kind.ToString(), group.Key.Phase.ToString() ?? ""], (double)group.Count())));
        Set(depth, kubeOps.Depths().Select(d => ((string[])[d.Kind, d.State], d.Depth)).Append((["run", "scheduled"], queue.Scheduled)));
    }

    /// <summary>Makes these the only series of a gauge.</summary>
    private static void Set(Gauge gauge, IEnumerable<(string[] Labels, double Value)> series)
    {
        var kept = new HashSet<string>();
        foreach (var (labels, value) in series)
        {
            gauge.WithLabels(labels).Set(value);
            kept.Add(string.Join('\n', labels));
        }
        foreach (var labels in gauge.GetAllLabelValues().ToArray())
            if (!kept.Contains(string.Join('\n', labels))) gauge.RemoveLabelled(labels);
    }

    private static string[] Of(RunKey key) => [key.Kind.ToString(), key.Namespace, key.Name];

    private static double? TokensPerSecond(RunStatus status) => status.Phase != RunPhase.Running ? null : status switch
    {
        SamplingRunStatus s => s.Metrics?.TokensPerSecond,
        FineTuneRunStatus s => s.Metrics?.TokensPerSecond,
        RefineRunStatus s => s.Metrics?.TokensPerSecond,
        _ => null,
    };

    /// <summary>As much of a run's status as there are metrics of.</summary>
    private sealed record Figures(RunKey Key, RunPhase? Phase, double? Progress, double? TokensPerSecond, int Retries);
}
