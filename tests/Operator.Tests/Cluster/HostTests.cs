using System.Net;
using LightReasoner.Operator.Hosting;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>The operator as a process among others: health, metrics, two of them, starting and stopping.</summary>
[Collection(nameof(DevCluster))]
public sealed class HostTests(DevCluster cluster)
{
    [Fact]
    public async Task Endpoints_Answer()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        await o.ApplySamplingAsync();
        await o.RunAsync<SamplingRunEntity>("s", s => s is { Phase: RunPhase.Pending, JobName: not null }, "has its Job");
        Assert.Equal("ok\n", await o.Http.GetStringAsync("/healthz"));
        Assert.Equal("ok leader\n", await o.Http.GetStringAsync("/readyz"));
        var metrics =
            await o.MetricsAsync(
                $"lightreasoner_run_phase{{kind=\"SamplingRun\",namespace=\"{o.Namespace}\",name=\"s\",phase=\"Pending\"}} 1");
        Assert.Contains("lightreasoner_reconcile_duration_seconds_bucket{kind=\"SamplingRun\",le=\"+Inf\"}", metrics);
        Assert.Contains("lightreasoner_queue_depth{", metrics);
    }

    [Fact]
    public async Task TwoOperators_OneWorks_AndTheOtherTakesOver()
    {
        await using var first = await OperatorInCluster.StartAsync(cluster, o => o with { LeaderElect = true });
        var run = await first.ApplySamplingAsync();
        await first.JobAsync("s-srun");
        var second = first.Another();
        await second.StartAsync();
        Assert.Equal("ok standby\n", await second.Http.GetStringAsync("/readyz"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await second.PostAsync("token", "{}")).StatusCode);

        await first.StopAsync();
        await second.FinishAsync(run);
        await second.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        await second.StopAsync();
    }

    [Fact]
    public async Task Standby_HandsReportsOnToTheLeader()
    {
        Environment.SetEnvironmentVariable("POD_IP", "127.0.0.1");
        await using var first = await OperatorInCluster.StartAsync(cluster, o =>
            o with { LeaderElect = true, Listen = $"http://127.0.0.1:{FreePort()}" });
        Environment.SetEnvironmentVariable("POD_IP", null);
        var (run, pod) = await first.RunningAsync();
        var second = first.Another(o => o with { Listen = "http://127.0.0.1:0" });
        await second.StartAsync();
        Assert.Equal("ok standby\n", await second.Http.GetStringAsync("/readyz"));
        using var limit = new CancellationTokenSource(Until.Patience);
        HttpStatusCode answer;
        // It learns who leads with its first look at the Lease.
        while ((answer = (await second.PostAsync(await first.TokenAsync(pod),
            first.Report(pod, run, 10, 50))).StatusCode) == HttpStatusCode.ServiceUnavailable)
            await Task.Delay(50, limit.Token);
        Assert.Equal(HttpStatusCode.Accepted, answer);
        await first.RunAsync<SamplingRunEntity>("s", s => s.Progress?.Done == 10, "shows the report");
        await second.StopAsync();
    }

    [Fact]
    public async Task Replica_WithoutRightsToTheLease_IsNotReady_AndSaysSoOnce()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster, o =>
            o with { LeaderElect = true, LogLevel = "Fatal" }, start: false);
        var wire = new NoLease();
        using var log = new Warnings();
        await o.StartAsync(wire, log: log,
            settings: settings => settings with { LeaderElectionRetryPeriod = TimeSpan.FromMilliseconds(50) });
        using var limit = new CancellationTokenSource(Until.Patience);
        HttpResponseMessage answer;
        while ((answer = await o.Http.GetAsync("/readyz", limit.Token)).StatusCode == HttpStatusCode.OK) await Task.Delay(50, limit.Token);
        Assert.Contains("the Lease is not accessible: leases are not yours", await answer.Content.ReadAsStringAsync(limit.Token));
        while (wire.Asked < 5) await Task.Delay(50, limit.Token);
        Assert.Equal("Lease lightreasoner-operator-leader is not accessible: leases are not yours", Assert.Single(log.Lines));
    }

    [Fact]
    public async Task Leader_WhoseElectionIsStuck_IsNotAlive_UntilItRenewsItsLease()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster, o => o with { LeaderElect = true }, start: false);
        var wire = new StuckLease();
        var clock = new MovedClock();
        await o.StartAsync(wire, clock, settings => settings with { LeaderElectionRenewDeadline = TimeSpan.FromHours(1) });
        using var limit = new CancellationTokenSource(Until.Patience);
        await wire.Stuck.Task.WaitAsync(limit.Token);
        Assert.Equal("ok leader\n", await o.Http.GetStringAsync("/readyz", limit.Token));
        Assert.Equal("ok\n", await o.Http.GetStringAsync("/healthz", limit.Token));

        clock.Ahead = TimeSpan.FromMinutes(1);
        using var sick = await o.Http.GetAsync("/healthz", limit.Token);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, sick.StatusCode);
        Assert.Equal("the lease has run out, and this replica has not noticed\n", await sick.Content.ReadAsStringAsync(limit.Token));

        wire.GoOn.SetResult();
        while ((await o.Http.GetAsync("/healthz", limit.Token)).StatusCode != HttpStatusCode.OK) await Task.Delay(50, limit.Token);
    }

    [Fact]
    public async Task Writes_BearTheOperatorsName_AsFieldManagerAndUserAgent()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster, start: false);
        var recorder = new RequestRecorder();
        await o.StartAsync(recorder);
        await o.ApplySamplingAsync();
        var job = await o.JobAsync("s-srun");
        Assert.Contains(job.Metadata.ManagedFields, m => m.Manager == OperatorHost.Name);
        var run = await o.RunAsync<SamplingRunEntity>("s", s => s.JobName is not null, "has a status");
        Assert.Contains(run.Metadata.ManagedFields, m => m is { Manager: OperatorHost.Name, Subresource: "status" });
        Assert.StartsWith($"{OperatorHost.Name}/", Assert.Single(recorder.Agents), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Star_ListensOnIPv6Too()
    {
        var port = FreePort();
        await using var o = await OperatorInCluster.StartAsync(cluster, options =>
            options with { Listen = $"http://*:{port}" });
        using var http = new HttpClient();
        Assert.Equal("ok\n", await http.GetStringAsync($"http://127.0.0.1:{port}/healthz"));
        Assert.SkipUnless(File.Exists("/proc/net/if_inet6")
            && File.ReadAllText("/proc/net/if_inet6").Contains(" lo", StringComparison.Ordinal), "this machine has no IPv6");
        Assert.Equal("ok\n", await http.GetStringAsync($"http://[::1]:{port}/healthz"));
    }

    [Theory]
    [InlineData("mine", "kubeconfigs", "mine")]
    [InlineData("", "kubeconfigs", "kubeconfigs")]
    [InlineData(null, null, "default")]
    public void Lease_LiesInThePodsNamespace_BeforeThatOfTheKubeconfig(string? pod, string? kubeconfig, string expected) =>
        Assert.Equal(expected, OperatorLease.NamespaceOf(pod, kubeconfig));

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Lets the Lease be had, and holds its first renewal back.</summary>
    private sealed class StuckLease : DelegatingHandler
    {
        private bool had;

        public TaskCompletionSource Stuck { get; } = new();

        public TaskCompletionSource GoOn { get; } = new();

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var writes = request.Method != HttpMethod.Get && request.RequestUri!.AbsolutePath.Contains("/leases", StringComparison.Ordinal);
            if (writes && had)
            {
                Stuck.TrySetResult();
                await GoOn.Task.WaitAsync(cancellationToken);
            }
            var answer = await base.SendAsync(request, cancellationToken);
            had |= writes && answer.IsSuccessStatusCode;
            return answer;
        }
    }

    private sealed class MovedClock : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Ahead.TotalSeconds * TimestampFrequency);
    }

    private sealed class NoLease : DelegatingHandler
    {
        private int asked;

        public int Asked => asked;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            request.RequestUri!.AbsolutePath.Contains("/leases", StringComparison.Ordinal) && Interlocked.Increment(ref asked) > 0
                ? new HttpResponseMessage(HttpStatusCode.Forbidden)
                {
                    Content =
                    new StringContent("""{"kind":"Status","apiVersion":"v1","status":"Failure","message":"leases are not yours","reason":"Forbidden","code":403}""")
                }
                : await base.SendAsync(request, cancellationToken);
    }
}
