using System.Text.Json.Nodes;
using LightReasoner.Quickstart;
using Spectre.Console;

namespace LightReasoner.EndToEnd;

/// <summary>The quickstart's table of runs.</summary>
public sealed class RunTableTests
{
    private static readonly JsonObject[] Runs =
    [
        Run("SamplingRun", "sampling",
            """{"phase": "Succeeded", "progress": {"display": "600/600"}, "metrics": {"samplesKept": 1893, "meanKl": 1.164}, "message": "done"}"""),
        Run("FineTuneRun", "finetune",
        """{"phase": "Running", "progress": {"display": "120/400", "percent": 30}, "metrics": {"loss": 0.0371}, "message": "1 pod works"}"""),
        Run("RefineRun", "refine", """{"phase": "Waiting", "message": "waits for FineTuneRun finetune, which is Running"}"""),
        Run("RefineRun", "bad",
        """{"phase": "Failed", "metrics": {"lossTotal": 2}, "message": "gave up after 3 retries: [no] such blob"}"""),
    ];

    /// <summary>Names, phases and progress stay whole; what does not fit beside them is broken over lines within the table.</summary>
    [Theory]
    [InlineData(100)]
    [InlineData(80)]
    [InlineData(70)]
    public void Table_FitsTheTerminal_AndSaysEverything(int columns)
    {
        var lines = Lines(console => console.Write(RunTable.Render(Runs)), columns);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, columns));
        foreach (var row in (string[][])[["SamplingRun/sampling", "Succeeded", "600/600"],
            ["FineTuneRun/finetune", "Running", "120/400"], ["RefineRun/refine", "Waiting"], ["RefineRun/bad", "Failed"]])
            Assert.Contains(lines, line => row.All(cell => line.Contains(cell, StringComparison.Ordinal)));
        var words = string.Join(' ', lines.Select(line => line.Trim('│').Split('│')[^1].Trim()));
        foreach (var part in (string[])["kept 1893, mean KL 1.16", "loss 0.0371", "waits for FineTuneRun finetune, which is Running",
            "gave up after 3 retries: [no] such blob"])
            Assert.Contains(part, words);
    }

    [Fact]
    public void Lines_ElsewhereThanOnATerminal_OnlyWhatChanged()
    {
        var lines = Lines(console =>
        {
            var table = new RunTable(console);
            table.PrintChanges(Runs);
            table.PrintChanges(Runs);
        }, 80);
        Assert.Equal(4, lines.Length);
        Assert.Equal("  SamplingRun/sampling: Succeeded 600/600 kept 1893, mean KL 1.16 done", lines[0]);
    }

    private static string[] Lines(Action<IAnsiConsole> write, int columns)
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(text)
        });
        console.Profile.Width = columns;
        console.Profile.Capabilities.Unicode = true;
        write(console);
        return text.ToString().ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static JsonObject Run(string kind, string name, string status) =>
        new() { ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = name }, ["status"] = JsonNode.Parse(status) };
}
