using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.Api;

namespace LightReasoner.OperatorBench;

/// <summary>Many runs applied at once, whose workers exit at once.</summary>
internal static class Burst
{
    private const string Latency = "lightreasoner_reconcile_duration_seconds";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5), Interval = TimeSpan.FromSeconds(5);

    public static async Task<bool> RunAsync(Scene scene, int count, CancellationToken cancel)
    {
        var before = await scene.ScrapeAsync(cancel);
        var watch = Stopwatch.StartNew();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancel },
            async (i, stop) =>
            await scene.CreateAsync(RunKind.SamplingRun, $"run-{i:0000}", Spec(), stop));
        double applied = watch.Elapsed.TotalSeconds, peak = 0;

        // The metrics tell how far it is: a list of all runs would keep the API server busy.
        Scrape end;
        while (true)
        {
            end = await scene.ScrapeAsync(cancel);
            peak = Math.Max(peak, end.Sum("process_working_set_bytes"));
            if (Ended(end, "Succeeded") + Ended(end, "Failed") >= count || watch.Elapsed > Limit) break;
            await Task.Delay(Interval, cancel);
        }
        var seconds = watch.Elapsed.TotalSeconds;
        var gain = end.Since(before);
        var runs = await scene.ListAsync(RunKind.SamplingRun, cancel);
        var waits = await scene.JobDelaysAsync(runs, cancel);
        var succeeded = runs.Count(run => Phase(run) == "Succeeded");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            {count} runs at once: applied in {applied:0.0} s, {succeeded} Succeeded after {seconds:0.0} s
            reconciles: {gain.Sum(Latency + "_count"):0}, latency p50 {1000 * gain.Quantile(Latency, 0.5):0.0} ms, p99 {1000 * gain
                .Quantile(Latency, 0.99):0.0} ms
            from a run's creation to its Job's, in whole seconds: p50 {At(waits, 0.5):0} s, p99 {At(waits, 0.99):0} s
            operator memory: {peak / 1e6:0} MB resident at most, {end.Sum("dotnet_total_memory_bytes") / 1e6:0} MB of managed heap
            """));
        foreach (var run in runs.Where(run => Phase(run) != "Succeeded").Take(5))
            Console.WriteLine($"{run["metadata"]!["name"]}: {Phase(run)}: {run["status"]?["message"]}");
        return succeeded == count;
    }

    private static double Ended(Scrape scrape, string phase) => scrape.Sum("lightreasoner_runs", $"kind=\"SamplingRun\",phase=\"{phase}\"");

    private static double At(double[] sorted, double quantile) => sorted.Length == 0 ? double.NaN
        : sorted[(int)(quantile * (sorted.Length - 1))];

    private static string Phase(JsonNode run) => (string?)run["status"]?["phase"] ?? "new";

    private static JsonObject Spec() => new()
    {
        ["expert"] = new JsonObject { ["uri"] = "hf://org/expert" },
        ["amateur"] = new JsonObject { ["uri"] = "hf://org/amateur" },
        ["dataset"] = new JsonObject { ["uri"] = "az://data/q.jsonl" },
        ["worker"] = Scene.Worker(),
    };
}
