using System.Net;
using System.Text;
using System.Text.Json;
using LightReasoner.Api;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Tests.Reporting;

public sealed class ProgressReporterTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Encode_OfALongMessage_FitsATerminationMessage()
    {
        var json = ProgressReporter.Encode(new ProgressReport { Name = "x", Message = new string('ü', 9000) });
        Assert.True(Encoding.UTF8.GetByteCount(json) <= ProgressReport.MaxBytes);
        Assert.EndsWith("…", JsonSerializer.Deserialize<ProgressReport>(json, ApiJson.Options)!.Message);
    }

    /// <summary>The largest figures that there are leave room for words.</summary>
    [Fact]
    public void Encode_OfSevenTestSets_FitsATerminationMessage()
    {
        const double share = 0.12345678901234568, change = -0.12345678901234568;
        AccuracyMetrics Full(AccuracyMetrics metrics) => metrics with
        {
            Questions = 10_000,
            Before = share,
            BeforeLow = share,
            BeforeHigh = share,
            After = share,
            AfterLow = share,
            AfterHigh = share,
            ChangeLow = change,
            ChangeHigh = change,
        };
        var json = ProgressReporter.Encode(new ProgressReport
        {
            Namespace = new string('n', 63),
            Name = new string('x', 253),
            Attempt = Guid.Empty.ToString(),
            Message = new string('m', 3000),
            FineTune = new FineTuneMetrics
            {
                Loss = share,
                GradNorm = share,
                TokensPerSecond = share,
                Evaluation = (EvaluationMetrics)Full(new EvaluationMetrics
                {
                    Benchmarks = [.. Enum.GetValues<BenchmarkName>().Select(name =>
                        (BenchmarkMetrics)Full(new BenchmarkMetrics { Name = name }))],
                }),
            },
        });
        Assert.True(Encoding.UTF8.GetByteCount(json) <= ProgressReport.MaxBytes);
        Assert.StartsWith("mmm", JsonSerializer.Deserialize<ProgressReport>(json, ApiJson.Options)!.Message);
    }

    [Fact]
    public async Task Download_IsTheMessageUntilItIsDone()
    {
        await using var reporter = new ProgressReporter(new ProgressReport { Name = "x" },
            new ReportTargets(null, null, null), TimeProvider.System);
        using var text = new StringWriter();
        var feed = new ProgressFeed(reporter, new ConsoleProgress(text, ProgressStyle.Lines, TimeProvider.System));
        feed.Report(new DownloadProgress("hf://org/name", 3_100_000_000, 14_200_000_000));
        Assert.Equal("downloading 3.1 of 14.2 GB", reporter.Latest.Message);
        Assert.StartsWith("downloading 3100/14200 MB (21%)", text.ToString(), StringComparison.Ordinal);
        feed.Report(new DownloadProgress("hf://org/name", 14_200_000_000, 14_200_000_000));
        Assert.Null(reporter.Latest.Message);
    }

    [Theory]
    [InlineData("http://alice:PASSWORD@host/q.jsonl: 403")]
    [InlineData("https://host/x?X-Amz-Signature=PASSWORD")]
    public void Encode_OfASecret_LeavesItOut(string message) =>
        Assert.DoesNotContain("PASSWORD", ProgressReporter.Encode(new ProgressReport { Name = "x", Message = message }));

    [Fact]
    public async Task Finish_WhenNobodyListens_StillLeavesTheTerminationMessage()
    {
        var log = Path.Combine(_folder.Path, "log");
        var server = new Recorder(() => throw new HttpRequestException("refused"));
        await using var reporter = new ProgressReporter(new ProgressReport { Name = "x" },
            new ReportTargets(new Uri("http://127.0.0.1:9"), null, log), TimeProvider.System, server);
        reporter.Update(r => r with { Done = 3 });
        await reporter.FinishAsync(ReportOutcome.Failed, "why");
        var last = JsonSerializer.Deserialize<ProgressReport>(File.ReadAllText(log), ApiJson.Options)!;
        Assert.Equal((3L, ReportOutcome.Failed, "why"), (last.Done, last.Outcome, last.Message));
    }

    [Fact]
    public async Task Finish_PostsTheLastWordWithTheTokenOfTheMoment()
    {
        var token = Path.Combine(_folder.Path, "token");
        File.WriteAllText(token, "first");
        var server = new Recorder(() => new HttpResponseMessage(HttpStatusCode.NoContent));
        await using var reporter = new ProgressReporter(new ProgressReport { Name = "x" },
            new ReportTargets(new Uri("http://127.0.0.1:9"), token, null), TimeProvider.System, server);
        File.WriteAllText(token, "renewed\n");
        await reporter.FinishAsync(ReportOutcome.Succeeded, null);
        Assert.Equal("Bearer renewed", server.Requests[^1].Authorization);
        Assert.Equal(ReportOutcome.Succeeded, JsonSerializer.Deserialize<ProgressReport>(server.Requests[^1].Body,
            ApiJson.Options)!.Outcome);
    }

    private sealed class Recorder(Func<HttpResponseMessage> answer) : HttpMessageHandler
    {
        public List<(string? Authorization, string Body)> Requests { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests.Add((request.Headers.Authorization?.ToString(), await request.Content!.ReadAsStringAsync(cancellationToken)));
            return answer();
        }
    }
}
