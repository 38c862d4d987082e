using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using k8s;
using KubeOps.Abstractions.Reconciliation;

namespace KubeOps.Operator;

/// <summary>The instruments, on a meter that bears the operator's name.</summary>
internal sealed class OperatorMetrics
{
    private const string EntityType = "kubeops.entity.type";

    private readonly ConcurrentDictionary<string, (Func<int> Scheduled, Func<int> Ready)> depths = new();
    private readonly Counter<long> enqueued;
    private readonly Counter<long> requeued;
    private readonly Counter<long> reconciliations;
    private readonly Histogram<double> duration;
    private readonly Counter<long> watchEvents;
    private readonly Counter<long> reconnections;

    public OperatorMetrics(IMeterFactory factory, string meterName)
    {
        var meter = factory.Create(new MeterOptions(meterName) { Version = typeof(OperatorMetrics).Assembly.GetName().Version?.ToString() });
        meter.CreateObservableGauge("kubeops.operator.queue.depth", Depths, "{items}", "Entities in the queue, by state.");
        enqueued = meter.CreateCounter<long>("kubeops.operator.queue.enqueued", "{items}", "Entities enqueued for reconciliation.");
        requeued = meter.CreateCounter<long>("kubeops.operator.queue.requeued", "{items}", "Entities enqueued again, by reason.");
        reconciliations = meter.CreateCounter<long>("kubeops.operator.reconciliation", "{reconciliations}", "Reconciliations, by outcome.");
        duration = meter.CreateHistogram(
            "kubeops.operator.reconciliation.duration",
            "s",
            "Duration of a reconciliation, the reading of the entity included.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });
        watchEvents = meter.CreateCounter<long>("kubeops.operator.watcher.events", "{events}", "Watch events received.");
        reconnections = meter.CreateCounter<long>("kubeops.operator.watcher.reconnections", "{reconnections}", "Attempts to list and watch again after an error.");
    }

    public void Observe(string kind, Func<int> scheduled, Func<int> ready) => depths[kind] = (scheduled, ready);

    public void Enqueued(string kind, ReconciliationTriggerSource source) =>
        enqueued.Add(1, Tags(kind, "kubeops.trigger.source", source == ReconciliationTriggerSource.ApiServer ? "api_server" : "operator"));

    /// <param name="kind">The entity's type.</param>
    /// <param name="reason"><c>error_retry</c> or <c>operator_requeue</c>.</param>
    public void Requeued(string kind, string reason) => requeued.Add(1, Tags(kind, "kubeops.requeue.reason", reason));

    public void Reconciled(string kind, ReconciliationType type, bool success, TimeSpan took, string? errorType)
    {
        var tags = Tags(kind, "kubeops.reconciliation.type", type.ToString().ToLowerInvariant());
        tags.Add("kubeops.reconciliation.status", success ? "success" : "failure");
        if (!success)
        {
            tags.Add("error.type", errorType ?? "_OTHER");
        }

        reconciliations.Add(1, tags);
        duration.Record(took.TotalSeconds, tags);
    }

    public void WatchEvent(string kind, WatchEventType type) => watchEvents.Add(1, Tags(kind, "kubeops.watcher.event.type", type.ToString().ToLowerInvariant()));

    public void Reconnected(string kind) => reconnections.Add(1, new TagList { { EntityType, kind } });

    private static TagList Tags(string kind, string name, string value) => new() { { EntityType, kind }, { name, value } };

    private IEnumerable<Measurement<int>> Depths() => depths.SelectMany(d => new[]
    {
        new Measurement<int>(d.Value.Scheduled(), Tags(d.Key, "kubeops.queue.state", "scheduled")),
        new Measurement<int>(d.Value.Ready(), Tags(d.Key, "kubeops.queue.state", "ready")),
    });
}
