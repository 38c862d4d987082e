using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;
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

    /// <summary>What the attempts that wrote them took.</summary>
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
        var metrics = new List<(string, IReadOnlyList<JsonObject>)>();
        await foreach (var (name, text) in TextsAsync("metrics"))
            metrics.Add((name, [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonNode.Parse(line)!.AsObject())]));
        var manifest = ManifestReader.Read(run["document"]!.ToJsonString(), RunRecord.BlobName);
        var results = new List<RunResult>();
        foreach (var some in (await store.ListAsync(RunResult.Prefix, cancellation)).Chunk(AtOnce))
            results.AddRange((await Task.WhenAll(some.Select(blob =>
                RunResult.ReadAsync(store, Path.GetFileNameWithoutExtension(blob.Name), manifest.RunSpec, cancellation))))
                .OfType<RunResult>());
        ChunkFigures? figures = null;
        await foreach ((_, string text) in TextsAsync("figures/"))
        {
            var chunk = JsonSerializer.Deserialize<ChunkFigures>(text, ApiJson.Options)!;
            figures = figures is null ? chunk : figures + chunk;
        }
        return new RunRecords
        {
            Manifest = manifest,
            Versions = Texts(run["versions"]),
            Begun = DateTimeOffset.TryParse((string?)run["begun"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
            out var begun) ? begun : null,
            Inputs = [.. (run["inputs"] as JsonObject ?? [])
            .Select(input => (input.Key, (string?)input.Value?["uri"] ?? "",
            (IReadOnlyDictionary<string, string>)Texts(input.Value?["files"])))],
            Results = [.. results.Select(result => result.Report)],
            Usage = [.. results.Select(result => result.Usage).OfType<RunUsage>()],
            Metrics = metrics,
            Figures = figures,
            Changes = await JsonAsync<AnswerChange[]>(AnswerChange.BlobName) ?? [],
            Validation = await JsonAsync<ValidationLoss>(ValidationLoss.BlobName),
            Passes = await JsonAsync<PassAccuracy[]>(PassAccuracy.BlobName) ?? [],
        };

        static Dictionary<string, string> Texts(JsonNode? map) => (map as JsonObject ?? [])
            .ToDictionary(p => p.Key, p => (string?)p.Value ?? "");
        // In the order of their names, several at a time: a run of many shards left many.
        async IAsyncEnumerable<(string Name, string Text)> TextsAsync(string prefix)
        {
            foreach (var some in (await store.ListAsync(prefix, cancellation)).Chunk(AtOnce))
                foreach (var (blob, text) in some.Zip(await Task.WhenAll(some.Select(blob => TextAsync(blob.Name)))))
                    if (text is not null) yield return (blob.Name, text);
        }
        async Task<string?> TextAsync(string name) => await store.GetAsync(name, cancellation) is { } content
            ? Encoding.UTF8.GetString(content.Bytes) : null;
        async Task<T?> JsonAsync<T>(string name)
            where T : class => await TextAsync(name) is { } text ? JsonSerializer.Deserialize<T>(text, ApiJson.Options) : null;
    }
}
