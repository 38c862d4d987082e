using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Reporting;

/// <summary>
/// <c>metrics.jsonl</c>: one line per logged step or chunk, the metrics of the run's kind with a time; and beside it the same figures as a
/// TensorBoard event file. Both are written whole, so that a reader never sees half a line, and for that reason only every few seconds; a
/// resumed run drops the lines of steps that it repeats.
/// </summary>
internal sealed class MetricsLog(RunOutput output, MetricsFile file, TimeProvider time, MlflowTracking? tracking)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly StringBuilder _text = new();
    private readonly TensorBoardEvents _events = new(file.Counter);
    private long? _flushed;
    private bool _pending;

    public string? Last { get; private set; }

    /// <summary>Opens the log, keeping lines that count at most <paramref name="upTo"/>.</summary>
    public static async Task<MetricsLog> OpenAsync(RunOutput output, MetricsFile file, long upTo, TimeProvider time,
        CancellationToken cancellation, MlflowTracking? tracking = null)
    {
        var log = new MetricsLog(output, file, time, tracking);
        if (await output.Store.GetAsync(file.Name, cancellation) is { } existing)
            foreach (var line in Encoding.UTF8.GetString(existing.Bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                if (JsonNode.Parse(line)?[file.Counter]?.GetValue<long>() <= upTo) log.Append(line);
        return log;
    }

    /// <summary>Adds a line; writes the log if that has not been done for a while.</summary>
    public async Task AddAsync<T>(T metrics, CancellationToken cancellation)
    {
        var line = JsonSerializer.SerializeToNode(metrics, ApiJson.Options)!.AsObject();
        tracking?.Add(line, file.Counter);
        Stamp(line, time);
        Append(line.ToJsonString(ApiJson.Options));
        _pending = true;
        if (_flushed is not { } last || time.GetElapsedTime(last) >= Interval) await FlushAsync(cancellation);
    }

    /// <summary>Writes what is not written yet: at the end, and before a checkpoint, whose steps a resumed run does not repeat.</summary>
    public async Task FlushAsync(CancellationToken cancellation)
    {
        if (!_pending) return;
        await output.PutTextAsync(file.Name, _text.ToString(), cancellation);
        await output.PutAsync(file.Events, new MemoryStream(_events.Content), cancellation);
        (_pending, _flushed) = (false, time.GetTimestamp());
    }

    /// <summary>Puts the time before all other fields.</summary>
    public static void Stamp(JsonObject line, TimeProvider time) =>
        line.Insert(0, "time", time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"));

    /// <summary>The values of a document by their paths: <c>generation.maxNewTokens</c>, <c>losses.0</c>.</summary>
    public static IEnumerable<(string Path, JsonValue Value)> Flat(JsonNode? node, char separator, string path = "")
    {
        string Under(object key) => path.Length == 0 ? $"{key}" : $"{path}{separator}{key}";
        return node switch
        {
            JsonObject map => map.SelectMany(field => Flat(field.Value, separator, Under(field.Key))),
            JsonArray list => list.SelectMany((item, i) => Flat(item, separator, Under(i))),
            JsonValue value => [(path, value)],
            _ => [],
        };
    }

    private void Append(string line)
    {
        _text.Append(line).Append('\n');
        _events.Add(line);
        Last = line;
    }
}

/// <summary>Where the figures of a run, or of one shard of it, are logged.</summary>
/// <param name="Events">The TensorBoard event file; a folder for each shard, which TensorBoard shows as a run of its own.</param>
internal sealed record MetricsFile(string Name, string Events, string Counter)
{
    private const string EventFile = "events.out.tfevents.lightreasoner";

    public static MetricsFile Training { get; } = new("metrics.jsonl", EventFile, "step");

    public static MetricsFile Sampling(int shard, int shards) => shards == 1
        ? new("metrics.jsonl", EventFile, "promptsDone")
        : new($"metrics-{shard:D5}.jsonl", $"shard-{shard:D5}/{EventFile}", "promptsDone");
}
