using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace KubeOps.Operator;

/// <summary>The depth of the queues, on a meter that bears the operator's name.</summary>
internal sealed class OperatorMetrics
{
    private readonly ConcurrentDictionary<string, (Func<int> Scheduled, Func<int> Ready)> depths = new();

    public OperatorMetrics(IMeterFactory factory, string meterName) =>
        factory.Create(meterName).CreateObservableGauge("kubeops.operator.queue.depth", Depths, "{items}",
            "Entities in the queue, by state.");

    public void Observe(string kind, Func<int> scheduled, Func<int> ready) => depths[kind] = (scheduled, ready);

    private IEnumerable<Measurement<int>> Depths() => depths.SelectMany(d => new[]
    {
        new Measurement<int>(d.Value.Scheduled(), Tags(d.Key, "scheduled")),
        new Measurement<int>(d.Value.Ready(), Tags(d.Key, "ready")),
    });

    private static TagList Tags(string kind, string state) => new() { { "kubeops.entity.type", kind }, { "kubeops.queue.state", state } };
}
