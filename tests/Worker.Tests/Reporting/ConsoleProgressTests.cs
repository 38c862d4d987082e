using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Reporting;
using Microsoft.Extensions.Time.Testing;

namespace LightReasoner.Worker.Tests.Reporting;

public class ConsoleProgressTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly StringWriter _output = new() { NewLine = "\n" };

    [Fact]
    public void Lines_ManySteps_OneEveryFiveSecondsAndTheLast()
    {
        var progress = Of(ProgressStyle.Lines);
        progress.Say("12 samples");
        for (int step = 1; step <= 100; step++)
        {
            _time.Advance(TimeSpan.FromSeconds(0.25));
            progress.Show("fine-tuning", At(step, rate: 4), $"loss {step}");
        }
        var lines = Lines();
        Assert.Equal("12 samples", lines[0]);
        Assert.Equal("fine-tuning 1/100 steps (1%), 4/s, 25 s left  loss 1", lines[1]);
        Assert.Equal("fine-tuning 21/100 steps (21%), 4/s, 20 s left  loss 21", lines[2]);
        Assert.Equal("fine-tuning 100/100 steps (100%), 4/s  loss 100", lines[^1]);
        Assert.Equal(1 + 5 + 1, lines.Length);
        Assert.DoesNotContain('\u001b', _output.ToString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Bar_HalfWay_IsHalfFullAndFitsTheTerminal(bool colour)
    {
        Of(ProgressStyle.Bar, colour, width: 90).Show("sampling", At(50, rate: 2.5),
            "kept 12 of 400 steps, mean KL 1.2, and more than fits");
        var text = _output.ToString();
        Assert.StartsWith("\rsampling ", text);
        Assert.Equal(colour, text.Contains("\u001b[32m", StringComparison.Ordinal));
        Assert.Equal(89, Plain().Length);
        Assert.StartsWith($"sampling ━━━━━╸{(colour ? "━━━━━" : "·····")} 50/100 steps (50%), 2.5/s, 20 s left  kept", Plain());
        Assert.EndsWith("…", Plain());
    }

    /// <summary>What goes first where there is little room: the figures, then counts and rate, then the bar.</summary>
    [Theory]
    [InlineData(200, "sampling ━━━━━━━━━━━━············ 50/100 steps (50%), 2.5/s, 20 s left  kept 12 of 400 steps")]
    [InlineData(80, "sampling ━━━━━····· 50/100 steps (50%), 2.5/s, 20 s left  kept 12 of 400 steps")]
    [InlineData(75, "sampling ━━━━╸···· 50/100 steps (50%), 2.5/s, 20 s left  kept 12 of 400 s…")]
    [InlineData(60, "sampling ━━━╸··· 50/100 steps (50%), 2.5/s, 20 s left")]
    [InlineData(50, "sampling ━━━··· 50%, 2.5/s, 20 s left")]
    [InlineData(40, "sampling 50%, 2.5/s, 20 s left")]
    [InlineData(24, "sampling 50%, 20 s left")]
    [InlineData(16, "sampling 50%")]
    [InlineData(8, "50%")]
    [InlineData(0, "5")]
    public void Bar_NarrowTerminal_KeepsWhatMattersMost(int width, string line)
    {
        Of(ProgressStyle.Bar, width: width).Show("sampling", At(50, rate: 2.5), "kept 12 of 400 steps");
        Assert.Equal(line, Plain());
    }

    [Fact]
    public void Bar_AfterTheWindowWasResized_FitsTheNewWidth()
    {
        var width = 120;
        var progress = new ConsoleProgress(_output, ProgressStyle.Bar, _time, false, () => width);
        progress.Show("sampling", At(50, rate: 2.5), "kept 12 of 400 steps");
        (width, int before) = (50, Plain().Length);
        _time.Advance(TimeSpan.FromSeconds(1));
        progress.Show("sampling", At(51, rate: 2.5), "kept 12 of 400 steps");
        Assert.InRange(Plain().Length - before, 1, 49);
    }

    [Theory]
    [InlineData(0.02, "50 s each, 41 min 40 s left")]
    [InlineData(0.002, "8 min 20 s each, 6 h 56 min left")]
    [InlineData(12.3456, "12.35/s, 5 s left")]
    public void SlowWork_HasTheTimeOfAStep(double rate, string pace)
    {
        Of(ProgressStyle.Lines).Show("fine-tuning", At(50, rate), "");
        Assert.Contains($"50/100 steps (50%), {pace}", Lines()[0]);
    }

    [Fact]
    public void Percent_BeforeTheEnd_IsNotAHundred()
    {
        Of(ProgressStyle.Lines).Show("sampling", new ProgressReport { Done = 1999, Total = 2000, Unit = "prompts" }, "");
        Assert.Contains("(99%)", Lines()[0]);
    }

    [Fact]
    public void Bar_BeforeAnError_GetsALineOfItsOwn()
    {
        var progress = Of(ProgressStyle.Bar);
        progress.Show("sampling", At(1, null), "");
        progress.EndLine();
        progress.EndLine();
        Assert.EndsWith("\u001b[K\n", _output.ToString());
        Assert.Single(Lines());
    }

    [Fact]
    public void Bar_ASentenceInBetween_StandsOnItsOwnLine()
    {
        var progress = Of(ProgressStyle.Bar);
        progress.Show("sampling", At(1, null), "");
        progress.Say("note");
        Assert.EndsWith("\u001b[K\nnote\n", _output.ToString());
    }

    [Fact]
    public void Json_Progress_IsAnObjectALine()
    {
        var progress = Of(ProgressStyle.Json);
        progress.Say("begun");
        progress.Show("sampling", At(100, rate: 3) with { Sampling = new SamplingMetrics { SamplesKept = 7 } }, "words");
        Assert.Equal("begun", (string?)JsonNode.Parse(Lines()[0])!["message"]);
        var line = JsonNode.Parse(Lines()[1])!;
        Assert.Equal(("sampling", 100, 7), ((string?)line["doing"], (int)line["done"]!, (int)line["sampling"]!["samplesKept"]!));
    }

    [Fact]
    public void Quiet_SaysNothing()
    {
        var progress = Of(ProgressStyle.Quiet);
        progress.Say("x");
        progress.Show("sampling", At(100, 1), "");
        Assert.Empty(_output.ToString());
    }

    private ConsoleProgress Of(ProgressStyle style, bool colour = false, int width = 80) => new(_output, style, _time, colour, () => width);

    private static ProgressReport At(long done, double? rate) => new() { Done = done, Total = 100, Unit = "steps", RatePerSecond = rate };

    /// <summary>What was drawn, without what terminals take for orders.</summary>
    private string Plain() => System.Text.RegularExpressions.Regex.Replace(_output.ToString(), "\u001b\\[[0-9;]*[mK]|\r", "");

    private string[] Lines() => _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
