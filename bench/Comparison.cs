using System.Text.Json.Nodes;
using Spectre.Console;

namespace LightReasoner.Bench;

/// <summary>Runs both programs case by case, alternating, and prints a JSON line for each case and a table of all.</summary>
internal sealed class Comparison(string folder, int pairs)
{
    private const string StartUp = "start-up";

    public static string[] AllCases { get; } = ["sampling", "sampling-1", "fine-tuning", "refinement", "block-128", "block-64", "greedy-1", "greedy-16", StartUp];

    private readonly JsonObject _work = Workload.Read(folder);
    private readonly Table _table = new Table().AddColumns("case", "threads", "reference", "worker", "ratio", "target", "equal");

    /// <summary>The least ratio that each case is meant to reach.</summary>
    private static readonly Dictionary<string, double> s_targets = new()
    {
        ["sampling"] = 20,
        ["fine-tuning"] = 8,
        ["refinement"] = 1.5,
        ["block-128"] = 4,
        ["block-64"] = 4,
        ["greedy-1"] = 1.2,
        ["greedy-16"] = 1.2,
    };

    /// <returns>Whether all results were equal. A missed target is shown, not failed: it depends on the machine and on what else runs there.</returns>
    public bool Run(int[] threadCounts, string[] cases)
    {
        var equal = true;
        foreach (var threads in threadCounts)
        {
            using var reference = Peer.Reference(RepositoryFolder.Path, folder, threads);
            using var worker = Peer.Worker(folder, threads);
            Console.WriteLine(new JsonObject { ["reference"] = reference.Description, ["worker"] = worker.Description, ["kernels"] = Kernels.CoreType }.ToJsonString());
            foreach (var name in cases.Where(name => name != StartUp))
                equal &= Measure(name, threads, reference, worker);
        }
        if (cases.Contains(StartUp))
            MeasureStartUp();
        AnsiConsole.Write(_table);
        return equal;
    }

    private bool Measure(string name, int threads, Peer reference, Peer worker)
    {
        var (theirs, ours) = (new List<double>(), new List<double>());
        string? difference = null;
        JsonObject? figures = null;
        for (var pair = 0; pair < pairs; pair++)
        {
            var part = name == "sampling" ? Part(pair) : ((int First, int Count)?)null;
            var (seconds, result, _) = reference.Run(name, part is { } p ? new JsonObject { ["first"] = p.First, ["count"] = p.Count } : null);
            // One question at a time: the time of a part of the questions scales to all of them.
            theirs.Add(part is { } range ? seconds * Questions / range.Count : seconds);
            var answer = worker.Run(name);
            ours.Add(answer.Seconds);
            figures = answer.Figures;
            difference ??= Equality.Difference(result, answer.Result, part);
        }
        var line = Line(name, threads, theirs, ours);
        line["equal"] = difference is null;
        foreach (var (field, value) in figures ?? new JsonObject())
            line[field] = value!.DeepClone();
        if (difference is not null)
            line["difference"] = difference;
        Console.WriteLine(line.ToJsonString());
        _table.AddRow(name, $"{threads}", $"{Median(theirs):F3} s", $"{Median(ours):F3} s", $"{Median(theirs) / Median(ours):F2}", Target(name), difference is null ? "yes" : "NO");
        return difference is null;
    }

    private static string Target(string name) => s_targets.TryGetValue(name, out var target) ? $"{target}" : "";

    private int Questions => _work["sampling"]!["prompts"]!.AsArray().Count;

    /// <summary>Two questions a pair, so that the whole stays under ten minutes.</summary>
    private (int First, int Count) Part(int pair) => (2 * pair % Questions, Math.Min(2, Questions));

    private void MeasureStartUp()
    {
        var seconds = Enumerable.Range(0, pairs).Select(_ => FirstToken.Seconds(folder)).ToList();
        Console.WriteLine(new JsonObject
        {
            ["case"] = StartUp,
            ["worker_seconds"] = Median(seconds),
            ["worker_runs"] = new JsonArray([.. seconds.Select(s => (JsonNode)Math.Round(s, 4))]),
            ["target_seconds"] = FirstToken.Target,
        }.ToJsonString());
        _table.AddRow(StartUp, "2", "", $"{Median(seconds):F3} s", "", $"< {FirstToken.Target} s", "");
    }

    private static JsonObject Line(string name, int threads, List<double> theirs, List<double> ours) => new()
    {
        ["case"] = name,
        ["threads"] = threads,
        ["reference_seconds"] = Math.Round(Median(theirs), 4),
        ["worker_seconds"] = Math.Round(Median(ours), 4),
        ["ratio"] = Math.Round(Median(theirs) / Median(ours), 3),
        ["target"] = s_targets.TryGetValue(name, out var target) ? target : null,
        ["reference_runs"] = new JsonArray([.. theirs.Select(s => (JsonNode)Math.Round(s, 4))]),
        ["worker_runs"] = new JsonArray([.. ours.Select(s => (JsonNode)Math.Round(s, 4))]),
    };

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
