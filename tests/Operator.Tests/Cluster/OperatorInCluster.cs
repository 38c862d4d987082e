using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using KubeOps.Abstractions.Builder;
using KubeOps.KubernetesClient;
using LightReasoner.Operator.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>A namespace of the cluster with the real operator watching it, and hands to play user and kubelet with.</summary>
internal sealed class OperatorInCluster : IAsyncDisposable
{
    private readonly DevCluster cluster;
    private readonly OperatorOptions options;
    private WebApplication? app;

    private OperatorInCluster(DevCluster cluster, OperatorOptions options)
    {
        this.cluster = cluster;
        this.options = options;
    }

    public OperatorOptions Options => options;

    public string Namespace => options.Namespaces[^1];

    public IKubernetesClient Client => cluster.Client;

    public HttpClient Http { get; private set; } = new();

    public HttpClient Metrics { get; private set; } = new();

    public static async Task<OperatorInCluster> StartAsync(DevCluster cluster,
        Func<OperatorOptions, OperatorOptions>? change = null, bool start = true)
    {
        var ns = $"t-{Guid.NewGuid().ToString("N")[..8]}";
        await cluster.Client.CreateAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = ns } });
        var options = new OperatorOptions
        {
            Kubeconfig = cluster.Kubeconfig,
            Namespaces = [ns],
            Listen = "http://127.0.0.1:0",
            MetricsListen = "http://127.0.0.1:0",
            ProgressUrl = new Uri("http://operator.test:8080"),
            OutputPrefix = "file:///outputs",
            LogLevel = "Warning",
            StatusInterval = TimeSpan.FromMilliseconds(200),
        };
        var it = new OperatorInCluster(cluster, change?.Invoke(options) ?? options);
        if (start) await it.StartAsync();
        return it;
    }

    /// <summary>Another operator over the same namespace.</summary>
    public OperatorInCluster Another(Func<OperatorOptions, OperatorOptions>? change = null) =>
        new(cluster, change?.Invoke(options) ?? options);

    /// <param name="wire">Sees or spoils every request of the operator to the API server.</param>
    /// <param name="clock">The operator's clock.</param>
    /// <param name="settings">Changes KubeOps' settings.</param>
    /// <param name="log">Hears what the operator logs.</param>
    public async Task StartAsync(DelegatingHandler? wire = null, TimeProvider? clock = null,
        Func<OperatorSettings, OperatorSettings>? settings = null, ILoggerProvider? log = null)
    {
        app = OperatorHost.Build(options, clock, services =>
        {
            if (settings is not null)
                services.AddSingleton(settings((OperatorSettings)services.Single(s => s.ServiceType == typeof(OperatorSettings))
                    .ImplementationInstance!));
            if (log is not null) services.AddSingleton(log);
            if (wire is not null)
                services.AddSingleton<IKubernetes>(s => new Kubernetes(s.GetRequiredService<KubernetesClientConfiguration>(), wire));
        });
        await app.StartAsync();
        string[] addresses = [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
        Http = new HttpClient { BaseAddress = new Uri(addresses[0]) };
        Metrics = new HttpClient { BaseAddress = new Uri(addresses[1]) };
    }

    public async Task StopAsync()
    {
        if (app is null) return;
        await app.StopAsync();
        await app.DisposeAsync();
        app = null;
        Http.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Client.DeleteAsync<V1Namespace>(Namespace);
    }

    public async Task<T> ApplyAsync<T>(T run)
        where T : class, IRunEntity
    {
        run.Metadata = new V1ObjectMeta { Name = run.Metadata.Name, NamespaceProperty = Namespace };
        return await Client.CreateAsync(run);
    }

    public Task<SamplingRunEntity> ApplySamplingAsync(string name = "s", Func<SamplingRunSpec, SamplingRunSpec>? change = null) =>
        ApplyAsync(Make.Sampling(name, change));

    /// <summary>A run of one shard whose pod is at work.</summary>
    public async Task<(SamplingRunEntity Run, V1Pod Pod)> RunningAsync(Func<SamplingRunSpec, SamplingRunSpec>? change = null)
    {
        var run = await ApplySamplingAsync(change: change);
        var pod = Assert.Single(await PodsAsync(run));
        await StartPodAsync(pod);
        return (await PhaseAsync<SamplingRunEntity>("s", RunPhase.Running), pod);
    }

    /// <summary>Ends the pods of a run as workers do that have done their work.</summary>
    public async Task FinishAsync(IRunEntity run, int pods = 1)
    {
        foreach (var pod in await PodsAsync(run, pods))
            await EndPodAsync(pod, 0, Make.Json(Report(pod, run, 50, 50, outcome: ReportOutcome.Succeeded)));
    }

    public Task<T> RunAsync<T>(string name, Func<RunStatus, bool> condition, string what)
        where T : class, IRunEntity =>
        Until.HoldsAsync<T>(Client, Namespace, name, run => run is not null && condition(run.RunStatus), what);

    public Task<T> PhaseAsync<T>(string name, RunPhase phase)
        where T : class, IRunEntity => RunAsync<T>(name, status => status.Phase == phase, $"is {phase}");

    public Task<V1Job> JobAsync(string name, Func<V1Job, bool>? condition = null) =>
        Until.HoldsAsync<V1Job>(Client, Namespace, name, job => job is not null && condition?.Invoke(job) != false, "exists as it should");

    /// <summary>Pods of a run that have not ended, one for each of the shards.</summary>
    public Task<IReadOnlyCollection<V1Pod>> PodsAsync(IRunEntity run, int count = 1) =>
        Until.SetHoldsAsync<V1Pod>(Client, Namespace, $"{Labels.RunUid}={run.Metadata.Uid}", pods => Open(pods).Count() == count,
            $"{count} pods of {run.Metadata.Name}")
            .ContinueWith(task => (IReadOnlyCollection<V1Pod>)[.. Open(task.Result)], TaskContinuationOptions.OnlyOnRanToCompletion);

    public Task PatchAsync<T>(string name, object patch)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        Client.PatchAsync<T>(new V1Patch(JsonSerializer.Serialize(patch), V1Patch.PatchType.MergePatch), name, Namespace);

    public Task StartPodAsync(V1Pod pod) => PodStatusAsync(pod, new
    {
        phase = "Running",
        startTime = Timestamp(),
        containerStatuses = new[] { Container(new { running = new { startedAt = Timestamp() } }) },
    });

    public Task EndPodAsync(V1Pod pod, int exitCode, string message) => PodStatusAsync(pod, new
    {
        phase = exitCode == 0 ? "Succeeded" : "Failed",
        containerStatuses = new[]
        {
            Container(new { terminated = new { exitCode, message, reason = exitCode == 0 ? "Completed" : "Error", startedAt = Timestamp(),
                finishedAt = Timestamp() } }),
        },
    });

    public Task PodStatusAsync(V1Pod pod, object status) => Client.ApiClient.CoreV1.PatchNamespacedPodStatusAsync(
        new V1Patch(JsonSerializer.Serialize(new { status }), V1Patch.PatchType.MergePatch), pod.Metadata.Name, Namespace);

    /// <summary>A report as the worker in this pod would send it.</summary>
    public ProgressReport Report(V1Pod pod, IRunEntity run, long done, long total, long sequence = 1,
        ReportOutcome outcome = ReportOutcome.Running) =>
        Make.Report(Runs.PodState.Shard(pod), done, total, sequence, pod.Metadata.Uid, outcome) with
        {
            Namespace = Namespace,
            Name = run.Metadata.Name,
            Kind = run.RunKind
        };

    /// <summary>A token as the kubelet would project it into the pod.</summary>
    public async Task<string> TokenAsync(V1Pod pod, string audience = ApiGroup.ProgressAudience)
    {
        var answer =
            await Client.ApiClient.CoreV1.CreateNamespacedServiceAccountTokenAsync(new Authenticationv1TokenRequest
            {
                Spec = new V1TokenRequestSpec
                {
                    Audiences = [audience],
                    ExpirationSeconds = 3600,
                    BoundObjectRef = new V1BoundObjectReference
                    {
                        ApiVersion = "v1",
                        Kind = "Pod",
                        Name = pod.Metadata.Name,
                        Uid = pod.Metadata.Uid
                    },
                },
            }, "default", Namespace);
        return answer.Status.Token;
    }

    public Task<HttpResponseMessage> PostAsync(string? token, ProgressReport report) => PostAsync(token, Make.Json(report));

    public async Task<HttpResponseMessage> PostAsync(string? token, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post,
            "/v1/progress")
        { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await Http.SendAsync(request);
    }

    /// <summary>The metrics, once they hold a line: a status is counted a moment after it was written.</summary>
    public async Task<string> MetricsAsync(string line)
    {
        using var limit = new CancellationTokenSource(Until.Patience);
        while (true)
        {
            var metrics = await Metrics.GetStringAsync("/metrics", limit.Token);
            if (metrics.Contains(line, StringComparison.Ordinal)) return metrics;
            await Task.Delay(20, limit.Token);
        }
    }

    private static IEnumerable<V1Pod> Open(IEnumerable<V1Pod> pods) =>
        pods.Where(p => p.Status?.Phase is not ("Succeeded" or "Failed") && p.Metadata.DeletionTimestamp is null);

    private static object Container(object state) => new
    {
        name = "worker",
        image = "w",
        imageID = "w",
        ready = false,
        restartCount = 0,
        state
    };

    private static string Timestamp() => DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'",
        System.Globalization.CultureInfo.InvariantCulture);
}
