using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.Api;

namespace LightReasoner.OperatorBench;

/// <summary>Runs that change their phase again and again: nothing may be left behind by that.</summary>
internal static class Soak
{
    private const int Runs = 50, Samples = 10;

    /// <summary>Of the managed heap between the first and the last third of the soak. What leaks grows by far more.</summary>
    private const double AllowedGrowth = 1.5;

    public static async Task<bool> RunAsync(Scene scene, int changes, CancellationToken cancel)
    {
        // They wait for a run that never comes, so that a change of phase costs the operator alone.
        await Parallel.ForAsync(0, Runs, cancel, async (i, stop) => await scene.CreateAsync(RunKind.FineTuneRun, Name(i), new JsonObject
        {
            ["model"] = new JsonObject { ["uri"] = "hf://org/model" },
            ["samples"] = new JsonObject { ["runRef"] = new JsonObject { ["kind"] = "SamplingRun", ["name"] = "never" } },
            ["dependencyTimeoutSeconds"] = 360_000,
        }, stop));
        await AllAreAsync(scene, "Waiting", cancel);

        var rounds = Math.Max(Samples, changes / Runs);
        var heap = new List<double>();
        var watch = Stopwatch.StartNew();
        for (int round = 1; round <= rounds; round++)
        {
            var suspend = round % 2 == 1;
            await Parallel.ForAsync(0, Runs, cancel, async (i, stop) =>
                await scene.PatchAsync(RunKind.FineTuneRun, Name(i),
                    new JsonObject { ["spec"] = new JsonObject { ["suspend"] = suspend } }, stop));
            await AllAreAsync(scene, suspend ? "Suspended" : "Waiting", cancel);
            if (round % (rounds / Samples) == 0) heap.Add((await scene.ScrapeAsync(cancel)).Sum("dotnet_total_memory_bytes"));
        }

        var end = await scene.ScrapeAsync(cancel);
        double first = heap.Take(Samples / 3).Min(), last = heap.TakeLast(Samples / 3).Min();
        var steady = last <= first * AllowedGrowth;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            soak: {rounds * Runs} changes of phase in {watch.Elapsed.TotalSeconds:0} s; managed heap in MB: {string
                .Join(' ', heap.Select(h => (h / 1e6).ToString("0.0", CultureInfo.InvariantCulture)))}
            heap {(steady ? "is steady"
                : $"GREW by more than {AllowedGrowth - 1:0%}")}: {first / 1e6:0.0} MB at first, {last / 1e6:0.0} MB at last; {end
                    .Sum("process_working_set_bytes") / 1e6:0} MB resident
            """));
        return steady;
    }

    private static string Name(int i) => $"soak-{i:00}";

    private static async Task AllAreAsync(Scene scene, string phase, CancellationToken cancel)
    {
        for (long start = Stopwatch.GetTimestamp(); ; await Task.Delay(20, cancel))
        {
            var runs = await scene.ListAsync(RunKind.FineTuneRun, cancel);
            if (runs.All(run => (string?)run["status"]?["phase"] == phase)) return;
            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromMinutes(2))
                throw new TimeoutException($"not all runs are {phase} after two minutes");
        }
    }
}
