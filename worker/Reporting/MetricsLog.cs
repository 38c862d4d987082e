using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Reporting;

/// <summary>
/// <c>metrics.jsonl</c>: one line per logged step or chunk, the metrics of the run's kind with a time. Written whole, so that a reader never sees half
/// a line, and for that reason only every few seconds; a resumed run drops the lines of steps that it repeats.
/// </summary>
public sealed class MetricsLog
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly RunOutput _output;
    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly StringBuilder _text;
    private long? _flushed;
    private bool _pending;

    private MetricsLog(RunOutput output, string name, TimeProvider time, StringBuilder text) =>
        (_output, _name, _time, _text) = (output, name, time, text);

    /// <summary>Opens the log, keeping lines whose <paramref name="counter"/> field is at most <paramref name="upTo"/>.</summary>
    public static async Task<MetricsLog> OpenAsync(RunOutput output, string name, string counter, long upTo, TimeProvider time, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        if (await output.Store.GetAsync(name, cancellation) is { } existing)
            foreach (string line in Encoding.UTF8.GetString(existing.Bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                if (JsonNode.Parse(line)?[counter]?.GetValue<long>() <= upTo) text.Append(line).Append('\n');
        return new MetricsLog(output, name, time, text);
    }

    /// <summary>Adds a line; writes the log if that has not been done for a while.</summary>
    public async Task AddAsync<T>(T metrics, CancellationToken cancellation)
    {
        JsonObject line = JsonSerializer.SerializeToNode(metrics, ApiJson.Options)!.AsObject();
        line.Insert(0, "time", _time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture));
        _text.Append(line.ToJsonString(ApiJson.Options)).Append('\n');
        _pending = true;
        if (_flushed is not { } last || _time.GetElapsedTime(last) >= Interval) await FlushAsync(cancellation);
    }

    /// <summary>Writes what is not written yet; needed before a checkpoint, whose steps a resumed run does not repeat, and at the end.</summary>
    public async Task FlushAsync(CancellationToken cancellation)
    {
        if (!_pending) return;
        await _output.PutTextAsync(_name, _text.ToString(), cancellation);
        (_pending, _flushed) = (false, _time.GetTimestamp());
    }
}
