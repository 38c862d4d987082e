using System.Net;
using LightReasoner.Operator.Progress;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>Reports over HTTP with the API server's own tokens.</summary>
[Collection(nameof(DevCluster))]
public sealed class ProgressTests(DevCluster cluster)
{
    [Fact]
    public async Task Report_ShowsInTheStatus()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var (run, pod) = await o.RunningAsync();
        var token = await o.TokenAsync(pod);
        Assert.Equal(HttpStatusCode.Accepted, (await o.PostAsync(token, o.Report(pod, run, 10, 50))).StatusCode);
        var seen = await o.RunAsync<SamplingRunEntity>("s", s => s.Progress?.Done == 10, "shows the report");
        Assert.Equal(("10/50", 20, 2.0), (seen.Status.Progress!.Display, seen.Status.Progress.Percent, seen.Status.Progress.RatePerSecond));
        Assert.NotNull(seen.Status.Progress.EstimatedCompletion);

        Assert.Equal(HttpStatusCode.Accepted, (await o.PostAsync(token, o.Report(pod, run, 20, 50, sequence: 3))).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await o.PostAsync(token, o.Report(pod, run, 15, 50, sequence: 2))).StatusCode);
        await o.RunAsync<SamplingRunEntity>("s", s => s.Progress?.Done == 20, "shows the newest report");
        await o.MetricsAsync($"lightreasoner_run_progress_ratio{{kind=\"SamplingRun\",namespace=\"{o.Namespace}\",name=\"s\"}} 0.4");
    }

    /// <summary>What a worker says before its first batch, and what its first batches tell.</summary>
    [Fact]
    public async Task WorkersPlan_AndItsEstimate_AreEvents()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var (run, pod) = await o.RunningAsync();
        var token = await o.TokenAsync(pod);
        var plan = $"expert: hf://org/expert, 1.5 G; 50 questions, {ProgressReport.PlanWords} 5.1 GiB of 80.0 GiB; disk: 9 MiB";
        var first = o.Report(pod, run, 0, 50) with { RatePerSecond = null, Message = plan };
        Assert.Equal(HttpStatusCode.Accepted, (await o.PostAsync(token, first)).StatusCode);
        await EventAsync("Planned", $"{plan}; when it will be ready is said after the first batches (Estimated)");
        var second = o.Report(pod, run, 10, 50, sequence: 2) with { Message = plan };
        Assert.Equal(HttpStatusCode.Accepted, (await o.PostAsync(token, second)).StatusCode);
        await EventAsync("Estimated", "10/50 prompts done, 2 a second; ready about ");

        Task EventAsync(string reason, string words) => Until.SetHoldsAsync<Corev1Event>(o.Client, o.Namespace, null,
            events => events.Any(e => e.Reason == reason && e.Message.StartsWith(words, StringComparison.Ordinal)),
            $"an event {reason}: {words}");
    }

    /// <summary>Jobs and pods are known from the watches; the run itself is read, and its status written.</summary>
    [Fact]
    public async Task Report_CostsTheApiServerOneReadBesideTheStatusWrite()
    {
        const int reports = ReportRate.Burst - 1; // with the first one, as many as are taken at once
        await using var o = await OperatorInCluster.StartAsync(cluster, options =>
            options with { StatusInterval = TimeSpan.Zero }, start: false);
        var recorder = new RequestRecorder();
        await o.StartAsync(recorder);
        var (run, pod) = await o.RunningAsync();
        var token = await o.TokenAsync(pod);
        await TellAsync(1); // the token is looked at once
        var before = recorder.Asked.Count;
        for (int n = 2; n <= reports + 1; n++) await TellAsync(n);

        RequestRecorder.Right[] asked = [.. recorder.Asked.Skip(before).Where(right => right.Verb is not ("list" or "watch"))];
        Assert.DoesNotContain(asked, right => right.Resource is "jobs" or "pods" or "namespaces" or "tokenreviews");
        // Two more for what else may come to the run's attention meanwhile.
        Assert.InRange(asked.Count(right => right.Resource.StartsWith("samplingruns", StringComparison.Ordinal)), reports, 2 * reports + 2);

        async Task TellAsync(int n)
        {
            Assert.Equal(HttpStatusCode.Accepted, (await o.PostAsync(token, o.Report(pod, run, n, 50, n))).StatusCode);
            await o.RunAsync<SamplingRunEntity>("s", s => s.Progress?.Done == n, $"shows report {n}");
        }
    }

    [Fact]
    public async Task ForgedReports_AreRefused()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var (run, pod) = await o.RunningAsync();
        var report = o.Report(pod, run, 10, 50);
        var token = await o.TokenAsync(pod);
        var stranger = await o.Client.CreateAsync(new V1Pod
        {
            // Bears the run's labels, but belongs to no Job.
            Metadata = new V1ObjectMeta
            {
                Name = "stranger",
                NamespaceProperty = o.Namespace,
                Labels = pod.Metadata.Labels,
                Annotations = pod.Metadata.Annotations
            },
            Spec = new V1PodSpec { ServiceAccountName = "default", Containers = [new V1Container { Name = "worker", Image = "x" }] },
        });

        Assert.Equal(HttpStatusCode.Unauthorized, (await o.PostAsync(null, report)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await o.PostAsync("made.up.token", report)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized,
            (await o.PostAsync(await o.TokenAsync(pod, "https://kubernetes.default.svc"), report)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden,
            (await o.PostAsync(await o.TokenAsync(stranger), report with { Attempt = stranger.Metadata.Uid })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await o.PostAsync(token, report with { Name = "another" })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await o.PostAsync(token, report with { Shard = 1 })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await o.PostAsync(token, "{\"kind\":\"SamplingRun\",\"done\":-5}")).StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge,
            (await o.PostAsync(token, report with { Message = new string('x', ProgressReport.MaxBytes) })).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await o.PostAsync(token, report)).StatusCode);
    }

    [Fact]
    public async Task Flood_IsRefused()
    {
        await using var o = await OperatorInCluster.StartAsync(cluster);
        var (run, pod) = await o.RunningAsync();
        var token = await o.TokenAsync(pod);
        var answers = new List<HttpStatusCode>();
        // All at once: however slow the machine is, a burst passes and the rest comes sooner than it may.
        for (int i = 0; i < 20 && !answers.Contains(HttpStatusCode.TooManyRequests); i++)
            answers.AddRange(await Task.WhenAll(Enumerable.Range(1, ReportRate.Burst * 3)
                .Select(async n => (await o.PostAsync(token, o.Report(pod, run, n, 500, n))).StatusCode)));
        Assert.Contains(HttpStatusCode.TooManyRequests, answers);
        Assert.True(answers.Count(a => a == HttpStatusCode.Accepted) >= ReportRate.Burst);
    }
}
