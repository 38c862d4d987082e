namespace LightReasoner.DevCluster.Node;

/// <summary>A probe of a container by <c>httpGet</c>, the only kind that is carried out: any other passes.</summary>
internal sealed class HttpProbe(JsonObject pod, JsonObject probe, TimeProvider clock)
{
    private static readonly TimeSpan FirstPeriod = TimeSpan.FromMilliseconds(250);
    private static readonly HttpClient Http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
    })
    { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>The number of a port that a probe or a Service gives by number or by name.</summary>
    public static int? Port(JsonObject pod, JsonNode? port) =>
        port.Int() ?? pod.Items("spec", "containers").SelectMany(c => c.Items("ports"))
            .FirstOrDefault(p => p.Text("name") == port.Text()).Int("containerPort");

    /// <summary>
    /// Probes until cancelled. <paramref name="changed"/> hears of the first success and of each change after it, with the reason of a
    /// failure. Until the first success it probes more often than the period says, so that nobody waits for a container that is ready.
    /// A probe of liveness, too, counts from its first success on.
    /// </summary>
    public async Task RunAsync(Action<string?> changed, CancellationToken cancel)
    {
        if (probe.Map("httpGet") is null)
        {
            changed(null);
            return;
        }
        var period = TimeSpan.FromSeconds(probe.Int("periodSeconds") ?? 10);
        int failures = 0, limit = probe.Int("failureThreshold") ?? 3;
        bool passed = false, passing = false;
        await Task.Delay(TimeSpan.FromSeconds(probe.Int("initialDelaySeconds") ?? 0), clock, cancel);
        while (true)
        {
            var failure = await FailureAsync(cancel);
            failures = failure is null ? 0 : failures + 1;
            if (failure is null && !passing)
            {
                passed = passing = true;
                changed(null);
            }
            else if (failures == limit && passing)
            {
                passing = false;
                changed(failure);
            }
            await Task.Delay(passed ? period : FirstPeriod, clock, cancel);
        }
    }

    private async Task<string?> FailureAsync(CancellationToken cancel)
    {
        var get = probe.Map("httpGet")!;
        var host = $"{get.Text("host") ?? Loopback.OfPod(pod)}:{Port(pod, get["port"])}";
        var address = $"{(get.Text("scheme") ?? "HTTP").ToLowerInvariant()}://{host}{get.Text("path") ?? "/"}";
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        bound.CancelAfter(TimeSpan.FromSeconds(probe.Int("timeoutSeconds") ?? 1));
        try
        {
            using var answer = await Http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, bound.Token);
            return (int)answer.StatusCode is >= 200 and < 400 ? null : $"HTTP probe failed with statuscode: {(int)answer.StatusCode}";
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            return $"Get \"{address}\": {(e is OperationCanceledException ? "no answer in time" : e.Message)}";
        }
    }
}
