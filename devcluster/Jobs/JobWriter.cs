using System.Net;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Client;
using Microsoft.Extensions.Logging;

namespace LightReasoner.DevCluster.Jobs;

/// <summary>Carries out plans: the writes to Pods and the Events about a Job.</summary>
internal sealed class JobWriter(ApiClient api, EventRecorder events, ILogger log)
{
    /// <summary>Removes or creates the plan's Pods. Returns what succeeded, and the first failure.</summary>
    public async Task<(PodsOutcome Outcome, Exception? Failure)> ApplyAsync(Job job, JobPlan plan, Expectations expected, CancellationToken cancel)
    {
        var failures = new List<Exception>();
        int removed = 0, ready = 0;
        await Task.WhenAll(plan.Remove.Select(async pod =>
        {
            if (!await Remove(job, pod, plan.Uncounted, expected, failures, cancel)) return;
            Interlocked.Increment(ref removed);
            if (pod.Ready) Interlocked.Increment(ref ready);
        }));
        var created = await Create(job, plan, expected, failures, cancel);
        return (new PodsOutcome(removed, ready, created), failures.FirstOrDefault());
    }

    /// <summary>Takes the tracking finalizer off. Returns the uids of those that lost it, and the first failure.</summary>
    public async Task<(List<string> Released, Exception? Failure)> ReleaseAsync(IReadOnlyList<Pod> pods, Expectations expected, CancellationToken cancel)
    {
        var released = new List<string>();
        var failures = new List<Exception>();
        await Task.WhenAll(pods.Select(async pod =>
        {
            expected.Releasing(pod.Uid);
            try
            {
                await Release(api, pod, cancel);
            }
            catch (ApiException e) when (e.NotFound)
            {
                // Gone together with its finalizer.
                expected.NotReleased(pod.Uid);
            }
            catch (Exception e) when (e is ApiException or HttpRequestException or IOException)
            {
                expected.NotReleased(pod.Uid);
                lock (failures) failures.Add(e);
                return;
            }
            lock (released) released.Add(pod.Uid);
        }));
        return (released, failures.FirstOrDefault());
    }

    public static Task Release(ApiClient api, Pod pod, CancellationToken cancel) =>
        api.PatchAsync(Resource.Pods.Object(pod.Namespace, pod.Name), new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["uid"] = pod.Uid,
                ["$deleteFromPrimitiveList/finalizers"] = new JsonArray(Pod.TrackingFinalizer),
            },
        }, PatchType.Strategic, cancel);

    public void Announce(Job job, string suspension) => events.Normal(job.Json, suspension, $"Job {suspension.ToLowerInvariant()}");

    public void AnnounceEnd(Job job, JobTally tally)
    {
        if (tally.Verdict is not { } verdict) return;
        if (verdict.Type != JobCondition.Complete)
        {
            events.Warning(job.Json, verdict.Reason, verdict.Message);
            return;
        }
        if (tally.Status.Succeeded > job.Completions)
            events.Warning(job.Json, "TooManySucceededPods", "Too many succeeded pods running after completion count reached");
        events.Normal(job.Json, "Completed", "Job completed");
    }

    private async Task<bool> Remove(Job job, Pod pod, bool uncounted, Expectations expected, List<Exception> failures, CancellationToken cancel)
    {
        expected.Deleting(pod.Uid);
        try
        {
            if (uncounted && pod.Tracked) await Release(api, pod, cancel);
            await api.DeleteAsync(Resource.Pods.Object(pod.Namespace, pod.Name), uid: pod.Uid, cancel: cancel);
            events.Normal(job.Json, "SuccessfulDelete", $"Deleted pod: {pod.Name}");
            return true;
        }
        catch (ApiException e) when (e.NotFound)
        {
            expected.NotDeleted(pod.Uid);
            return true;
        }
        catch (Exception e) when (e is ApiException or HttpRequestException or IOException)
        {
            expected.NotDeleted(pod.Uid);
            events.Warning(job.Json, "FailedDelete", $"Error deleting: {e.Message}");
            lock (failures) failures.Add(e);
            return false;
        }
    }

    /// <summary>In batches of 1, 2, 4, …: when a Pod is refused (a quota, say), the rest would be too.</summary>
    private async Task<int> Create(Job job, JobPlan plan, Expectations expected, List<Exception> failures, CancellationToken cancel)
    {
        int created = 0, done = 0;
        for (var batch = 1; done < plan.Create.Count && failures.Count == 0; batch *= 2)
        {
            var part = plan.Create.Skip(done).Take(batch).ToList();
            done += part.Count;
            var answers = await Task.WhenAll(part.Select(index => CreateOne(job, plan, index, expected, failures, cancel)));
            created += answers.Count(ok => ok);
        }
        return created;
    }

    private async Task<bool> CreateOne(Job job, JobPlan plan, int index, Expectations expected, List<Exception> failures, CancellationToken cancel)
    {
        try
        {
            var pod = JobPods.Make(job, index, plan.AwaitingReplacement.GetValueOrDefault(index));
            var answer = await api.CreateAsync(Resource.Pods.Collection(job.Namespace), pod, cancel);
            expected.Created(answer.ResourceVersion());
            events.Normal(job.Json, "SuccessfulCreate", $"Created pod: {answer.Name()}");
            return true;
        }
        catch (Exception e) when (e is ApiException or HttpRequestException or IOException)
        {
            if (e is ApiException { Code: HttpStatusCode.Forbidden } refusal && refusal.Message.Contains("being terminated", StringComparison.Ordinal))
            {
                log.LogDebug("Job {Job}: the namespace is being terminated, no Pods are made", job.Key);
                return false;
            }
            events.Warning(job.Json, "FailedCreate", $"Error creating: {e.Message}");
            lock (failures) failures.Add(e);
            return false;
        }
    }
}
