using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Client;
using Microsoft.Extensions.Logging;

namespace LightReasoner.DevCluster.Jobs;

/// <summary>Deletes finished Jobs, and their Pods with them, ttlSecondsAfterFinished after their end.</summary>
internal sealed class TimeToLive(ApiClient api, TimeProvider clock, ILogger log, Informer jobs)
{
    private readonly WorkQueue queue = new(clock);

    public void Changed(Change change)
    {
        if (change.New is { } job && Left(job) is { } left) queue.AddAfter(job.Key(), left);
    }

    public Task RunAsync(CancellationToken cancel) => queue.RunAsync(Sync, "finished Job", log, cancel);

    private async Task Sync(string key, CancellationToken cancel)
    {
        if (jobs.Find(key) is not { } job || Left(job) is not { } left) return;
        if (left > TimeSpan.Zero)
        {
            queue.AddAfter(key, left);
            return;
        }
        try
        {
            await api.DeleteAsync(Resource.Jobs.Object(job.Namespace(), job.Name()), propagation: "Foreground", uid: job.Uid(), cancel: cancel);
        }
        catch (ApiException e) when (e.NotFound || e.Conflict)
        {
            // Somebody deleted it before us, or another Job has taken its name.
        }
    }

    /// <summary>The time until the Job is to go; null when it is to stay.</summary>
    private TimeSpan? Left(JsonObject job)
    {
        var status = JobStatus.Read(job);
        if (new Job(job) is not { TimeToLive: { } ttl, Deleting: false } || !status.Finished) return null;
        var end = status.Conditions.Where(c => c.True && c.Type is JobCondition.Complete or JobCondition.Failed)
            .Select(c => DateTimeOffset.TryParse(c.LastTransitionTime, out var t) ? t : clock.GetUtcNow()).First();
        return end + ttl - clock.GetUtcNow();
    }
}
