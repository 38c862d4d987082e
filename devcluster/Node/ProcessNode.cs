using Microsoft.Extensions.Logging.Abstractions;

namespace LightReasoner.DevCluster.Node;

/// <summary>
/// A node that runs Pods as local processes: scheduler and kubelet in one, for any API server. For development and tests.
/// </summary>
internal static class ProcessNode
{
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    /// <summary>Runs until cancelled, then ends every container, reports that, and returns.</summary>
    /// <param name="options">How the node is set up.</param>
    /// <param name="cancel">Ends the node.</param>
    /// <param name="log">Where it tells what it does.</param>
    /// <param name="ready">Called once the node is registered and takes Pods.</param>
    public static async Task RunAsync(NodeOptions options, CancellationToken cancel, ILogger? log = null, Action? ready = null)
    {
        log ??= NullLogger.Instance;
        var clock = options.Clock;
        Directory.CreateDirectory(options.DataDirectory);
        using var api = ApiClient.FromKubeconfig(options.Kubeconfig);
        await using var guard = new ProcessGuard(options.DataDirectory);
        using var abandon = new CancellationTokenSource();
        var scheduler = new Scheduler(api, options, new EventRecorder(api, "default-scheduler", null, clock, log), log);
        var context = new NodeContext(
            api, options, new ImageCatalog(options.Images), guard, new EventRecorder(api, "kubelet", options.Name, clock, log), new());
        var kubelet = new Kubelet(context, log, abandon.Token);
        await using var logs = await LogServer.StartAsync(kubelet.FoldersOf, context.Logs, clock, cancel);
        var registration = new NodeRegistration(api, options, logs.Port, log);
        var pods = new Informer(api, Resource.Pods.Collection(), clock, log)
        {
            Changed = change =>
            {
                scheduler.Changed(change);
                kubelet.Changed(change);
            },
        };
        using var proxy = new ServiceProxy(options.DataDirectory, pods, log);
        var services = new Informer(api, Resource.Services.Collection(), clock, log) { Changed = proxy.Changed };
        var work = new List<Task>();
        try
        {
            await registration.RegisterAsync(cancel);
            work.AddRange([registration.BeatAsync(cancel), pods.RunAsync(cancel), services.RunAsync(cancel)]);
            await pods.Synced.WaitAsync(cancel);
            kubelet.Sweep();
            work.Add(scheduler.RunAsync(cancel));
            ready?.Invoke();
            log.LogInformation("node {Node} takes Pods; logs on port {Port}", options.Name, logs.Port);
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The end asked for.
        }
        await Task.WhenAll(work);
        await StopAsync(kubelet, registration, options, abandon, log);
    }

    /// <summary>Containers end first, each within the grace period; the API server is told if it is still there.</summary>
    private static async Task StopAsync(
        Kubelet kubelet, NodeRegistration registration, NodeOptions options, CancellationTokenSource abandon, ILogger log)
    {
        abandon.CancelAfter(options.ShutdownGrace + LastWords);
        await kubelet.StopAsync(options.ShutdownGrace);
        try
        {
            await registration.ReportNotReadyAsync(abandon.Token);
        }
        catch (Exception e) when (e is ApiException or HttpRequestException or IOException or OperationCanceledException)
        {
            log.LogDebug("the API server was not told about the end of node {Node}: {Message}", options.Name, e.Message);
        }
    }
}
