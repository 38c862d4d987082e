using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using LightReasoner.Api;

namespace LightReasoner.OperatorBench;

/// <summary>
/// Many finished runs and many at work: what the operator holds, and what it asks of the API server while nothing happens and for each
/// report.
/// </summary>
internal static class Rest
{
    /// <summary>Begins the names of runs whose workers go on.</summary>
    public const string Prefix = "rest-";

    private const double AllowedMegabytes = 300;
    private const int Reporters = 20, Reports = 5;
    private const string Requests = "lightreasoner_api_requests_total";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5), Pause = TimeSpan.FromSeconds(2.5), AtRest = TimeSpan.FromMinutes(1);

    /// <summary>Makes finished runs, before there is an operator.</summary>
    public static async Task FinishedAsync(Scene scene, int count, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        var sixteen = new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancel };
        await Parallel.ForAsync(0, count, sixteen, async (i, stop) =>
        {
            var run = await scene.CreateAsync(RunKind.RefineRun, $"finished-{i:00000}", Spec(), stop);
            var status = new JsonObject
            {
                ["phase"] = "Failed",
                ["observedGeneration"] = 1,
                ["completionTime"] = "2026-01-01T00:00:00Z",
                ["outputUri"] = "file:///outputs/x",
                ["message"] = "az://data/questions.jsonl line 17: field 'question' is missing (fields: id, query) (exit code 65)",
            };
            await scene.PutStatusAsync(RunKind.RefineRun, run, status, stop);
        });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} finished runs made in {watch.Elapsed.TotalSeconds:0} s"));
    }

    public static async Task<bool> RunAsync(Scene scene, int finished, int running, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        var many = new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancel };
        await Parallel.ForAsync(0, running, many, async (i, stop) =>
            await scene.CreateAsync(RunKind.SamplingRun, $"{Prefix}{i:0000}", Spec(sampling: true), stop));

        IReadOnlyList<JsonNode> atWork;
        for (long start = Stopwatch.GetTimestamp(); ; await Task.Delay(TimeSpan.FromSeconds(2), cancel))
        {
            atWork = [.. (await scene.ListAsync(RunKind.SamplingRun, cancel)).Where(run => (string?)run["status"]?["phase"] == "Running")];
            if (atWork.Count >= running || Stopwatch.GetElapsedTime(start) > Limit) break;
        }
        var started = watch.Elapsed.TotalSeconds;

        // What was set going comes to rest first.
        await Task.Delay(TimeSpan.FromSeconds(20), cancel);
        var before = await scene.ScrapeAsync(cancel);
        await Task.Delay(AtRest, cancel);
        var after = await scene.ScrapeAsync(cancel);
        double perMinute = after.Sum(Requests) - before.Sum(Requests), megabytes = after.Sum("process_working_set_bytes") / 1e6;
        var (perReport, heap) = (await PerReportAsync(scene, atWork, perMinute, cancel), after.Sum("dotnet_total_memory_bytes") / 1e6);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            {finished} finished runs and {atWork.Count} at work (after {started:0} s): {megabytes:0} MB resident, {heap:0} MB of heap
            requests to the API server: {perMinute:0} a minute at rest
            requests for a report: {perReport:0.00}: a read and a write of the status, and a review of its token once a minute
            """));
        return megabytes < AllowedMegabytes && atWork.Count >= running;
    }

    /// <summary>Some pods report at the pace of workers: further apart than statuses are written.</summary>
    private static async Task<double> PerReportAsync(Scene scene, IReadOnlyList<JsonNode> runs, double perMinute, CancellationToken cancel)
    {
        var pods = new List<(string Run, string Uid, string Token)>();
        foreach (var run in runs.Take(Reporters))
        {
            var name = (string)run["metadata"]!["name"]!;
            var pod = (await scene.Api.CoreV1.ListNamespacedPodAsync("default", labelSelector: $"lightreasoner.io/run={name}",
                cancellationToken: cancel)).Items[0];
            pods.Add((name, pod.Metadata.Uid, await scene.TokenAsync(pod, cancel)));
        }

        var before = await scene.ScrapeAsync(cancel);
        var watch = Stopwatch.StartNew();
        for (int i = 1; i <= Reports; i++)
        {
            foreach (var (name, uid, token) in pods)
                await scene.ReportAsync(token, new ProgressReport
                {
                    Kind = RunKind.SamplingRun,
                    Namespace = "default",
                    Name = name,
                    Attempt = uid,
                    Sequence = i,
                    Unit = "prompts",
                    Done = i,
                    Total = 100,
                    Sampling = new SamplingMetrics { PromptsDone = i, StepsSeen = 10 * i, SamplesKept = i },
                }, cancel);
            await Task.Delay(Pause, cancel);
        }
        var after = await scene.ScrapeAsync(cancel);
        return (after.Sum(Requests) - before.Sum(Requests) - perMinute * watch.Elapsed.TotalMinutes) / Math.Max(1, pods.Count * Reports);
    }

    private static JsonObject Spec(bool sampling = false)
    {
        var spec = new JsonObject { ["dataset"] = new JsonObject { ["uri"] = "az://data/q.jsonl" }, ["worker"] = Scene.Worker() };
        foreach (var model in sampling ? (string[])["expert", "amateur"] : ["model"]) spec[model] =
            new JsonObject { ["uri"] = "hf://org/model" };
        return spec;
    }
}
