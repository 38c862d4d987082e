using System.Diagnostics.Metrics;

namespace LightReasoner.Operator.Metrics;

/// <summary>The work queues' depths, taken from the instrument that KubeOps keeps on the operator's own meter.</summary>
internal sealed class KubeOpsMeter : IDisposable
{
    private const string Instrument = "kubeops.operator.queue.depth";

    private readonly IMeterFactory? owner;
    private readonly MeterListener listener = new();
    private readonly List<(string Kind, string State, double Depth)> depths = [];
    private readonly Lock gate = new();

    public KubeOpsMeter(IServiceProvider services)
    {
        owner = services.GetService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, l) =>
        {
            // Two operators in one process (tests) have a factory each.
            if (instrument.Name == Instrument && ReferenceEquals(instrument.Meter.Scope, owner)) l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((_, value, tags, _) => Add(value, tags));
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => Add(value, tags));
        listener.Start();
    }

    public IReadOnlyList<(string Kind, string State, double Depth)> Depths()
    {
        lock (gate)
        {
            depths.Clear();
            listener.RecordObservableInstruments();
            return [.. depths];
        }
    }

    public void Dispose() => listener.Dispose();

    private void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string kind = "", state = "";
        foreach (var (key, tag) in tags)
        {
            if (key == "kubeops.entity.type") kind = tag?.ToString() ?? "";
            if (key == "kubeops.queue.state") state = tag?.ToString() ?? "";
        }
        depths.Add((kind, state, value));
    }
}
