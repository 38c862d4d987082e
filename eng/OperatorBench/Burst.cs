using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.Api;

namespace LightReasoner.OperatorBench;

/// <summary>Many runs applied at once, whose workers exit at once.</summary>
internal static class Burst
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5), Interval = TimeSpan.FromSeconds(2);

    public static async Task<bool> RunAsync(Scene scene, int count, CancellationToken cancel)
    {
        Scrape before = await scene.ScrapeAsync(cancel);
        var watch = Stopwatch.StartNew();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancel },
            async (i, stop) =>
            await scene.CreateAsync(RunKind.SamplingRun, $"run-{i:0000}", Spec(), stop));
        double applied = watch.Elapsed.TotalSeconds, peak = 0;

        IReadOnlyList<JsonNode> runs;
        while (true)
        {
            runs = await scene.ListAsync(RunKind.SamplingRun, cancel);
            peak = Math.Max(peak, (await scene.ScrapeAsync(cancel)).Sum("process_working_set_bytes"));
            if (runs.Count(Ended) == count || watch.Elapsed > Limit) break;
            await Task.Delay(Interval, cancel);
        }
        Scrape end = await scene.ScrapeAsync(cancel), gain = end.Since(before);
        int succeeded = runs.Count(run => Phase(run) == "Succeeded");
        const string latency = "lightreasoner_reconcile_duration_seconds";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            {count} runs at once: applied in {applied:0.0} s, {succeeded} Succeeded after {watch.Elapsed.TotalSeconds:0.0} s
            reconciles: {gain.Sum(latency + "_count"):0}, latency p50 {gain.Quantile(latency, 0.5) * 1000:0.0} ms, p99 {gain.Quantile(latency, 0.99) * 1000:0.0} ms
            operator memory: {peak / 1e6:0} MB resident at most, {end.Sum("dotnet_total_memory_bytes") / 1e6:0} MB of managed heap
            """));
        foreach (JsonNode run in runs.Where(run => Phase(run) != "Succeeded").Take(5))
            Console.WriteLine($"{run["metadata"]!["name"]}: {Phase(run)}: {run["status"]?["message"]}");
        return succeeded == count;
    }

    private static bool Ended(JsonNode run) => Phase(run) is "Succeeded" or "Failed";

    private static string Phase(JsonNode run) => (string?)run["status"]?["phase"] ?? "new";

    private static JsonObject Spec() => new()
    {
        ["expert"] = new JsonObject { ["uri"] = "hf://org/expert" },
        ["amateur"] = new JsonObject { ["uri"] = "hf://org/amateur" },
        ["dataset"] = new JsonObject { ["uri"] = "az://data/q.jsonl" },
        ["worker"] = Scene.Worker(),
    };
}
