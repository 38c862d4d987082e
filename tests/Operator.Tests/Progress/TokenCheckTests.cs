using System.Text;
using LightReasoner.Operator.Progress;
using Microsoft.Extensions.Time.Testing;

namespace LightReasoner.Operator.Tests.Progress;

public sealed class TokenCheckTests
{
    private static readonly WorkerPod Pod = new(new RunKey(RunKind.SamplingRun, "team", "s"), "uid-s", "pod-uid", 3);

    [Fact]
    public async Task Verdict_IsRememberedForAWhile()
    {
        var time = new FakeTimeProvider(Make.Now);
        var reviewer = new FakeReviewer();
        using var check = new TokenCheck(reviewer, new FakePods(), time);

        Assert.Equal(TokenVerdict.Good, (await check.CheckAsync("good", default)).Verdict);
        Assert.Equal(TokenVerdict.Good, (await check.CheckAsync("good", default)).Verdict);
        Assert.Equal(1, reviewer.Asked);
        time.Advance(TimeSpan.FromMinutes(2));
        await check.CheckAsync("good", default);
        Assert.Equal(2, reviewer.Asked);
    }

    [Fact]
    public async Task UnknownToken_AndPodOfNoRun_AreToldApart()
    {
        using var check = new TokenCheck(new FakeReviewer(), new FakePods(), new FakeTimeProvider(Make.Now));
        Assert.Equal(TokenVerdict.Unknown, (await check.CheckAsync("bad", default)).Verdict);
        Assert.Equal(TokenVerdict.NotOurs, (await check.CheckAsync("other", default)).Verdict);
    }

    [Fact]
    public async Task FailureToAsk_IsNotRemembered()
    {
        var reviewer = new FakeReviewer { Fails = true };
        using var check = new TokenCheck(reviewer, new FakePods(), new FakeTimeProvider(Make.Now));
        await Assert.ThrowsAsync<HttpRequestException>(() => check.CheckAsync("good", default));
        reviewer.Fails = false;
        Assert.Equal(TokenVerdict.Good, (await check.CheckAsync("good", default)).Verdict);
    }

    [Fact]
    public void Rate_AllowsABurst_ThenTwoASecond()
    {
        var time = new FakeTimeProvider(Make.Now);
        var rate = new ReportRate(time);
        Assert.All(Enumerable.Range(0, ReportRate.Burst), _ => Assert.True(rate.Allows("pod")));
        Assert.False(rate.Allows("pod"));
        Assert.True(rate.Allows("another"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(rate.Allows("pod"));
        Assert.True(rate.Allows("pod"));
        Assert.False(rate.Allows("pod"));
    }

    [Theory]
    [InlineData("""[]""")]
    [InlineData("""{"kind":"Pod"}""")]
    [InlineData("""{"kind":"SamplingRun","done":-1}""")]
    [InlineData("""{"kind":"SamplingRun","unit":"bytes"}""")]
    [InlineData("""{"kind":"SamplingRun","done":"5"}""")]
    [InlineData("""{"kind":"SamplingRun","shard":10000}""")]
    [InlineData("""{"kind":"SamplingRun","sampling":{"stepsSeen":1,"samplesKept":2}}""")]
    [InlineData("null")]
    [InlineData("")]
    public void BadReports_AreRefusedWithTheReason(string body)
    {
        (ProgressReport? report, string? error) = ReportReader.Read(Encoding.UTF8.GetBytes(body));
        Assert.Null(report);
        Assert.NotEmpty(error!);
    }

    [Fact]
    public void ReportOfAnotherRunShardOrPod_DoesNotMatch()
    {
        ProgressReport report = Make.Report(3, 1, 2, attempt: "pod-uid");
        Assert.Null(ReportReader.Mismatch(report, Pod));
        Assert.NotNull(ReportReader.Mismatch(report with { Name = "x" }, Pod));
        Assert.NotNull(ReportReader.Mismatch(report with { Namespace = "x" }, Pod));
        Assert.NotNull(ReportReader.Mismatch(report with { Kind = RunKind.RefineRun }, Pod));
        Assert.NotNull(ReportReader.Mismatch(report with { Shard = 2 }, Pod));
        Assert.NotNull(ReportReader.Mismatch(report with { Attempt = "x" }, Pod));
    }

    private sealed class FakeReviewer : ITokenReviewer
    {
        public int Asked { get; private set; }

        public bool Fails { get; set; }

        public Task<TokenIdentity?> ReviewAsync(string token, CancellationToken cancellationToken)
        {
            Asked++;
            if (Fails) throw new HttpRequestException("the API server is away");
            return Task.FromResult(token == "bad" ? null : new TokenIdentity("team", token, "pod-uid"));
        }
    }

    private sealed class FakePods : IWorkerPods
    {
        public Task<WorkerPod?> FindAsync(TokenIdentity identity, CancellationToken cancellationToken) => Task.FromResult(identity.PodName == "good" ? Pod : null);
    }
}
