namespace LightReasoner.DevCluster.Jobs;

/// <summary>
/// The Job controller. It reacts to changes of Jobs at once and gathers changes of Pods for a second, so that the status passes through
/// the same states as a real cluster's. One look at a Job at a time, on the newest of what is stored.
/// </summary>
internal sealed class JobController(Store store, Registry registry, ObjectWriter writer, ObjectDeleter deleter)
{
    private const string Manager = "kube-controller-manager";
    private static readonly TimeSpan GatherPods = TimeSpan.FromSeconds(1);

    private readonly ResourceType jobs = registry.Get("batch", "v1", "jobs");
    private readonly ResourceType pods = registry.Get("", "v1", "pods");
    private readonly ResourceType events = registry.Get("", "v1", "events");

    /// <summary>namespace/name of the Jobs to look at, and when.</summary>
    private readonly Dictionary<string, DateTimeOffset> due = [];

    /// <summary>Names of the Pods that a Job of this namespace/name controls.</summary>
    private readonly Dictionary<string, HashSet<string>> podsOf = [];

    private readonly Dictionary<string, BackOff> backOffs = [];

    private DateTimeOffset Now => writer.Time.GetUtcNow();

    public async Task Run(CancellationToken stop)
    {
        using var subscription = store.Subscribe(null, store.Forgotten)!;
        while (true)
        {
            while (subscription.Changes.TryRead(out var change)) Note(change);
            var (key, at) = due.Count == 0 ? default : due.MinBy(d => d.Value);
            var wait = key is null ? Timeout.InfiniteTimeSpan : at - Now;
            if (key is not null && wait <= TimeSpan.Zero)
            {
                due.Remove(key);
                TrySync(key);
                continue;
            }
            using var timer = new CancellationTokenSource(wait, writer.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stop);
            try
            {
                await subscription.Changes.WaitToReadAsync(either.Token);
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                // A Job is due.
            }
        }
    }

    private void Note(Change change)
    {
        if (change.Any.Resource == jobs.StorageName)
        {
            static long? Generation(StoredObject? o) => o?.Document.Number("metadata", "generation");
            Look(change.Any.Document.Key(), Generation(change.New) == Generation(change.Old) ? GatherPods : TimeSpan.Zero);
            if (change.New is null) backOffs.Remove(change.Any.Document.Uid());
        }
        else if (change.Any.Resource == pods.StorageName)
        {
            var (before, now) = (JobOf(change.Old?.Document), JobOf(change.New?.Document));
            if (before is not null && before != now) podsOf.GetValueOrDefault(before)?.Remove(change.Any.Name);
            if (now is not null)
            {
                if (!podsOf.TryGetValue(now, out var names)) podsOf[now] = names = [];
                names.Add(change.Any.Name);
            }
            else if (change.New is { } orphan && new Pod(orphan.Document) is { Tracked: true } pod)
            {
                Release(pod);
            }
            if ((now ?? before) is { } job) Look(job, GatherPods);
        }
    }

    private static string? JobOf(JsonObject? pod) =>
        pod?.ControllerReference() is { } owner && owner.Text("kind") == "Job" ? $"{pod.Namespace()}/{owner.Text("name")}" : null;

    /// <summary>The earliest time asked for wins.</summary>
    private void Look(string key, TimeSpan delay)
    {
        var at = Now + delay;
        if (!due.TryGetValue(key, out var earlier) || at < earlier) due[key] = at;
    }

    private void TrySync(string key)
    {
        try
        {
            Sync(key);
        }
        catch (ApiException)
        {
            // Told by an Event where it is a Pod that was refused.
            Look(key, GatherPods);
        }
    }

    /// <summary>One look at one Job: observe, plan, act on Pods, count, write, release, write.</summary>
    private void Sync(string key)
    {
        var (ns, name) = (key.Split('/')[0], key.Split('/')[1]);
        var all = podsOf.GetValueOrDefault(key, []).Select(n => store.Get(pods.StorageName, ns, n)).OfType<StoredObject>()
            .Select(p => new Pod(p.Document)).ToList();
        var job = store.Get(jobs.StorageName, ns, name) is { } stored ? new Job(stored.Document) : null;
        var mine = all.Where(p => p.Json.ControllerReference().Text("uid") == job?.Uid).ToList();
        foreach (var orphan in all.Except(mine).Where(p => p.Tracked)) Release(orphan);
        if (job is null) return;
        var status = JobStatus.Read(job.Json);
        if (status.Finished)
        {
            foreach (var pod in mine.Where(p => p.Tracked && job.Ours)) Release(pod);
            backOffs.Remove(job.Uid);
            Expire(job, status);
            return;
        }
        if (!job.Ours) return;

        var seen = new JobObservation(job, status, mine, backOffs.GetValueOrDefault(job.Uid) ?? BackOff.None, Now);
        var plan = JobPlanner.Plan(seen);
        var (created, failure) = Apply(job, plan);
        var tally = new JobTally(seen, plan);
        tally.Count(created);
        if (tally.SuspensionEvent is { } suspension) Tell(job, "Normal", suspension, $"Job {suspension.ToLowerInvariant()}");
        WriteStatus(job, tally);
        backOffs[job.Uid] = plan.BackOff;
        foreach (var pod in tally.Release) Release(pod);
        tally.Finish();
        WriteStatus(job, tally);
        if (tally.Verdict is { Type: JobCondition.Complete }) Tell(job, "Normal", "Completed", "Job completed");
        else if (tally.Verdict is { } verdict) Tell(job, "Warning", verdict.Reason, verdict.Message);
        if (plan.Again is { } again) Look(key, again > TimeSpan.Zero ? again : GatherPods);
        if (failure is not null) throw failure;
    }

    /// <summary>Removes or creates the plan's Pods. When a Pod is refused (by its namespace's end, say), the rest would be too.</summary>
    private (int Created, ApiException? Failure) Apply(Job job, JobPlan plan)
    {
        foreach (var pod in plan.Remove)
        {
            if (plan.Uncounted && pod.Tracked) Release(pod);
            if (store.Get(pods.StorageName, pod.Namespace, pod.Name) is null) continue;
            deleter.Delete(pods, pod.Namespace, pod.Name, new DeleteOptions(Uid: pod.Uid));
            Tell(job, "Normal", "SuccessfulDelete", $"Deleted pod: {pod.Name}");
        }
        var created = 0;
        ApiException? failure = null;
        foreach (var index in plan.Create)
        {
            try
            {
                var pod = JobPods.Make(job, index, plan.AwaitingReplacement.GetValueOrDefault(index));
                var made = writer.Create(pods, job.Namespace, pod, new WriteOptions(Manager));
                Tell(job, "Normal", "SuccessfulCreate", $"Created pod: {made.Name}");
                created++;
            }
            catch (ApiException e)
            {
                Tell(job, "Warning", "FailedCreate", $"Error creating: {e.Message}");
                failure = e;
                break;
            }
        }
        return (created, failure);
    }

    /// <summary>Takes the tracking finalizer off.</summary>
    private void Release(Pod pod)
    {
        if (store.Get(pods.StorageName, pod.Namespace, pod.Name)?.Document.Uid() != pod.Uid) return;
        writer.Change(pods, pod.Namespace, pod.Name, o => o.RemoveFinalizer(Pod.TrackingFinalizer));
    }

    private void WriteStatus(Job job, JobTally tally)
    {
        if (tally.ToWrite() is not { } status) return;
        writer.Update(jobs, job.Namespace, job.Name, "status", o =>
        {
            o["status"] = status.Copy();
            return o;
        }, new WriteOptions(Manager));
    }

    /// <summary>Deletes a finished Job, and its Pods with it, ttlSecondsAfterFinished after its end.</summary>
    private void Expire(Job job, JobStatus status)
    {
        if (job.TimeToLive is not { } ttl || job.Deleting) return;
        var end = status.Conditions.Where(c => c.True && c.Type is JobCondition.Complete or JobCondition.Failed)
            .Select(c => DateTimeOffset.TryParse(c.LastTransitionTime, out var t) ? t : Now).First();
        if (end + ttl > Now) Look(job.Key, end + ttl - Now);
        else deleter.Delete(jobs, job.Namespace, job.Name, new DeleteOptions("Foreground", Uid: job.Uid));
    }

    /// <summary>Writes an Event about a Job, or counts the one that says the same.</summary>
    private void Tell(Job job, string type, string reason, string message)
    {
        var now = Now.ToKubernetesTime();
        var news = EventDocument.Make(job.Json, type, reason, message, "job-controller", null, now);
        try
        {
            if (store.Get(events.StorageName, job.Namespace, news.Name()) is null)
            {
                writer.Create(events, job.Namespace, news, new WriteOptions(Manager));
                return;
            }
            writer.Change(events, job.Namespace, news.Name(), o =>
            {
                o["count"] = o.Int("count") + 1;
                o["lastTimestamp"] = now;
            });
        }
        catch (ApiException)
        {
            // Events are news, not state: no namespace, no news.
        }
    }
}
