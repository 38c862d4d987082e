using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using LightReasoner.Api;

namespace LightReasoner.OperatorBench;

/// <summary>Many finished runs and many at work: what the operator holds, and what it asks of the API server while nothing happens and for each report.</summary>
internal static class Rest
{
    /// <summary>Begins the names of runs whose workers go on.</summary>
    public const string Prefix = "rest-";

    private const double AllowedMegabytes = 300;
    private const int Reports = 100;
    private const string Requests = "lightreasoner_api_requests_total";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15), AtRest = TimeSpan.FromMinutes(1);

    public static async Task<bool> RunAsync(Scene scene, int finished, int running, CancellationToken cancel)
    {
        await Parallel.ForAsync(0, finished, new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancel }, async (i, stop) =>
            await scene.CreateAsync(RunKind.RefineRun, $"finished-{i:00000}", Spec(), stop));
        foreach (JsonNode[] some in (await scene.ListAsync(RunKind.RefineRun, cancel)).Chunk(500))
            await Parallel.ForEachAsync(some, cancel, async (run, stop) => await FinishAsync(scene, run, stop));
        await Parallel.ForAsync(0, running, new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancel }, async (i, stop) =>
            await scene.CreateAsync(RunKind.SamplingRun, $"{Prefix}{i:0000}", Spec(sampling: true), stop));

        IReadOnlyList<JsonNode> atWork;
        for (long start = Stopwatch.GetTimestamp(); ; await Task.Delay(TimeSpan.FromSeconds(2), cancel))
        {
            atWork = [.. (await scene.ListAsync(RunKind.SamplingRun, cancel)).Where(run => (string?)run["status"]?["phase"] == "Running")];
            if (atWork.Count >= running || Stopwatch.GetElapsedTime(start) > Limit) break;
        }

        // What was set going comes to rest first.
        await Task.Delay(TimeSpan.FromSeconds(20), cancel);
        Scrape before = await scene.ScrapeAsync(cancel);
        await Task.Delay(AtRest, cancel);
        Scrape after = await scene.ScrapeAsync(cancel);
        double perMinute = after.Sum(Requests) - before.Sum(Requests), megabytes = after.Sum("process_working_set_bytes") / 1e6;
        double perReport = await PerReportAsync(scene, atWork, perMinute, cancel);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            {finished} finished runs and {atWork.Count} at work: {megabytes:0} MB resident, {after.Sum("dotnet_total_memory_bytes") / 1e6:0} MB of managed heap
            requests to the API server: {perMinute:0} a minute at rest, {perReport:0.00} for a report (the write of the status among them)
            """));
        return megabytes < AllowedMegabytes && atWork.Count >= running;
    }

    private static async Task FinishAsync(Scene scene, JsonNode run, CancellationToken cancel)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await scene.PutStatusAsync(RunKind.RefineRun, run, new JsonObject { ["phase"] = "Failed", ["observedGeneration"] = 1, ["message"] = "as it was made", ["outputUri"] = "file:///outputs/x" }, cancel);
                return;
            }
            catch (k8s.Autorest.HttpOperationException e) when (e.Response.StatusCode == System.Net.HttpStatusCode.Conflict && attempt < 20)
            {
                // The operator has written in between.
                run = await scene.ReadAsync(RunKind.RefineRun, (string)run["metadata"]!["name"]!, cancel);
            }
        }
    }

    private static async Task<double> PerReportAsync(Scene scene, IReadOnlyList<JsonNode> runs, double perMinute, CancellationToken cancel)
    {
        Scrape before = await scene.ScrapeAsync(cancel);
        var watch = Stopwatch.StartNew();
        foreach (JsonNode run in runs.Take(Reports))
        {
            string name = (string)run["metadata"]!["name"]!;
            V1Pod pod = (await scene.Api.CoreV1.ListNamespacedPodAsync("default", labelSelector: $"lightreasoner.io/run={name}", cancellationToken: cancel)).Items[0];
            string token = await scene.TokenAsync(pod, cancel);
            for (int i = 1; i <= 2; i++)
                await scene.ReportAsync(token, new ProgressReport
                {
                    Kind = RunKind.SamplingRun, Namespace = "default", Name = name, Attempt = pod.Metadata.Uid, Sequence = i, Unit = "prompts", Done = i, Total = 100,
                    Sampling = new SamplingMetrics { PromptsDone = i, StepsSeen = 10 * i, SamplesKept = i },
                }, cancel);
        }
        await Task.Delay(TimeSpan.FromSeconds(10), cancel);
        Scrape after = await scene.ScrapeAsync(cancel);
        return (after.Sum(Requests) - before.Sum(Requests) - perMinute * watch.Elapsed.TotalMinutes) / Math.Max(1, Math.Min(Reports, runs.Count) * 2);
    }

    private static JsonObject Spec(bool sampling = false)
    {
        var spec = new JsonObject { ["dataset"] = new JsonObject { ["uri"] = "az://data/q.jsonl" }, ["worker"] = new JsonObject { ["gpus"] = 0 }, ["suspend"] = !sampling };
        foreach (string model in sampling ? (string[])["expert", "amateur"] : ["model"]) spec[model] = new JsonObject { ["uri"] = "hf://org/model" };
        return spec;
    }
}
