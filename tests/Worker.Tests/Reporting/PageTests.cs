using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.Api;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Reporting.Charts;
using LightReasoner.Worker.Reporting.Pages;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Sampling;

namespace LightReasoner.Worker.Tests.Reporting;

/// <summary>The report's page from records made here.</summary>
public class PageTests
{
    internal static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static TheoryData<string> Kinds => ["SamplingRun", "FineTuneRun", "RefineRun"];

    [Theory, MemberData(nameof(Kinds))]
    public void Page_LoggedFigures_AreThoseOfTheMetricsFile(string kind)
    {
        var records = Records(kind, lines: 30);
        var page = Page.Of(records, Now).Text;
        Assert.Equal(records.Metrics[0].Lines.Select(line => line.ToJsonString(ApiJson.Options)),
            Table(page).Select(line => line.ToJsonString(ApiJson.Options)));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Page_Charts_HoverTheNumbersOfTheMetricsFile(string kind)
    {
        var records = Records(kind, lines: 30);
        var page = Page.Of(records, Now).Text;
        foreach (var (title, field) in kind switch
        {
            "SamplingRun" => new[] { ("samples", "samplesKept") },
            "FineTuneRun" => [("loss", "loss"), ("learning rate", "learningRate"), ("gradient norm", "gradNorm")],
            _ => [("noise", "noiseMean"), ("learning rate", "learningRate"), ("gradient norm", "gradNorm")],
        })
        {
            string[] shown = [.. Regex.Matches(page, $"<title>{title} at [^:]*: ([^<]+)</title>").Select(match => match.Groups[1].Value)];
            Assert.Equal(records.Metrics[0].Lines.Select(line =>
                ((double)line[field]!).ToString("G6", System.Globalization.CultureInfo.InvariantCulture)), shown);
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Page_NeedsNothingElseAndLetsNoTextBecomeMarkup(string kind)
    {
        var page = Page.Of(Records(kind, lines: 5, text: "<script>alert(\"1\")</script> & <img src=x>"), Now).Text;
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotContain("<img", page);
        Assert.DoesNotMatch("""<[^>]*\s(src|href)\s*=|url\(|@import""", page);
        Assert.Contains("prefers-color-scheme: dark", page);
        Assert.Equal(Regex.Count(page, "<svg"), Regex.Count(page, "</svg>"));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Page_OfALongRun_StaysUnderHalfAMegabyte(string kind)
    {
        var records = Records(kind, lines: 20_000, text: string.Concat(Enumerable.Repeat("a long question with many words ", 200)));
        var page = Page.Of(records, Now).Text;
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(page), 10_000, 500_000);
        Assert.Equal(records.Metrics[0].Lines[^1].ToJsonString(ApiJson.Options), Table(page)[^1].ToJsonString(ApiJson.Options));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Page_SaysWhatWasRun(string kind)
    {
        var page = WebUtility.HtmlDecode(Page.Of(Records(kind, lines: 5), Now).Text);
        Assert.Contains("worker 0.1.0, runtime 10.0.1, libtorch 2.5.1", page);
        Assert.Contains("<dt>spec.model</dt><dd>file:///e<br>model.safetensors <code>sha256:11</code>", page);
        Assert.Contains("<dt>spec.dataset</dt><dd>file:///d.jsonl<br>d.jsonl <code>sha256:00</code>", page);
        Assert.Contains("CPU, 2 threads", page);
        Assert.Contains("300 MiB at the peak, 290 MiB predicted", page);
        Assert.Contains("interrupted 2 times before", page);
        Assert.Contains($"0.1389 GPU hours per 1,000 {(kind == "SamplingRun" ? "questions" : "steps")}", page);
        Assert.Contains($"kind: {kind}\n", page);
        Assert.Contains("7 min 0 s after it was begun", page);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Page_OfARunWithoutAnyFigures_IsStillAPage(string kind)
    {
        var records = Records(kind, lines: 0) with { Results = [], Figures = null, Changes = [], Passes = [], Metrics = [] };
        var page = Page.Of(records, Now).Text;
        Assert.Contains("What was run", page);
        Assert.DoesNotMatch("""<div class="charts">\s*</div>""", page);
    }

    /// <summary>Curves fill the axes that they are drawn on, whatever the range of their values.</summary>
    [Theory]
    [InlineData(0.001, 0.0011)]
    [InlineData(0, 7)]
    [InlineData(0.93, 0.97)]
    [InlineData(51, 103)]
    [InlineData(-3, 2)]
    [InlineData(12_345_678, 12_345_999)]
    public void LineChart_OfAnyRange_FillsItsAxes(double low, double high)
    {
        var chart = LineChart.Draw("x", "step", "", [new Series("x", [.. Enumerable.Range(0, 30).Select(i =>
            (17.0 + i, low + (high - low) * (i * 7 % 30) / 29))])]).Text;
        (double X, double Y)[] points = [.. Regex.Match(chart, "points=\"([^\"]+)\"").Groups[1].Value.Split(' ')
            .Select(point => point.Split(',').Select(one => double.Parse(one, System.Globalization.CultureInfo.InvariantCulture)).ToArray())
            .Select(point => (point[0], point[1]))];
        Assert.Equal((Frame.Left, Frame.Width - Frame.Right), (points.Min(p => p.X), points.Max(p => p.X)));
        var height = Frame.Height - Frame.Top - Frame.Bottom;
        Assert.InRange((points.Max(p => p.Y) - points.Min(p => p.Y)) / height, 0.33, 1);
        Assert.InRange(Regex.Count(chart, "class=\"grid\""), 3, 8);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Page_CutRecordsAndAnswers_AreCounted(string kind)
    {
        var records = Records(kind, lines: 5);
        var report = records.Results[0];
        var page = WebUtility.HtmlDecode(Page.Of(records with
        {
            Figures = records.Figures is { } figures ? figures with { AnswersCut = 17, PromptsTooLong = 3 } : null,
            Results =
            [
                report with
                {
                    FineTune = report.FineTune is { } tuned ? tuned with { SamplesDropped = 17, Evaluation = Cut(tuned.Evaluation!) }
                        : null,
                    Refine = report.Refine is { } refined
                        ? refined with { RecordsCut = 17, RecordsDropped = 3, Evaluation = Cut(refined.Evaluation!) } : null,
                },
            ],
        }, Now).Text);
        Assert.Contains(kind switch
        {
            "SamplingRun" => "<p>Answers cut</p><strong>17</strong><small>at maxNewTokens (128) or the end of the context; 3 prompts left out",
            "FineTuneRun" => "17 longer than maxLength left out",
            _ => "17 records cut to maxLength, 3 left out",
        }, page);
        if (kind != "SamplingRun") Assert.Contains("<p>Answers cut</p><strong>5</strong>", page);

        static EvaluationMetrics Cut(EvaluationMetrics evaluation) => evaluation with { CutBefore = 8, CutAfter = 5 };
    }

    /// <summary>Two shards of as many questions, one twice as fast: the time adds up, not the speed.</summary>
    [Fact]
    public void Page_Speed_IsThatOfAllShards()
    {
        var records = Records("SamplingRun", lines: 5);
        var one = records.Results[0];
        ProgressReport Shard(double speed) => one with { Sampling = new SamplingMetrics { PromptsDone = 50, TokensPerSecond = speed } };
        var page = Page.Of(records with { Results = [Shard(100), Shard(50)] }, Now).Text;
        Assert.Contains("<strong>67</strong><small>tokens per second of a shard, over all 2; 150 with all at work at once", page);
    }

    [Fact]
    public void Page_TrainedRun_SaysWhetherItHelped()
    {
        var page = WebUtility.HtmlDecode(Page.Of(Records("FineTuneRun", lines: 5), Now).Text);
        Assert.Contains("Answers on 200 held-out questions became better: 40.0 % right before, 60.0 % after (+20.0 points, 95 % interval "
            + "+12.7 to +26.9).", page);
        Assert.Contains("Became right (50, 12 of them here)", page);
    }

    private static List<JsonObject> Table(string page)
    {
        var table = Regex.Match(page, "<table data-file.*?</table>", RegexOptions.Singleline).Value;
        string[] columns = [.. Regex.Matches(table, "<th>(.*?)</th>").Select(match => match.Groups[1].Value)];
        return [.. Regex.Matches(table, "<tr>(<td>.*?)</tr>").Select(row =>
        {
            string[] cells = [.. Regex.Matches(row.Groups[1].Value, "<td>(.*?)</td>")
                .Select(cell => WebUtility.HtmlDecode(cell.Groups[1].Value))];
            return new JsonObject(columns.Zip(cells, (column, cell) => KeyValuePair.Create(column,
                column == "time" ? JsonValue.Create(cell) : JsonNode.Parse(cell.Contains("  ", StringComparison.Ordinal)
                    ? $"[{cell.Replace("  ", ",", StringComparison.Ordinal)}]" : cell))));
        })];
    }

    internal static RunRecords Records(string kind, int lines, string text = "Tom has 3 eggs. <How> many?")
    {
        var random = new Random(1);
        var manifest = ManifestReader.Read(kind switch
        {
            "SamplingRun" => Document(kind, "{expert: {uri: 'file:///e'}, amateur: {uri: 'file:///a'}, dataset: {uri: 'file:///d.jsonl'}}"),
            "FineTuneRun" => Document(kind, "{model: {uri: 'file:///e'}, samples: {uri: 'file:///s/*'}, training: {maxSteps: 20000}}"),
            _ => Document(kind, "{model: {uri: 'file:///e'}, dataset: {uri: 'file:///d.parquet'}}"),
        }, "test");
        var (before, after) = (ConfidenceInterval.Wilson(80, 200), ConfidenceInterval.Wilson(120, 200));
        var change = ConfidenceInterval.PairedDifference(80, 50, 10, 200);
        var evaluation = new EvaluationMetrics
        {
            Questions = 200,
            Before = 0.4,
            BeforeLow = before.Low,
            BeforeHigh = before.High,
            After = 0.6,
            AfterLow = after.Low,
            AfterHigh = after.High,
            ChangeLow = change.Low,
            ChangeHigh = change.High,
            Improved = 50,
            Worsened = 10,
            TokensPerForward = kind == "RefineRun" ? 3.2 : null
        };
        JsonObject[] log = [.. Enumerable.Range(1, lines).Select(i => Line(kind, i, random))];
        return new RunRecords
        {
            Manifest = manifest,
            Versions = new Dictionary<string, string> { ["worker"] = "0.1.0", ["runtime"] = "10.0.1", ["libtorch"] = "2.5.1" },
            Begun = Now.AddMinutes(-7),
            Inputs = [("spec.model", "file:///e", new Dictionary<string, string> { ["file:///e/model.safetensors"] = "sha256:11" }),
                ("spec.dataset", "file:///d.jsonl", new Dictionary<string, string> { ["file:///d.jsonl"] = "sha256:00" })],
            Usage = [new RunUsage { Device = "CPU, 2 threads", PeakMemory = 300 << 20, Seconds = 61, Interruptions = 2 }],
            Metrics = [("metrics.jsonl", log)],
            Results =
            [
                new ProgressReport
                {
                    Kind = manifest.Kind, Outcome = ReportOutcome.Succeeded, RatePerSecond = 2, PredictedMemory = 290 << 20,
                    Sampling = kind == "SamplingRun" ? new SamplingMetrics { TokensPerSecond = 99 } : null,
                    FineTune = kind == "FineTuneRun" ? new FineTuneMetrics { Step = lines, Evaluation = evaluation } : null,
                    Refine = kind == "RefineRun" ? new RefineMetrics { Step = lines, Evaluation = evaluation } : null,
                },
            ],
            Figures = kind != "SamplingRun" ? null : new ChunkFigures(100, 2000, 400, 2100, 500)
            {
                KlCounts = new(Enumerable.Range(4, 100).ToDictionary(i => i, i => (long)(1000 / i))),
                StepCounts = new(Enumerable.Range(1, 500).ToDictionary(i => i, i => (long)(700 - i))),
                SetSizeCounts = new() { [1] = 300, [2] = 70, [5] = 30 },
                Pair = new PairFigures(2000, 1500, 40, 1990, -700, -2100)
                {
                    Entropies = new(Enumerable.Range(0, 60)
                        .ToDictionary(i => i % 6 * PairFigures.EntropyBins + i / 6, i => 2000L / (i + 1))),
                    KlCounts = new(Enumerable.Range(0, 60).ToDictionary(i => i, i => 900L / (i + 1))),
                },
                Vocabulary = new VocabularyFigures(151_665, 151_665, 151_643, 2, [new("<|im_end|>", 151_645, 151_644), new(" é", 9, 8)]),
                Examples = [.. Enumerable.Range(0, 25).Select(i =>
                    new StepExample(text, text, i, 0.9, [new(" a\n" + text, 0.8, 0.1, 0.9), new("b", 0.2, 0.2, 0.1)]))],
            },
            Changes = kind == "SamplingRun" ? []
                : [.. Enumerable.Range(0, 60).Select(i => new AnswerChange(text, "#### 4", text + " 5", "4", i < 50))],
            Passes = kind == "RefineRun" ? [new("8 tokens, 1 pass", 200, 60, 6.5), new("8 tokens, 2 passes", 200, 90, 4),
                new("8 tokens, 3 passes", 200, 120, 3.2)] : [],
        };
    }

    private static string Document(string kind, string spec) =>
        $"apiVersion: lightreasoner.io/v1alpha1\nkind: {kind}\nmetadata: {{name: test}}\nspec: {spec}";

    private static JsonObject Line(string kind, int i, Random random)
    {
        object metrics = kind switch
        {
            "SamplingRun" => new SamplingMetrics
            {
                PromptsDone = 10 * i,
                StepsSeen = 160 * i,
                SamplesKept = 31 * i,
                KeepRate = 31.0 / 160,
                MeanKl = random.NextDouble(),
                TokensPerSecond = random.NextDouble() * 1e4
            },
            "FineTuneRun" => new FineTuneMetrics
            {
                Step = 10 * i,
                Loss = random.NextDouble() / i,
                LearningRate = 5e-5 / i,
                GradNorm = random.NextDouble(),
                TokensPerSecond = 9e3
            },
            _ => new RefineMetrics
            {
                Step = 10 * i,
                LossTotal = 2.0 / i,
                Losses = [1.0 / i, random.NextDouble()],
                NoiseMean = random.NextDouble(),
                LearningRate = 1e-5,
                GradNorm = 0.3
            },
        };
        var line = JsonSerializer.SerializeToNode(metrics, ApiJson.Options)!.AsObject();
        line.Insert(0, "time", Now.AddSeconds(i).ToString("O"));
        return line;
    }
}
