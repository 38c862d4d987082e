using System.Runtime.CompilerServices;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Reporting;

/// <summary>What a run wrote down about itself: all that its report is made of.</summary>
internal sealed record RunRecords
{
    /// <summary>Requests at once: a run of many shards left many files.</summary>
    private const int AtOnce = 32;

    public required Manifest Manifest { get; init; }

    /// <summary>Versions of what began the run: the worker, its runtime, libtorch.</summary>
    public required IReadOnlyDictionary<string, string> Versions { get; init; }
    public DateTimeOffset? Begun { get; init; }

    /// <summary>What went in: the field of the spec, where it lay, and the fingerprint of each file.</summary>
    public IReadOnlyList<(string Field, string Uri, IReadOnlyDictionary<string, string> Files)> Inputs { get; init; } = [];

    /// <summary>The final reports: one, or one for each shard that is done.</summary>
    public IReadOnlyList<ProgressReport> Results { get; init; } = [];

    public IReadOnlyList<RunUsage> Usage { get; init; } = [];

    /// <summary>The lines of each metrics file, by its name.</summary>
    public IReadOnlyList<(string Name, IReadOnlyList<JsonObject> Lines)> Metrics { get; init; } = [];

    /// <summary>Sampling: the figures of all chunks together.</summary>
    public ChunkFigures? Figures { get; init; }

    /// <summary>Training: questions whose answers changed.</summary>
    public IReadOnlyList<AnswerChange> Changes { get; init; } = [];

    /// <summary>Refinement: accuracy and speed by settings of generation.</summary>
    public IReadOnlyList<PassAccuracy> Passes { get; init; } = [];

    /// <summary>Training: the loss on the validation data before it.</summary>
    public ValidationLoss? Validation { get; init; }

    public int Shards => (Manifest as SamplingRun)?.Spec.Shards ?? 1;

    public static async Task<RunRecords> ReadAsync(IBlobStore store, CancellationToken cancellation)
    {
        var run = JsonNode.Parse((await store.GetAsync(RunRecord.BlobName, cancellation))!.Bytes)!.AsObject();
        var manifest = ManifestReader.Read(run["document"]!.ToJsonString(), RunRecord.BlobName);
        var results = await EachAsync(store, RunResult.Prefix, name =>
            RunResult.ReadAsync(store, Path.GetFileNameWithoutExtension(name), manifest.RunSpec, cancellation), cancellation)
            .Select(result => result.Content).ToArrayAsync(cancellation);
        return new RunRecords
        {
            Manifest = manifest,
            Versions = Texts(run["versions"]),
            Begun = DateTimeOffset.TryParse((string?)run["begun"], null, DateTimeStyles.AssumeUniversal, out var begun) ? begun : null,
            Inputs = [.. (run["inputs"] as JsonObject ?? []).Select(input =>
                (input.Key, (string?)input.Value?["uri"] ?? "", (IReadOnlyDictionary<string, string>)Texts(input.Value?["files"])))],
            Results = [.. results.Select(result => result.Report)],
            Usage = [.. results.Select(result => result.Usage).OfType<RunUsage>()],
            Metrics = await EachAsync(store, "metrics", LinesAsync, cancellation).ToArrayAsync(cancellation),
            Figures = await FiguresAsync(store, cancellation),
            Changes = await JsonAsync<AnswerChange[]>(store, AnswerChange.BlobName, cancellation) ?? [],
            Validation = await JsonAsync<ValidationLoss>(store, ValidationLoss.BlobName, cancellation),
            Passes = await JsonAsync<PassAccuracy[]>(store, PassAccuracy.BlobName, cancellation) ?? [],
        };

        static Dictionary<string, string> Texts(JsonNode? map) => (map as JsonObject ?? [])
            .ToDictionary(p => p.Key, p => (string?)p.Value ?? "");
        async Task<IReadOnlyList<JsonObject>?> LinesAsync(string name) => await store.GetAsync(name, cancellation) is not { } file ? null
            : [.. Encoding.UTF8.GetString(file.Bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonNode.Parse(line)!.AsObject())];
    }

    /// <summary>Sampling: the figures of all chunks together; null where there are none.</summary>
    public static ValueTask<ChunkFigures?> FiguresAsync(IBlobStore store, CancellationToken cancellation) =>
        EachAsync(store, "figures/", name => JsonAsync<ChunkFigures>(store, name, cancellation), cancellation)
            .AggregateAsync((ChunkFigures?)null, (sum, chunk) => sum is null ? chunk.Content : sum + chunk.Content, cancellation);

    /// <summary>The files of a folder in the order of their names, several read at a time.</summary>
    private static async IAsyncEnumerable<(string Name, T Content)> EachAsync<T>(IBlobStore store, string prefix,
        Func<string, Task<T?>> read, [EnumeratorCancellation] CancellationToken cancellation)
        where T : class
    {
        foreach (var some in (await store.ListAsync(prefix, cancellation)).Chunk(AtOnce))
            foreach (var (blob, content) in some.Zip(await Task.WhenAll(some.Select(blob => read(blob.Name)))))
                if (content is not null) yield return (blob.Name, content);
    }

    /// <summary>What a file holds; null where there is none.</summary>
    public static async Task<T?> JsonAsync<T>(IBlobStore store, string name, CancellationToken cancellation)
        where T : class => await store.GetAsync(name, cancellation) is { } file
            ? JsonSerializer.Deserialize<T>(file.Bytes, ApiJson.Options) : null;
}
