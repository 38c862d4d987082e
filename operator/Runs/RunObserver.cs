using k8s;
using k8s.Models;
using KubeOps.Abstractions.Rbac;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Jobs;
using LightReasoner.Operator.Progress;
using LightReasoner.Operator.Watching;

namespace LightReasoner.Operator.Runs;

/// <summary>
/// Gathers what a decision depends on, from the watches' stores. The API server is asked only whether the namespace is being deleted,
/// when pods go that nobody here has stopped.
/// </summary>
[EntityRbac(typeof(V1Namespace), Verbs = RbacVerb.Get)]
internal sealed class RunObserver(IKubernetes api, OwnedStore owned, RunIndex index, ProgressStore progress, TimeProvider time)
{
    /// <summary>Runs that are looked at to find a cycle of references; far above any real pipeline.</summary>
    private const int MaxReferences = 64;

    public async Task<RunObservation> ObserveAsync(IRunEntity run, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var uid = run.Metadata.Uid;
        var (jobs, pods) = owned.Of(RunKey.Of(run));
        var job = jobs.FirstOrDefault(j => IsOwned(j, uid));
        var finished = run.RunStatus.Phase is RunPhase.Succeeded or RunPhase.Failed;
        if (!finished && run.Metadata.DeletionTimestamp is null)
        {
            progress.Open(uid);
            progress.AddFinished(uid,
                pods.Where(pod => pod.Metadata.Labels?.TryGetValue(Labels.RunUid, out string? of) == true && of == uid));
        }
        return new RunObservation
        {
            Run = run,
            Now = now,
            Job = job,
            EarlierJob = jobs.FirstOrDefault(j => !IsOwned(j, uid)),
            Pods = pods,
            References = run.RunSpec.References().ToDictionary(reference => reference, reference => Look(reference, RunKey.Of(run))),
            Progress = progress.Of(uid),
            PodRefusal = finished || job is null ? null : Refusal(job, pods),
            NamespaceIsTerminating = !finished && job is not null && PodsGoUnasked(job, pods)
                && await IsTerminatingAsync(job.Metadata.NamespaceProperty, cancellationToken).ConfigureAwait(false),
        };
    }

    private static bool IsOwned(V1Job job, string uid) => job.Metadata.OwnerReferences?.Any(o => o.Uid == uid) == true;

    private static bool PodsGoUnasked(V1Job job, IEnumerable<V1Pod> pods) =>
        !job.IsSuspended() && job.Ended() is null && job.Metadata.DeletionTimestamp is null && job.Spec.BackoffLimitPerIndex is not null
        && pods.Any(pod => pod.IsOwnedBy(job) && pod.Metadata.DeletionTimestamp is not null);

    /// <summary>Why a Job has no pods. What was said before it was started, or before its newest pod was made, is over.</summary>
    private string? Refusal(V1Job job, IEnumerable<V1Pod> pods)
    {
        if (owned.Refusal(job.Metadata.Uid) is not { } refusal || job.Status?.StartTime > refusal.At) return null;
        var newest = pods.Where(pod => pod.IsOwnedBy(job)).Max(pod => pod.Metadata.CreationTimestamp);
        return newest is null || refusal.At > newest ? refusal.Message : null;
    }

    private async Task<bool> IsTerminatingAsync(string ns, CancellationToken cancellationToken) =>
        (await api.CoreV1.ReadNamespaceAsync(ns, cancellationToken: cancellationToken)
            .ConfigureAwait(false)).Metadata.DeletionTimestamp is not null;

    private ReferencedRun? Look(RunReference reference, RunKey from) =>
        index.Find(new RunKey(reference.Kind!.Value, from.Namespace, reference.Name)) is not { } other ? null
            : new ReferencedRun(other.Phase, other.OutputUri, other.Message, IsWaiting(other) && LeadsTo(other, from));

    /// <summary>Whether a run refers, directly or through others that wait as well, to another.</summary>
    private bool LeadsTo(KnownRun start, RunKey target)
    {
        var open = new Queue<KnownRun>([start]);
        for (int seen = 0; seen < MaxReferences && open.TryDequeue(out var run); seen++)
        {
            foreach (var reference in run.References)
            {
                var key = new RunKey(reference.Kind!.Value, target.Namespace, reference.Name);
                if (key == target) return true;
                if (index.Find(key) is { } next && IsWaiting(next)) open.Enqueue(next);
            }
        }
        return false;
    }

    private static bool IsWaiting(KnownRun run) => run.Phase is null or RunPhase.Waiting;
}
