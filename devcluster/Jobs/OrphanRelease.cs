using LightReasoner.DevCluster.Client;
using Microsoft.Extensions.Logging;

namespace LightReasoner.DevCluster.Jobs;

/// <summary>Takes the tracking finalizer off Pods that no unfinished Job counts any more, so that they can be deleted.</summary>
internal sealed class OrphanRelease(ApiClient api, TimeProvider clock, ILogger log, Informer jobs, Informer pods)
{
    private readonly WorkQueue queue = new(clock);

    /// <summary>Considers a Pod that has changed, or whose Job went away.</summary>
    public void Look(Pod pod)
    {
        if (pod.Tracked && !(Owner(pod) is { } job && !JobStatus.Read(job.Json).Finished)) queue.Add($"{pod.Namespace}/{pod.Name}");
    }

    public Task RunAsync(CancellationToken cancel) => queue.RunAsync(Sync, "orphaned Pod", log, cancel);

    private async Task Sync(string key, CancellationToken cancel)
    {
        if (pods.Find(key) is not { } json || new Pod(json) is not { Tracked: true } pod) return;
        if (json.ControllerReference() is { } owner && owner.Text("kind") == "Job")
        {
            try
            {
                var live = new Job(await api.GetAsync(Resource.Jobs.Object(pod.Namespace, owner.Text("name")!), cancel));
                if (live.Uid == owner.Text("uid") && (!live.Ours || !JobStatus.Read(live.Json).Finished)) return;
            }
            catch (ApiException e) when (e.NotFound)
            {
                // Its Job is gone.
            }
        }
        try
        {
            await JobWriter.Release(api, pod, cancel);
        }
        catch (ApiException e) when (e.NotFound)
        {
            // So is the Pod.
        }
    }

    private Job? Owner(Pod pod)
    {
        if (pod.Json.ControllerReference() is not { } owner || owner.Text("kind") != "Job") return null;
        return jobs.Find($"{pod.Namespace}/{owner.Text("name")}") is { } job && job.Uid() == owner.Text("uid") ? new Job(job) : null;
    }
}
