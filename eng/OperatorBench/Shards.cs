using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using LightReasoner.Api;

namespace LightReasoner.OperatorBench;

/// <summary>
/// One SamplingRun of many pods at work, each of which reports once a second as a worker does: what the operator and the API server have
/// to do.
/// </summary>
internal static class Shards
{
    private const string Name = $"{Rest.Prefix}shards", Requests = "lightreasoner_api_requests_total";
    private const string Cpu = "process_cpu_seconds_total", Memory = "process_working_set_bytes";
    private const int Rounds = 60;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    public static async Task<bool> RunAsync(Scene scene, int shards, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        JsonObject Model() => new() { ["uri"] = "hf://org/model" };
        await scene.CreateAsync(RunKind.SamplingRun, Name, new JsonObject
        {
            ["expert"] = Model(),
            ["amateur"] = Model(),
            ["dataset"] = new JsonObject { ["uri"] = "az://data/q.jsonl" },
            ["shards"] = shards,
            ["worker"] = Scene.Worker(),
        }, cancel);
        IList<V1Pod> pods = [];
        while (pods.Count < shards && watch.Elapsed < Limit)
        {
            await Task.Delay(TimeSpan.FromSeconds(2), cancel);
            var all = await scene.Api.CoreV1.ListNamespacedPodAsync(
                "default", labelSelector: $"lightreasoner.io/run={Name}", cancellationToken: cancel);
            pods = [.. all.Items.Where(pod => pod.Status?.Phase == "Running")];
        }
        var started = watch.Elapsed.TotalSeconds;
        var tokens = new ConcurrentDictionary<string, string>();
        await Parallel.ForEachAsync(pods, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancel },
            async (pod, stop) => tokens[pod.Metadata.Name] = await scene.TokenAsync(pod, stop));

        (ConcurrentBag<double> milliseconds, int refused) = ([], 0);
        var before = await scene.ScrapeAsync(cancel);
        var begun = Stopwatch.GetTimestamp();
        await Task.WhenAll(pods.Select(async (pod, i) =>
        {
            await Task.Delay(TimeSpan.FromSeconds((double)i / pods.Count), cancel);
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
            for (int round = 1; round <= Rounds; round++)
            {
                var start = Stopwatch.GetTimestamp();
                try
                {
                    await scene.ReportAsync(tokens[pod.Metadata.Name], new ProgressReport
                    {
                        Kind = RunKind.SamplingRun,
                        Namespace = "default",
                        Name = Name,
                        Attempt = pod.Metadata.Uid,
                        Sequence = round,
                        Shard = int.Parse(pod.Metadata.Annotations["batch.kubernetes.io/job-completion-index"],
                        CultureInfo.InvariantCulture),
                        Unit = "prompts",
                        Done = round,
                        Total = Rounds,
                        Sampling = new SamplingMetrics { PromptsDone = round, StepsSeen = 10 * round, SamplesKept = round },
                    }, cancel);
                    milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
                catch (HttpRequestException)
                {
                    Interlocked.Increment(ref refused); // the next report says it all again
                }
                await timer.WaitForNextTickAsync(cancel);
            }
        }));
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var after = await scene.ScrapeAsync(cancel);
        long done = 0;
        var rest = Stopwatch.StartNew();
        for (; done < (long)shards * Rounds && rest.Elapsed < TimeSpan.FromSeconds(30); await Task.Delay(1000, cancel))
            done = (long?)(await scene.ListAsync(RunKind.SamplingRun, cancel))
                .Single(run => (string?)run["metadata"]!["name"] == Name)["status"]?["progress"]?["done"] ?? 0;

        double[] sorted = [.. milliseconds.Order()];
        double cores = (after.Sum(Cpu) - before.Sum(Cpu)) / seconds, requests = (after.Sum(Requests) - before.Sum(Requests)) * 60 / seconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            one run of {shards} pods: {pods.Count} Running after {started:0} s
            each reports once a second: {sorted.Length / seconds:0} reports a second taken, {refused} refused
            answered within p50 {sorted[sorted.Length / 2]:0.0} ms, p99 {sorted[sorted.Length * 99 / 100]:0.0} ms
            operator: {cores:0.00} cores, {after.Sum(Memory) / 1e6:0} MB resident, {requests:0} requests to the API server a minute
            status in the end: {done} of {(long)shards * Rounds} prompts
            """));
        return pods.Count == shards && done == (long)shards * Rounds;
    }
}
