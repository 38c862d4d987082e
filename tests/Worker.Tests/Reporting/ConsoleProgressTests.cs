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
        ConsoleProgress progress = Of(ProgressStyle.Lines);
        progress.Say("12 samples");
        for (int step = 1; step <= 100; step++)
        {
            _time.Advance(TimeSpan.FromSeconds(0.25));
            progress.Show("fine-tuning", At(step, rate: 4), $"loss {step}");
        }
        string[] lines = Lines();
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
        Of(ProgressStyle.Bar, colour, width: 70).Show("sampling", At(50, rate: 2.5), "kept 12 of 400 steps, mean KL 1.2, and more than fits");
        string text = _output.ToString();
        Assert.StartsWith("\rsampling ", text);
        Assert.Equal(colour, text.Contains("\u001b[32m", StringComparison.Ordinal));
        string plain = System.Text.RegularExpressions.Regex.Replace(text, "\u001b\\[[0-9;]*[mK]|\r", "");
        Assert.Equal(69, plain.Length);
        if (!colour) Assert.Contains("━━━━━━━━━━━━············ 50/100 steps (50%), 2.5/s", plain);
        Assert.EndsWith("…", plain);
    }

    [Fact]
    public void Bar_ASentenceInBetween_StandsOnItsOwnLine()
    {
        ConsoleProgress progress = Of(ProgressStyle.Bar);
        progress.Show("sampling", At(1, null), "");
        progress.Say("note");
        Assert.EndsWith("\u001b[K\nnote\n", _output.ToString());
    }

    [Fact]
    public void Json_Progress_IsAnObjectALine()
    {
        ConsoleProgress progress = Of(ProgressStyle.Json);
        progress.Say("begun");
        progress.Show("sampling", At(100, rate: 3) with { Sampling = new SamplingMetrics { SamplesKept = 7 } }, "words");
        Assert.Equal("begun", (string?)JsonNode.Parse(Lines()[0])!["message"]);
        JsonNode line = JsonNode.Parse(Lines()[1])!;
        Assert.Equal(("sampling", 100, 7), ((string?)line["doing"], (int)line["done"]!, (int)line["sampling"]!["samplesKept"]!));
    }

    [Fact]
    public void Quiet_SaysNothing()
    {
        ConsoleProgress progress = Of(ProgressStyle.Quiet);
        progress.Say("x");
        progress.Show("sampling", At(100, 1), "");
        Assert.Empty(_output.ToString());
    }

    private ConsoleProgress Of(ProgressStyle style, bool colour = false, int width = 80) => new(_output, style, _time, colour, () => width);

    private static ProgressReport At(long done, double? rate) => new() { Done = done, Total = 100, Unit = "steps", RatePerSecond = rate };

    private string[] Lines() => _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
