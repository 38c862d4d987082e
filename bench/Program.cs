using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.Bench;
using LightReasoner.Worker;
using LightReasoner.Worker.Runs;
using Spectre.Console;
using TorchSharp;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var cases = new Option<string[]>("--cases") { Description = "Only these; all where left out.", AllowMultipleArgumentsPerToken = true };
var threads = new Option<int[]>("--threads")
{
    Description = "Thread counts to measure with.",
    DefaultValueFactory = _ => [1, 2],
    AllowMultipleArgumentsPerToken = true
};
var pairs = new Option<int>("--pairs")
{
    Description = "Runs of each program a case, in turns; the median counts. A case that took 40 seconds begins no other pair.",
    DefaultValueFactory = _ => 7,
};
var root = new RootCommand("Measures the worker against a reference that follows the published programs, on the same libtorch and threads.")
{
    cases, threads, pairs,
};
root.SetAction(parsed =>
{
    using var folder = new ScratchFolder();
    RandomPair.Write(folder.Path);
    using var inference = new InferenceCases(folder.Path);
    (string Name, Func<BenchCase> Case)[] all = [.. inference.All, .. new TrainingCases(folder.Path).All];
    var chosen = parsed.GetValue(cases) is { Length: > 0 } names ? names : [.. all.Select(c => c.Name)];
    if (chosen.Except(all.Select(c => c.Name)).FirstOrDefault() is { } unknown)
    {
        Console.Error.WriteLine($"--cases: '{unknown}' is none of {string.Join(", ", all.Select(c => c.Name))}");
        return (int)ExitCode.Usage;
    }
    var table = new Table().AddColumns("case", "threads", "reference", "worker", "ratio", "target", "equal");
    var equal = true;
    foreach (var (name, make) in all.Where(c => chosen.Contains(c.Name)))
    {
        var bench = make();
        bench.Worker(); // compiles and warms up
        foreach (var count in parsed.GetValue(threads)!)
        {
            torch.set_num_threads(count);
            equal &= Measure(bench, count, parsed.GetValue(pairs), table);
        }
    }
    AnsiConsole.Write(table);
    return equal ? 0 : 1; // a missed target is shown, not failed: it depends on the machine and on what else runs there
});
root.Add(DeviceBench.Create());
return root.Parse(args).Invoke();

static bool Measure(BenchCase bench, int threads, int pairs, Table table)
{
    var begun = Stopwatch.GetTimestamp();
    var (theirs, ours, difference) = (new List<double>(), new List<double>(), (string?)null);
    for (var pair = 0; pair < pairs && (pair == 0 || Stopwatch.GetElapsedTime(begun).TotalSeconds < 40); pair++)
    {
        var (seconds, reference) = Timed(bench.Reference);
        theirs.Add(seconds * bench.Share);
        (seconds, var worker) = Timed(bench.Worker);
        ours.Add(seconds);
        difference ??= bench.Difference(reference, worker);
    }
    var (a, b) = (Median(theirs), Median(ours));
    Console.WriteLine(new JsonObject
    {
        ["case"] = bench.Name,
        ["threads"] = threads,
        ["pairs"] = ours.Count,
        ["reference_seconds"] = Math.Round(a, 4),
        ["worker_seconds"] = Math.Round(b, 4),
        ["ratio"] = Math.Round(a / b, 3),
        ["target"] = bench.Target,
        ["equal"] = difference is null,
        ["difference"] = difference,
    }.ToJsonString());
    table.AddRow(bench.Name, $"{threads}", $"{a:F3} s", $"{b:F3} s", $"{a / b:F2}", $"≥ {bench.Target}", difference is null ? "yes" : "NO");
    return difference is null;
}

static (double Seconds, object Result) Timed(Func<object> body)
{
    using var _ = torch.no_grad();
    var start = Stopwatch.GetTimestamp();
    var result = body();
    return (Stopwatch.GetElapsedTime(start).TotalSeconds, result);
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
