using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LightReasoner.DevCluster.Jobs;

/// <summary>
/// The Job controller, as an ordinary client of an API server. It reacts to changes of Jobs at once and gathers changes of Pods
/// for a second, so that the status passes through the same states as a real cluster's.
/// </summary>
internal sealed class JobController
{
    private const int Workers = 8;
    private static readonly TimeSpan GatherPods = TimeSpan.FromSeconds(1);

    private readonly ApiClient api;
    private readonly TimeProvider clock;
    private readonly ILogger log;
    private readonly Informer jobs;
    private readonly Informer pods;
    private readonly JobPodIndex index = new();
    private readonly WorkQueue queue;
    private readonly JobWriter writer;
    private readonly OrphanRelease orphans;
    private readonly TimeToLive timeToLive;
    private readonly ConcurrentDictionary<string, Expectations> expectations = new();
    private readonly ConcurrentDictionary<string, BackOff> backOffs = new();
    private readonly ConcurrentDictionary<string, JsonObject> written = new();

    private JobController(ApiClient api, TimeProvider clock, ILogger log)
    {
        this.api = api;
        this.clock = clock;
        this.log = log;
        jobs = new Informer(api, Resource.Jobs.Collection(), null, clock, log) { Changed = JobChanged };
        pods = new Informer(api, Resource.Pods.Collection(), null, clock, log) { Changed = PodChanged };
        queue = new WorkQueue(clock);
        writer = new JobWriter(api, new EventRecorder(api, "job-controller", null, clock, log), log);
        orphans = new OrphanRelease(api, clock, log, jobs, pods);
        timeToLive = new TimeToLive(api, clock, log, jobs);
    }

    /// <summary>Runs until cancelled.</summary>
    public static Task RunAsync(ApiClient api, TimeProvider clock, CancellationToken cancel, ILogger? log = null) =>
        new JobController(api, clock, log ?? NullLogger.Instance).RunAsync(cancel);

    private async Task RunAsync(CancellationToken cancel)
    {
        var work = new List<Task> { jobs.RunAsync(cancel), pods.RunAsync(cancel) };
        try
        {
            await Task.WhenAll(jobs.Synced, pods.Synced).WaitAsync(cancel);
            for (var i = 0; i < Workers; i++) work.Add(queue.RunAsync(Sync, "Job", log, cancel));
            work.Add(orphans.RunAsync(cancel));
            work.Add(timeToLive.RunAsync(cancel));
        }
        catch (OperationCanceledException)
        {
            // Stopped before the first list came: the informers end by themselves.
        }
        await Task.WhenAll(work);
    }

    private void JobChanged(Change change)
    {
        var key = change.Latest.Key();
        timeToLive.Changed(change);
        if (change.New is null)
        {
            foreach (var pod in index.Of(change.Latest.Uid())) orphans.Look(pod);
            expectations.TryRemove(change.Latest.Uid(), out _);
            backOffs.TryRemove(change.Latest.Uid(), out _);
            written.TryRemove(change.Latest.Uid(), out _);
            return;
        }
        if (change.Old is null || change.Old.Number("metadata", "generation") != change.New.Number("metadata", "generation")) queue.Add(key);
        else queue.AddAfter(key, GatherPods);
    }

    private void PodChanged(Change change)
    {
        var pod = change.New is null ? null : new Pod(change.New);
        if (pod is not null) index.Note(pod);
        else index.Forget(change.Latest);
        var owner = change.Latest.ControllerReference();
        var uid = owner.Text("uid") ?? "";
        if (expectations.TryGetValue(uid, out var expected)) expected.Observed(change.Latest.Uid(), pod);
        if (pod is not null) orphans.Look(pod);
        if (owner.Text("kind") == "Job") queue.AddAfter($"{change.Latest.Namespace()}/{owner.Text("name")}", GatherPods);
    }

    /// <summary>One look at one Job: observe, plan, act on Pods, count, write, release, write.</summary>
    private async Task Sync(string key, CancellationToken cancel)
    {
        if (Latest(key) is not { } json) return;
        var job = new Job(json);
        var status = JobStatus.Read(json);
        if (!job.Ours || status.Finished)
        {
            backOffs.TryRemove(job.Uid, out _);
            return;
        }
        var expected = expectations.GetOrAdd(job.Uid, _ => new Expectations(clock));
        var current = expected.Met(pods.Seen);
        var seen = new JobObservation(
            job, status, index.Of(job.Uid), expected.Released(), current, backOffs.GetValueOrDefault(job.Uid) ?? BackOff.None, clock.GetUtcNow());
        var plan = JobPlanner.Plan(seen);

        var (outcome, failure) = await writer.ApplyAsync(job, plan, expected, cancel);
        var tally = new JobTally(seen, plan);
        tally.Count(outcome);
        if (tally.SuspensionEvent is { } suspension) writer.Announce(job, suspension);
        if (tally.Dirty)
        {
            json = await WriteStatus(json, tally, cancel);
            backOffs[job.Uid] = plan.BackOff;
        }
        var (released, unreleased) = await writer.ReleaseAsync(tally.Release, expected, cancel);
        var over = tally.Finish(released) && unreleased is null;
        if (tally.Dirty)
        {
            json = await WriteStatus(json, tally, cancel);
            if (over) writer.AnnounceEnd(new Job(json), tally);
        }
        if (plan.Again is { } again) queue.AddAfter(key, again > TimeSpan.Zero ? again : GatherPods);
        else if (!current) queue.AddAfter(key, GatherPods);
        if ((failure ?? unreleased) is { } error) throw error;
    }

    /// <summary>The newer of the copy and what this controller itself wrote last.</summary>
    private JsonObject? Latest(string key)
    {
        if (jobs.Find(key) is not { } copy) return null;
        if (!written.TryGetValue(copy.Uid(), out var own)) return copy;
        if (own.ResourceVersion() > copy.ResourceVersion()) return own;
        written.TryRemove(copy.Uid(), out _);
        return copy;
    }

    private async Task<JsonObject> WriteStatus(JsonObject json, JobTally tally, CancellationToken cancel)
    {
        var body = (JsonObject)json.DeepClone();
        body["status"] = tally.Status.ToJson();
        var answer = await api.UpdateAsync(Resource.Jobs.Object(json.Namespace(), json.Name(), "status"), body, cancel);
        written[answer.Uid()] = answer;
        tally.Status = JobStatus.Read(answer);
        return answer;
    }
}
