using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Reporting;

/// <summary>
/// <c>metrics.jsonl</c>: one line per logged step or chunk, the metrics of the run's kind with a time. Written whole each time, so that a reader
/// never sees half a line; a resumed run drops the lines of steps that it repeats.
/// </summary>
public sealed class MetricsLog
{
    private readonly RunOutput _output;
    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly List<string> _lines;

    private MetricsLog(RunOutput output, string name, TimeProvider time, List<string> lines) =>
        (_output, _name, _time, _lines) = (output, name, time, lines);

    /// <summary>Opens the log, keeping lines whose <paramref name="counter"/> field is at most <paramref name="upTo"/>.</summary>
    public static async Task<MetricsLog> OpenAsync(RunOutput output, string name, string counter, long upTo, TimeProvider time, CancellationToken cancellation)
    {
        var lines = new List<string>();
        if (await output.Store.GetAsync(name, cancellation) is { } existing)
            lines.AddRange(Encoding.UTF8.GetString(existing.Bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => JsonNode.Parse(line)?[counter]?.GetValue<long>() <= upTo));
        return new MetricsLog(output, name, time, lines);
    }

    /// <summary>Adds a line and writes the log.</summary>
    public async Task AddAsync<T>(T metrics, CancellationToken cancellation)
    {
        JsonObject line = JsonSerializer.SerializeToNode(metrics, ApiJson.Options)!.AsObject();
        line.Insert(0, "time", _time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture));
        _lines.Add(line.ToJsonString(ApiJson.Options));
        await _output.PutTextAsync(_name, string.Join('\n', _lines) + "\n", cancellation);
    }
}
