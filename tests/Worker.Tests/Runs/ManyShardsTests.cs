using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using LightReasoner.Api;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Tests.Checkpoints;
using LightReasoner.Worker.Tests.Storage;

namespace LightReasoner.Worker.Tests.Runs;

/// <summary>
/// Many shards of a SamplingRun write to one output on a real S3 server at once, as pods do, without models.
/// <c>LIGHTREASONER_SIMULATED_SHARDS</c> sets how many.
/// </summary>
[Trait("Suite", "long")]
public sealed class ManyShardsTests(Radosgw radosgw, ITestOutputHelper output)
{
    private static readonly int Shards =
        int.Parse(Environment.GetEnvironmentVariable("LIGHTREASONER_SIMULATED_SHARDS") ?? "60", CultureInfo.InvariantCulture);

    private static readonly string Examples = RepositoryFolder.Of("examples", "quickstart");

    [Fact]
    public async Task Requests_OfAShard_DoNotGrowWithTheNumberOfShards()
    {
        (double fewer, _, _) = await WriteAsync(Shards / 4);
        var (each, perSecond, reports) = await WriteAsync(Shards);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Shards} shards: {each:0.0} requests each for a chunk, {perSecond:0} a second with those for {reports} reports"));
        Assert.True(each < 1.5 * fewer, $"{each} requests a shard, {fewer} with a quarter of the shards");
    }

    /// <summary>All shards from claim to result; gives requests by shard and a second, and how often the report was written.</summary>
    private async Task<(double EachShard, double PerSecond, int Reports)> WriteAsync(int shards)
    {
        var inner = BlobUri.Open($"s3://{radosgw.NewBucket()}/run");
        var store = Counted.Around(inner);
        var counted = (Counted)(object)store;
        var manifest = ManifestReader.Read(File.ReadAllText(Path.Combine(Examples, "1-sampling.yaml")), "1-sampling.yaml",
            ["spec.expert.uri=hf://org/expert", "spec.amateur.uri=hf://org/amateur", $"spec.dataset.uri={Examples}/data/questions.jsonl",
                $"spec.shards={shards}"]);
        var figures = JsonSerializer.Serialize(new ChunkFigures(8, 80, 20, 100, 10), ApiJson.Options);
        var start = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(0, shards, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (shard, stop) =>
        {
            var part = $"part-{shard:D5}-00000";
            var claimed = await RunOutput.ClaimAsync(store, $"shard-{shard:D5}", $"attempt-{shard}", stop);
            await RunRecord.EnsureAsync(claimed, manifest, [], TimeProvider.System, stop);
            await store.ListAsync($"samples/part-{shard:D5}-", stop);
            var log = await MetricsLog.OpenAsync(claimed, MetricsFile.Sampling(shard, shards), 0, TimeProvider.System, stop);
            await claimed.PutTextAsync($"figures/{part}.json", figures, stop);
            await claimed.PutTextAsync($"answers/{part}.jsonl", "{}\n", stop);
            await claimed.PutOnceAsync($"samples/{part}.jsonl", new MemoryStream("{}\n"u8.ToArray()), stop);
            await log.AddAsync(new SamplingMetrics { PromptsDone = 8, StepsSeen = 80, SamplesKept = 20 }, stop);
            var report = new ProgressReport { Kind = RunKind.SamplingRun, Namespace = "default", Name = "sampling", Shard = shard };
            await RunResult.WriteAsync(claimed, $"shard-{shard:D5}", manifest.RunSpec, report, new RunUsage(), stop);
            counted.Reporting = true;
            await RunReport.WriteAsync(claimed, shards, TimeProvider.System, stop);
        });
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Assert.Equal(shards, (await inner.ListAsync("samples/")).Count);
        Assert.Equal(shards, (await inner.ListAsync("results/")).Count);
        var page = System.Text.Encoding.UTF8.GetString((await inner.GetAsync(RunReport.BlobName))!.Bytes);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"of {8 * shards:N0} answers"), page);
        return ((double)counted.Requests / shards, (counted.Requests + counted.ReportRequests) / seconds, counted.Reports);
    }

    [Fact]
    public async Task Report_IsWrittenAfterAShardTwiceAsMany_AndTheLast()
    {
        using var folder = new TemporaryFolder();
        var store = Counted.Around(BlobUri.Open($"file://{folder.Path}/run"));
        var manifest = ManifestReader.Read(File.ReadAllText(Path.Combine(Examples, "1-sampling.yaml")), "1-sampling.yaml",
            ["spec.expert.uri=hf://org/expert", "spec.amateur.uri=hf://org/amateur", $"spec.dataset.uri={Examples}/data/questions.jsonl",
                "spec.shards=20"]);
        var written = new List<int>();
        for (int shard = 0; shard < 20; shard++)
        {
            var claimed = await RunOutput.ClaimAsync(store, $"shard-{shard:D5}", "attempt", default);
            await RunRecord.EnsureAsync(claimed, manifest, [], TimeProvider.System, default);
            var report = new ProgressReport { Kind = RunKind.SamplingRun, Namespace = "default", Name = "sampling", Shard = shard };
            await RunResult.WriteAsync(claimed, $"shard-{shard:D5}", manifest.RunSpec, report, new RunUsage(), default);
            var before = ((Counted)(object)store).Reports;
            await RunReport.WriteAsync(claimed, 20, TimeProvider.System, default);
            if (((Counted)(object)store).Reports > before) written.Add(shard + 1);
        }
        Assert.Equal([1, 2, 4, 8, 16, 20], written);
    }

    /// <summary>Counts what is asked of a store, apart for what is asked after <see cref="Reporting"/> was set in the same flow.</summary>
    public class Counted : DispatchProxy
    {
        private readonly AsyncLocal<bool> _reporting = new();
        private IBlobStore _inner = null!;
        private int _requests, _reportRequests, _reports;

        public bool Reporting { set => _reporting.Value = value; }

        public int Requests => _requests;

        public int ReportRequests => _reportRequests;

        public int Reports => _reports;

        public static IBlobStore Around(IBlobStore inner)
        {
            var proxy = Create<IBlobStore, Counted>();
            ((Counted)(object)proxy)._inner = inner;
            return proxy;
        }

        protected override object? Invoke(MethodInfo? method, object?[]? arguments)
        {
            if (typeof(Task).IsAssignableFrom(method!.ReturnType)) Interlocked.Increment(ref _reporting.Value ? ref _reportRequests
                : ref _requests);
            var report = method.Name == nameof(IBlobStore.PutAsync) && (string?)arguments![0] == RunReport.BlobName;
            if (report) Interlocked.Increment(ref _reports);
            return method.Invoke(_inner, arguments);
        }
    }
}
