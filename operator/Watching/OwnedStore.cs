using System.Globalization;
using k8s;
using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Jobs;
using LightReasoner.Operator.Progress;
using LightReasoner.Operator.Runs;

namespace LightReasoner.Operator.Watching;

/// <summary>
/// Jobs and pods of runs as the watches show them, by the run that they say they belong to: small copies, without templates and
/// documents. What is read here proves nothing about ownership; that is for owner references to tell.
/// </summary>
internal sealed class OwnedStore(RunQueue queue, ProgressStore progress)
{
    /// <summary>Changes come in bursts (a pod ends, its Job counts it, twice); one look serves them all.</summary>
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(50);

    private readonly Lock gate = new();
    private readonly Dictionary<RunKey, Owned> runs = [];
    private readonly Dictionary<string, (RunKey Run, string Owner)> jobsByUid = [];
    private readonly Dictionary<string, PodRefusal> refusals = [];
    private readonly Dictionary<string, (RunKey Run, V1Pod Pod)> podsByUid = [];

    /// <summary>
    /// Jobs that the watch told were deleted: an answer to a request that was read before and comes in late does not bring them back.
    /// </summary>
    private readonly HashSet<string> deletedJobs = [];

    /// <summary>The Jobs and pods of a run's name, those of an earlier run of that name included.</summary>
    public (IReadOnlyList<V1Job> Jobs, IReadOnlyList<V1Pod> Pods) Of(RunKey run)
    {
        lock (gate) return runs.TryGetValue(run, out var owned) ? ([.. owned.Jobs.Values], [.. owned.Pods.Values]) : ([], []);
    }

    /// <summary>The pod of a uid, and the Job that owns it; null where none is known.</summary>
    public (V1Pod Pod, V1Job Job)? Worker(string podUid)
    {
        lock (gate)
        {
            if (!podsByUid.TryGetValue(podUid, out var found)) return null;
            var job = runs[found.Run].Jobs.Values.FirstOrDefault(found.Pod.IsOwnedBy);
            return job is null ? null : (found.Pod, job);
        }
    }

    /// <summary>Takes a Job in.</summary>
    /// <param name="job">The Job.</param>
    /// <param name="wake">Whether its run is to be looked at.</param>
    public void Changed(V1Job job, bool wake = true)
    {
        if (OwnerOf(job) is not { } owner) return;
        Small(job);
        lock (gate)
        {
            if (deletedJobs.Contains(job.Metadata.Uid)) return;
            var jobs = For(owner.Run).Jobs;
            if (jobs.TryGetValue(job.Metadata.Uid, out var known) && IsNewer(known.Metadata, job.Metadata)) return;
            var same = known is not null && Same(known, job);
            jobs[job.Metadata.Uid] = job;
            jobsByUid[job.Metadata.Uid] = (owner.Run, owner.Uid);
            if (same) return;
        }
        if (wake) queue.Add(owner.Run, owner.Uid, Burst);
    }

    public void Changed(V1Pod pod)
    {
        if (OwnerOf(pod) is not { } owner) return;
        Small(pod);
        lock (gate)
        {
            var same = podsByUid.TryGetValue(pod.Metadata.Uid, out var known) && Same(known.Pod, pod);
            For(owner.Run).Pods[pod.Metadata.Uid] = pod;
            podsByUid[pod.Metadata.Uid] = (owner.Run, pod);
            if (same) return;
        }
        queue.Add(owner.Run, owner.Uid, Burst);
    }

    /// <summary>Takes in that the Job controller could not make a pod; it may be heard of before the Job is.</summary>
    public void Changed(Corev1Event e)
    {
        if (RefusalOf(e) is not { } refusal || e.InvolvedObject?.Uid is not { } uid) return;
        (RunKey Run, string Owner)? job;
        lock (gate)
        {
            if (refusals.TryGetValue(uid, out var known) && known.At > refusal.At) return;
            refusals[uid] = refusal;
            job = jobsByUid.TryGetValue(uid, out var found) ? found : null;
        }
        if (job is { } of) queue.Add(of.Run, of.Owner, Burst);
    }

    public void Deleted(Corev1Event e)
    {
        lock (gate)
            if (e.InvolvedObject?.Uid is { } uid && refusals.TryGetValue(uid, out var known) && known.Event == e.Metadata.Uid)
                refusals.Remove(uid);
    }

    /// <summary>What a whole list of events lacks has been forgotten by the API server.</summary>
    public void ListedEvents(IReadOnlySet<string> uids, string? ns)
    {
        lock (gate)
            foreach (var (job, refusal) in refusals.ToArray())
                if ((ns is null || refusal.Namespace == ns) && !uids.Contains(refusal.Event)) refusals.Remove(job);
    }

    /// <summary>The newest refusal of a pod of a Job; null for none.</summary>
    public PodRefusal? Refusal(string jobUid)
    {
        lock (gate) return refusals.GetValueOrDefault(jobUid);
    }

    public void Deleted(V1Job job)
    {
        if (OwnerOf(job) is not { } owner) return;
        lock (gate) deletedJobs.Add(job.Metadata.Uid);
        RemoveJob(owner.Run, job.Metadata.Uid, owner.Uid);
    }

    /// <summary>A pod's last words go with it, unless they are read now; that it ended is remembered as long as its Job is there.</summary>
    public void Deleted(V1Pod pod)
    {
        if (OwnerOf(pod) is not { } owner) return;
        progress.AddFinished(owner.Uid, [pod]);
        lock (gate)
        {
            podsByUid.Remove(pod.Metadata.Uid);
            var owned = For(owner.Run);
            owned.Pods.Remove(pod.Metadata.Uid);
            Small(pod);
            pod.Metadata.DeletionTimestamp ??= pod.Metadata.CreationTimestamp;
            if (!pod.IsFinished()) (pod.Status ??= new V1PodStatus()).Phase = "Failed";
            if (owned.Jobs.Values.Any(pod.IsOwnedBy)) owned.Pods[pod.Metadata.Uid] = pod;
            Tidy(owner.Run);
        }
        queue.Add(owner.Run, owner.Uid, Burst);
    }

    /// <summary>What a whole list of Jobs lacks is gone.</summary>
    public void ListedJobs(IReadOnlySet<string> uids, Func<RunKey, bool> inScope)
    {
        (RunKey Run, string Uid, string Owner)[] gone;
        lock (gate)
        {
            deletedJobs.Clear();
            gone = [.. runs.Where(r => inScope(r.Key)).SelectMany(r =>
                r.Value.Jobs.Values.Where(j => !uids.Contains(j.Metadata.Uid))
                .Select(j => (r.Key, j.Metadata.Uid, OwnerOf(j)!.Value.Uid)))];
        }
        foreach (var (run, uid, owner) in gone) RemoveJob(run, uid, owner);
    }

    /// <summary>What a whole list of pods lacks is gone.</summary>
    public void ListedPods(IReadOnlySet<string> uids, Func<RunKey, bool> inScope)
    {
        (RunKey Run, string Owner)[] changed;
        lock (gate)
        {
            (RunKey Run, V1Pod Pod)[] gone = [.. podsByUid.Values.Where(p => inScope(p.Run) && !uids.Contains(p.Pod.Metadata.Uid))];
            foreach (var (run, pod) in gone)
            {
                podsByUid.Remove(pod.Metadata.Uid);
                For(run).Pods.Remove(pod.Metadata.Uid);
                Tidy(run);
            }
            changed = [.. gone.Select(p => (p.Run, OwnerOf(p.Pod)!.Value.Uid)).Distinct()];
        }
        foreach (var (run, owner) in changed) queue.Add(run, owner, Burst);
    }

    /// <summary>The run that an object says it belongs to.</summary>
    private static (RunKey Run, string Uid)? OwnerOf(IKubernetesObject<V1ObjectMeta> owned)
    {
        var metadata = owned.Metadata;
        return metadata.Labels?.TryGetValue(Labels.RunUid, out string? uid) == true
            && metadata.Annotations is { } annotations
            && annotations.TryGetValue(Labels.Run, out var name)
            && annotations.TryGetValue(Labels.Kind, out var kindName)
            && Enum.TryParse(kindName, out RunKind kind) && Enum.IsDefined(kind)
                ? (new RunKey(kind, metadata.NamespaceProperty, name), uid!)
                : null;
    }

    private void RemoveJob(RunKey run, string uid, string owner)
    {
        lock (gate)
        {
            jobsByUid.Remove(uid);
            var owned = For(run);
            owned.Jobs.Remove(uid);
            // Pods that are only remembered go with their Job.
            foreach (var pod in owned.Pods.Keys.Where(key => !podsByUid.ContainsKey(key)).ToArray()) owned.Pods.Remove(pod);
            Tidy(run);
        }
        queue.Add(run, owner, Burst);
    }

    private Owned For(RunKey run)
    {
        if (!runs.TryGetValue(run, out var owned)) runs[run] = owned = new Owned();
        return owned;
    }

    private void Tidy(RunKey run)
    {
        if (runs[run] is { Jobs.Count: 0, Pods.Count: 0 }) runs.Remove(run);
    }

    private static PodRefusal? RefusalOf(Corev1Event e) =>
        (e.Series?.LastObservedTime ?? e.LastTimestamp ?? e.EventTime ?? e.Metadata.CreationTimestamp) is { } at
            ? new PodRefusal(e.Metadata.Uid, e.Message ?? "", at, e.Metadata.NamespaceProperty) : null;

    private static bool IsNewer(V1ObjectMeta a, V1ObjectMeta b) =>
        long.TryParse(a.ResourceVersion, CultureInfo.InvariantCulture, out var x)
            && long.TryParse(b.ResourceVersion, CultureInfo.InvariantCulture, out var y) && x > y;

    /// <summary>Whether nothing of interest has changed: finalizers and managed fields do, several times in a Job's life.</summary>
    private static bool Same(V1Job a, V1Job b) =>
        a.Metadata.DeletionTimestamp == b.Metadata.DeletionTimestamp && Json(a.Spec) == Json(b.Spec) && Json(a.Status) == Json(b.Status);

    private static bool Same(V1Pod a, V1Pod b) =>
        a.Metadata.DeletionTimestamp == b.Metadata.DeletionTimestamp && a.Spec.NodeName == b.Spec.NodeName
            && Json(a.Status) == Json(b.Status);

    private static string Json(object? part) => KubernetesJson.Serialize(part);

    private static void Small(V1Job job)
    {
        var image = job.Spec.Template?.Spec?.Containers?.FirstOrDefault()?.Image;
        job.Metadata = Small(job.Metadata);
        if (image is not null) job.Metadata.Annotations[Labels.Image] = image;
        job.Spec.Template = null;
        job.Spec.PodFailurePolicy = null;
        job.Spec.Selector = null;
    }

    private static void Small(V1Pod pod)
    {
        pod.Metadata = Small(pod.Metadata);
        pod.Spec = new V1PodSpec { NodeName = pod.Spec?.NodeName, Containers = null };
        if (pod.Status is not { } status) return;
        var worker = pod.Worker();
        pod.Status = new V1PodStatus
        {
            Phase = status.Phase,
            Reason = status.Reason,
            Message = status.Message,
            Conditions = status.Conditions?.Where(c => PodState.Conditions.Contains(c.Type)).ToList(),
            ContainerStatuses = worker is null ? null
                : [new V1ContainerStatus { Name = worker.Name, Image = worker.Image, State = worker.State }],
        };
    }

    private static V1ObjectMeta Small(V1ObjectMeta m) => new()
    {
        Name = m.Name,
        NamespaceProperty = m.NamespaceProperty,
        Uid = m.Uid,
        ResourceVersion = m.ResourceVersion,
        CreationTimestamp = m.CreationTimestamp,
        DeletionTimestamp = m.DeletionTimestamp,
        OwnerReferences = m.OwnerReferences,
        Labels = new Dictionary<string, string> { [Labels.RunUid] = m.Labels[Labels.RunUid] },
        Annotations = m.Annotations.Where(a => a.Key != Labels.Document
            && (a.Key.StartsWith(Labels.Own, StringComparison.Ordinal) || a.Key.StartsWith(Labels.Batch, StringComparison.Ordinal)))
            .ToDictionary(),
    };

    private sealed class Owned
    {
        public Dictionary<string, V1Job> Jobs { get; } = [];

        public Dictionary<string, V1Pod> Pods { get; } = [];
    }
}

/// <summary>That the Job controller could not make a pod.</summary>
/// <param name="Event">Uid of its event.</param>
/// <param name="Message">What the API server said.</param>
/// <param name="At">When it last did.</param>
/// <param name="Namespace">Namespace of the Job.</param>
internal sealed record PodRefusal(string Event, string Message, DateTime At, string Namespace);
