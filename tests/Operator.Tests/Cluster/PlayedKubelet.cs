namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>Starts every pod of a run that it finds, and ends those that have started: a cluster in which work goes on by itself.</summary>
internal sealed class PlayedKubelet : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly Task work;

    public PlayedKubelet(OperatorInCluster o, IRunEntity run) => work = Task.Run(() => PlayAsync(o, run));

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await work;
        stop.Dispose();
    }

    private async Task PlayAsync(OperatorInCluster o, IRunEntity run)
    {
        var started = new HashSet<string>();
        while (!stop.IsCancellationRequested)
        {
            foreach (var pod in await o.Client.ListAsync<V1Pod>(o.Namespace, $"{Jobs.Labels.RunUid}={run.Metadata.Uid}"))
            {
                if (pod.Status?.Phase is "Succeeded" or "Failed" || pod.Metadata.DeletionTimestamp is not null) continue;
                try
                {
                    if (started.Add(pod.Metadata.Uid)) await o.StartPodAsync(pod);
                    else await o.EndPodAsync(pod, 0, Make.Json(o.Report(pod, run, 50, 50, outcome: ReportOutcome.Succeeded)));
                }
                catch (k8s.Autorest.HttpOperationException e) when (Runs.ApiErrors.IsMissing(e))
                {
                    // The pod went away meanwhile.
                }
            }
            await Task.Delay(100, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
