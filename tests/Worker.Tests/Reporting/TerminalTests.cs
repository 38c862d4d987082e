using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Checkpoints;

namespace LightReasoner.Worker.Tests.Reporting;

/// <summary><c>worker run</c> on a real terminal, which script(1) makes: what a person sees while it works.</summary>
public partial class TerminalTests
{
    private const string Manifest = "examples/quickstart/1-sampling.yaml";

    /// <summary>A bar that is drawn over and over in one line and never reaches the terminal's edge, where it would wrap.</summary>
    [Theory]
    [InlineData(120, true)]
    [InlineData(40, false)]
    public async Task Run_OnATerminal_DrawsOneLineOver(int columns, bool colour)
    {
        var (code, text) = await OnTerminalAsync(columns, colour ? "" : "NO_COLOR=1",
            "--set spec.maxQuestions=48 --set spec.batchSize=4");
        Assert.True(code == 0, text);
        string[] draws = [.. Draw().Matches(text).Select(match => Escape().Replace(match.Groups[1].Value, ""))];
        Assert.True(draws.Length >= 2, text); // the first and the last, and as many between as there is time for
        Assert.All(draws, draw => Assert.InRange(draw.Length, 10, columns - 1));
        Assert.All(draws, draw => Assert.StartsWith("sampling ", draw));
        Assert.Contains("100%", draws[^1]);
        Assert.Equal(colour, text.Contains("\u001b[32m", StringComparison.Ordinal));
        // What stands in the end: the plan (two models, questions, device, memory, disk, outputs), the bar, where the output is.
        Assert.Equal(9, text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        if (columns == 120) Assert.Matches("sampling ━+ 48/48 prompts \\(100%\\), [0-9.]+/s  kept [0-9]+ of [0-9]+ steps", draws[^1]);
    }

    [Fact]
    public async Task Run_StoppedByTheKeyboard_SaysSoOnALineOfItsOwn()
    {
        var (code, text) = await OnTerminalAsync(80, "", "--set spec.batchSize=1", keys: "\u0003");
        Assert.Equal((int)ExitCode.Interrupted, code);
        string[] lines = [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd('\r'))];
        Assert.StartsWith("stopped on request", lines[^1]);
        Assert.Contains("sampling", lines[^2]);
    }

    [Fact]
    public async Task Run_Quiet_LeavesTheTerminalAlone()
    {
        var (code, text) = await OnTerminalAsync(80, "", "--set spec.maxQuestions=8 --quiet");
        Assert.Equal((0, ""), (code, text));
    }

    /// <summary>
    /// Runs the small sampling on one shard; keys are pressed when the bar is there. On a thread of its own: the others may be busy for
    /// longer than the run takes.
    /// </summary>
    private static Task<(int Code, string Text)> OnTerminalAsync(int columns, string environment, string options, string keys = "") =>
        Task.Factory.StartNew(() => OnTerminal(columns, environment, options, keys), TaskCreationOptions.LongRunning);

    private static (int Code, string Text) OnTerminal(int columns, string environment, string options, string keys)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "script(1) is not installed (apt-get install bsdutils)");
        using var folder = new TemporaryFolder();
        var worker = Path.Combine(AppContext.BaseDirectory, "LightReasoner.Worker.dll");
        // Where tests run in a shell's background, that shell has made them ignore the keyboard's interrupt.
        var command =
            $"stty cols {columns} rows 24 -echo; TERM=xterm-256color LIGHTREASONER_THREADS=1 {environment} exec env --default-signal=INT "
            + $"dotnet '{worker}' run -f {Manifest} --set spec.shards=1 {options} --output 'file://{folder["out"]}'";
        var start = new ProcessStartInfo("script", ["-qec", command, "/dev/null"])
        {
            WorkingDirectory = RepositoryFolder.Path,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        start.Environment.Remove("NO_COLOR");
        using var process = Process.Start(start)!;
        var text = new StringBuilder();
        var buffer = new char[4096];
        for (int read; (read = process.StandardOutput.Read(buffer)) > 0;)
        {
            text.Append(buffer, 0, read);
            if (keys.Length == 0 || !text.ToString().Contains("\rsampling", StringComparison.Ordinal)) continue;
            process.StandardInput.Write(keys);
            process.StandardInput.Flush();
            keys = "";
        }
        process.WaitForExit();
        return (process.ExitCode, text.ToString());
    }

    /// <summary>A line drawn over: from a carriage return to the next, or to the line's end. (A terminal's line ends with both.)</summary>
    [GeneratedRegex(@"\r([^\r\n]+)")]
    private static partial Regex Draw();

    [GeneratedRegex(@"\x1b\[[0-9;]*[mK]")]
    private static partial Regex Escape();
}
