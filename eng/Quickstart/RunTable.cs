using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace LightReasoner.Quickstart;

/// <summary>How the runs stand: a table drawn in place on a terminal, a line for each change elsewhere.</summary>
internal sealed class RunTable(IAnsiConsole console)
{
    private readonly Dictionary<string, string> _shown = [];

    /// <summary>The table itself.</summary>
    public static IRenderable Render(IReadOnlyList<JsonObject> runs)
    {
        var table = new Table().Border(TableBorder.Rounded)
            .AddColumn(new TableColumn("Run").NoWrap()).AddColumn(new TableColumn("Phase").NoWrap())
                .AddColumn(new TableColumn("Progress").NoWrap()).AddColumn("Figures");
        foreach (var run in runs)
            table.AddRow(Name(run).EscapeMarkup(), Colour(Text(run, "phase")), (Text(run, "progress", "display") ?? "").EscapeMarkup(),
                Standing(run).EscapeMarkup());
        return table;
    }

    /// <summary>Prints what changed since the last call.</summary>
    public void PrintChanges(IReadOnlyList<JsonObject> runs)
    {
        foreach (var run in runs)
        {
            var phase = Text(run, "phase") ?? "Pending";
            var tenth = (int?)run["status"]?["progress"]?["percent"] / 10 ?? 0;
            var state = $"{phase} {tenth} {(phase == "Running" ? "" : Text(run, "message"))}";
            if (_shown.TryGetValue(Name(run), out var shown) && shown == state) continue;
            _shown[Name(run)] = state;
            console.Profile.Out.Writer.WriteLine(
                $"  {Name(run)}: {phase} {Text(run, "progress", "display")} {Figures(run)} {Text(run, "message")}".TrimEnd());
        }
    }

    public static string Name(JsonObject run) => $"{run["kind"]}/{run["metadata"]!["name"]}";

    public static string? Text(JsonObject run, params string[] path)
    {
        var node = run["status"];
        foreach (var part in path) node = node?[part];
        return node?.ToString();
    }

    /// <summary>The figures of work that goes well; else the words for why it does not, or not yet.</summary>
    private static string Standing(JsonObject run) =>
        Text(run, "phase") is "Running" or "Succeeded" && Figures(run) is { Length: > 0 } figures ? figures : Text(run, "message") ?? "";

    private static string Figures(JsonObject run)
    {
        var parts = new List<string>();
        Add("kept", "samplesKept", "0");
        Add("mean KL", "meanKl", "0.00");
        Add("loss", "loss", "0.0000");
        Add("loss", "lossTotal", "0.000");
        if (run["status"]?["metrics"]?["evaluation"] is JsonObject evaluation)
            parts.Add(string.Create(CultureInfo.InvariantCulture,
                $"accuracy {100 * (double?)evaluation["before"]:0.0} → {100 * (double?)evaluation["after"]:0.0} %"));
        return string.Join(", ", parts);

        void Add(string label, string field, string format)
        {
            if ((double?)run["status"]?["metrics"]?[field] is { } value)
                parts.Add($"{label} {value.ToString(format, CultureInfo.InvariantCulture)}");
        }
    }

    private static string Colour(string? phase) => phase switch
    {
        "Succeeded" => "[green]Succeeded[/]",
        "Failed" => "[red]Failed[/]",
        "Running" => "[yellow]Running[/]",
        null => "Pending",
        _ => phase.EscapeMarkup(),
    };
}
