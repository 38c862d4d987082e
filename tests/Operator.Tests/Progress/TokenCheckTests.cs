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

        Assert.Equal(TokenVerdict.Good, (await check.CheckAsync(Token("good"), default)).Verdict);
        Assert.Equal(TokenVerdict.Good, (await check.CheckAsync(Token("good"), default)).Verdict);
        Assert.Equal(1, reviewer.Asked);
        time.Advance(TimeSpan.FromMinutes(2));
        await check.CheckAsync(Token("good"), default);
        Assert.Equal(2, reviewer.Asked);
    }

    [Fact]
    public async Task UnknownToken_AndPodOfNoRun_AreToldApart()
    {
        using var check = new TokenCheck(new FakeReviewer(), new FakePods(), new FakeTimeProvider(Make.Now));
        Assert.Equal(TokenVerdict.Unknown, (await check.CheckAsync(Token("bad"), default)).Verdict);
        Assert.Equal(TokenVerdict.NotOurs, (await check.CheckAsync(Token("other"), default)).Verdict);
    }

    [Fact]
    public async Task FailureToAsk_IsNotRemembered()
    {
        var reviewer = new FakeReviewer { Fails = true };
        using var check = new TokenCheck(reviewer, new FakePods(), new FakeTimeProvider(Make.Now));
        await Assert.ThrowsAsync<HttpRequestException>(() => check.CheckAsync(Token("good"), default));
        reviewer.Fails = false;
        Assert.Equal(TokenVerdict.Good, (await check.CheckAsync(Token("good"), default)).Verdict);
    }

    [Theory]
    [InlineData("made.up.token")]
    [InlineData("no token")]
    [InlineData("a.e30.c")]
    public async Task TokenThatCannotBeRight_CostsTheApiServerNothing(string token)
    {
        var reviewer = new FakeReviewer();
        using var check = new TokenCheck(reviewer, new FakePods(), new FakeTimeProvider(Make.Now));
        Assert.Equal(TokenVerdict.Unknown, (await check.CheckAsync(token, default)).Verdict);
        Assert.Equal(TokenVerdict.Unknown, (await check.CheckAsync(Token("good", audience: "vault"), default)).Verdict);
        Assert.Equal(TokenVerdict.Unknown, (await check.CheckAsync(Token("good", expires: Make.Now.AddHours(-2)), default)).Verdict);
        Assert.Equal(0, reviewer.Asked);
    }

    [Fact]
    public async Task FloodOfForgedTokens_AsksTheApiServerLittle_AndLeavesRealOnesAlone()
    {
        var reviewer = new FakeReviewer();
        using var check = new TokenCheck(reviewer, new FakePods(), new FakeTimeProvider(Make.Now));
        Assert.Equal(TokenVerdict.Good, (await check.CheckAsync(Token("good"), default)).Verdict);
        for (int i = 0; i < 1000; i++) await check.CheckAsync(Token("bad", signature: $"forged{i}"), default);
        Assert.InRange(reviewer.Asked, 2, ReportRate.Burst + 1);
        Assert.Equal(TokenVerdict.Good, (await check.CheckAsync(Token("good"), default)).Verdict);
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
        var (report, error) = ReportReader.Read(Encoding.UTF8.GetBytes(body));
        Assert.Null(report);
        Assert.NotEmpty(error!);
    }

    [Fact]
    public void ReportOfAnotherRunShardOrPod_DoesNotMatch()
    {
        var report = Make.Report(3, 1, 2, attempt: "pod-uid");
        Assert.Null(ReportReader.Mismatch(report, Pod));
        Assert.NotNull(ReportReader.Mismatch(report with { Name = "x" }, Pod));
        Assert.NotNull(ReportReader.Mismatch(report with { Namespace = "x" }, Pod));
        Assert.NotNull(ReportReader.Mismatch(report with { Kind = RunKind.RefineRun }, Pod));
        Assert.NotNull(ReportReader.Mismatch(report with { Shard = 2 }, Pod));
        Assert.NotNull(ReportReader.Mismatch(report with { Attempt = "x" }, Pod));
    }

    private static string Token(string pod, string audience = ApiGroup.ProgressAudience, DateTimeOffset? expires = null,
        string signature = "signature")
    {
        var claims = System.Text.Json.JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["aud"] = new[] { audience },
            ["exp"] = (expires ?? Make.Now.AddHours(1)).ToUnixTimeSeconds(),
            ["kubernetes.io"] = new { @namespace = "team", pod = new { name = pod, uid = "pod-uid" } },
        });
        return $"e30.{System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.{signature}";
    }

    private sealed class FakeReviewer : ITokenReviewer
    {
        public int Asked { get; private set; }

        public bool Fails { get; set; }

        public Task<TokenIdentity?> ReviewAsync(string token, CancellationToken cancellationToken)
        {
            Asked++;
            if (Fails) throw new HttpRequestException("the API server is away");
            var claims = TokenClaims.Read(token, Make.Now)!;
            return Task.FromResult(claims.PodName == "bad" ? null : claims);
        }
    }

    private sealed class FakePods : IWorkerPods
    {
        public WorkerPod? Find(TokenIdentity identity) => identity.PodName == "other" ? null : Pod;
    }
}
