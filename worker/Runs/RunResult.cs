using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

/// <summary>
/// <c>results/run.json</c> (or one for each shard): the last report of work that is done, with what it was asked for, so that a document
/// that asks for more finds it unfinished, and with what it took.
/// </summary>
/// <param name="Usage">What the last attempt took; null where an earlier version wrote the result.</param>
internal sealed record RunResult(ProgressReport Report, RunUsage? Usage)
{
    public const string Prefix = "results/";

    /// <summary>The part of an output that a shard writes: <c>run</c>, or <c>shard-00003</c>.</summary>
    public static string ScopeOf(int shard, int shards) => shards > 1 ? $"shard-{shard:D5}" : "run";

    public static Task WriteAsync(RunOutput output, string scope, RunSpec spec, ProgressReport report, RunUsage usage,
        CancellationToken cancellation)
    {
        var done = report with { Outcome = ReportOutcome.Succeeded, Message = null, Attempt = "", Sequence = 0 };
        var node = JsonSerializer.SerializeToNode(done, ApiJson.Options)!.AsObject();
        node["extent"] = RunExtent.Of(spec);
        node["usage"] = JsonSerializer.SerializeToNode(usage, ApiJson.Options);
        return output.PutTextAsync($"{Prefix}{scope}.json", node.ToJsonString(ApiJson.Indented), cancellation);
    }

    /// <summary>The result of a shard; null where it is not done, or was done for a document that asked for less.</summary>
    public static async Task<RunResult?> ReadAsync(IBlobStore store, string scope, RunSpec spec, CancellationToken cancellation)
    {
        if (await store.GetAsync($"{Prefix}{scope}.json", cancellation) is not { } blob) return null;
        var node = JsonNode.Parse(blob.Bytes)!;
        return (string?)node["extent"] == RunExtent.Of(spec)
            ? new(node.Deserialize<ProgressReport>(ApiJson.Options)!, node["usage"]?.Deserialize<RunUsage>(ApiJson.Options)) : null;
    }
}

/// <summary>What the attempt that ended the work took.</summary>
internal sealed record RunUsage
{
    /// <summary>What it worked on: <c>CPU, 2 threads</c>, or the GPU's name.</summary>
    public string Device { get; init; } = "";
    public int Devices { get; init; } = 1;

    /// <summary>Most memory of the process, or of the GPU, in bytes; null where the system does not tell.</summary>
    public long? PeakMemory { get; init; }
    public double Seconds { get; init; }

    public int Interruptions { get; init; }
}
