using k8s;
using k8s.Models;
using KubeOps.Abstractions.Rbac;
using KubeOps.KubernetesClient;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Jobs;
using LightReasoner.Operator.Progress;

namespace LightReasoner.Operator.Runs;

/// <summary>Reads what a decision depends on. Reads only what it can depend on: a finished run costs nothing.</summary>
[EntityRbac(typeof(SamplingRunEntity), typeof(FineTuneRunEntity), typeof(RefineRunEntity), Verbs = RbacVerb.Get)]
[EntityRbac(typeof(V1Job), typeof(V1ConfigMap), Verbs = RbacVerb.Get)]
[EntityRbac(typeof(V1Pod), typeof(Corev1Event), Verbs = RbacVerb.List)]
internal sealed class RunObserver(IKubernetesClient client, ProgressStore progress, TimeProvider time)
{
    /// <summary>Runs that are read to find a cycle of references; far above any real pipeline.</summary>
    private const int MaxReferences = 64;

    private static readonly TimeSpan PodsDue = TimeSpan.FromSeconds(2);

    public async Task<RunObservation> ObserveAsync(IRunEntity run, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        RunStatus status = run.RunStatus;
        if (run.Metadata.DeletionTimestamp is not null || status.Phase is RunPhase.Succeeded or RunPhase.Failed)
            return new RunObservation { Run = run, Now = now };

        (string ns, string name) = (run.Metadata.NamespaceProperty, JobNames.Of(RunKey.Of(run)));
        V1Job? job = await client.GetAsync<V1Job>(name, ns, cancellationToken).ConfigureAwait(false);
        V1ConfigMap? document = await client.GetAsync<V1ConfigMap>(name, ns, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<V1Pod> pods = [];
        if (job is not null || status.JobName is not null)
        {
            V1PodList list = await client.ApiClient.CoreV1.ListNamespacedPodAsync(ns, labelSelector: $"{Labels.RunUid}={run.Metadata.Uid}", cancellationToken: cancellationToken).ConfigureAwait(false);
            pods = [.. list.Items];
        }
        progress.Open(run.Metadata.Uid);
        progress.AddFinished(run.Metadata.Uid, pods);
        return new RunObservation
        {
            Run = run,
            Now = now,
            Job = job,
            Document = document,
            Pods = pods,
            References = await ReferencesAsync(run, document, cancellationToken).ConfigureAwait(false),
            Progress = progress.Of(run.Metadata.Uid),
            PodRefusal = job is not null && pods.All(PodState.IsFinished) && NeedsPods(job, now) ? await PodRefusalAsync(job, cancellationToken).ConfigureAwait(false) : null,
        };
    }

    private static bool NeedsPods(V1Job job, DateTimeOffset now) =>
        !job.IsSuspended() && job.Ended() is null && job.StartedAt() is { } start && now - start > PodsDue;

    /// <summary>The Job controller says in events only that a quota or an admission rule stands against its pods.</summary>
    private async Task<string?> PodRefusalAsync(V1Job job, CancellationToken cancellationToken)
    {
        Corev1EventList events = await client.ApiClient.CoreV1.ListNamespacedEventAsync(
            job.Metadata.NamespaceProperty, fieldSelector: $"involvedObject.kind=Job,involvedObject.name={job.Metadata.Name}", cancellationToken: cancellationToken).ConfigureAwait(false);
        return events.Items
            .Where(e => e.Reason == "FailedCreate" && e.InvolvedObject?.Uid == job.Metadata.Uid)
            .MaxBy(e => e.LastTimestamp ?? e.EventTime ?? e.Metadata.CreationTimestamp)?.Message;
    }

    private async Task<IReadOnlyDictionary<RunReference, ReferencedRun?>> ReferencesAsync(IRunEntity run, V1ConfigMap? document, CancellationToken cancellationToken)
    {
        var found = new Dictionary<RunReference, ReferencedRun?>();
        IReadOnlyDictionary<string, string> remembered = ConfigMapTemplate.RememberedReferences(document);
        foreach (RunReference reference in run.RunSpec.References())
        {
            if (run.RunStatus.StartTime is not null && remembered.ContainsKey(reference.ToString())) continue;
            IRunEntity? other = await GetAsync(reference, run.Metadata.NamespaceProperty, cancellationToken).ConfigureAwait(false);
            found[reference] = other is null ? null : new ReferencedRun(
                other.RunStatus.Phase, other.RunStatus.OutputUri, other.RunStatus.Message,
                other.RunStatus.Phase is null or RunPhase.Waiting && await LeadsToAsync(other, RunKey.Of(run), cancellationToken).ConfigureAwait(false));
        }
        return found;
    }

    /// <summary>Whether a run refers, directly or through others that wait as well, to another.</summary>
    private async Task<bool> LeadsToAsync(IRunEntity start, RunKey target, CancellationToken cancellationToken)
    {
        var open = new Queue<IRunEntity>([start]);
        var seen = new HashSet<RunKey>();
        while (open.TryDequeue(out IRunEntity? run))
        {
            if (RunKey.Of(run) == target) return true;
            if (!seen.Add(RunKey.Of(run)) || seen.Count > MaxReferences) continue;
            foreach (RunReference reference in run.RunSpec.References())
            {
                if (new RunKey(reference.Kind!.Value, target.Namespace, reference.Name) == target) return true;
                if (await GetAsync(reference, target.Namespace, cancellationToken).ConfigureAwait(false) is { } next
                    && next.RunStatus.Phase is null or RunPhase.Waiting) open.Enqueue(next);
            }
        }
        return false;
    }

    private async Task<IRunEntity?> GetAsync(RunReference reference, string ns, CancellationToken cancellationToken) => reference.Kind switch
    {
        RunKind.SamplingRun => await client.GetAsync<SamplingRunEntity>(reference.Name, ns, cancellationToken).ConfigureAwait(false),
        RunKind.FineTuneRun => await client.GetAsync<FineTuneRunEntity>(reference.Name, ns, cancellationToken).ConfigureAwait(false),
        RunKind.RefineRun => await client.GetAsync<RefineRunEntity>(reference.Name, ns, cancellationToken).ConfigureAwait(false),
        _ => null,
    };
}
