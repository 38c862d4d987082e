using System.Diagnostics;
using System.Text.Json;
using k8s.Autorest;
using KubeOps.Abstractions.Rbac;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Abstractions.Reconciliation.Controller;
using KubeOps.KubernetesClient;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Hosting;
using LightReasoner.Operator.Metrics;
using LightReasoner.Operator.Watching;

namespace LightReasoner.Operator.Runs;

/// <summary>
/// Reconciles the runs of one kind: observe → decide → act → write the status. Never throws, and keeps its own times to look again: KubeOps
/// drops what throws too often.
/// </summary>
[EntityRbac(typeof(SamplingRunEntity), typeof(FineTuneRunEntity), typeof(RefineRunEntity), Verbs = RbacVerb.Get)]
[GenericRbac(Groups = [ApiGroup.Name], Resources = ["samplingruns/status", "finetuneruns/status", "refineruns/status"],
    Verbs = RbacVerb.Update)]
// Owner references that block deletion need it, where OwnerReferencesPermissionEnforcement is on.
[GenericRbac(Groups = [ApiGroup.Name], Resources = ["samplingruns/finalizers", "finetuneruns/finalizers", "refineruns/finalizers"],
    Verbs = RbacVerb.Update)]
[GenericRbac(Groups = [""], Resources = ["events"], Verbs = RbacVerb.Get | RbacVerb.Create | RbacVerb.Update)]
[GenericRbac(Groups = ["coordination.k8s.io"], Resources = ["leases"], Verbs = RbacVerb.Get | RbacVerb.Create | RbacVerb.Update)]
internal sealed class RunController<T>(
    RunObserver observer, RunDecider decider, RunActor actor, RunMemory memory, RunQueue queue, RunIndex index, Watches watches,
    Outage outage, OperatorOptions options,
    IKubernetesClient client, RunEvents events, OperatorMetrics metrics, TimeProvider time, ILogger<RunController<T>> logger)
    : IEntityController<T>
    where T : class, IRunEntity
{
    private const int StatusAttempts = 10;

    private static readonly TimeSpan AfterConflict = TimeSpan.FromMilliseconds(200);

    public async Task<ReconciliationResult<T>> ReconcileAsync(T run, CancellationToken cancellationToken)
    {
        var key = RunKey.Of(run);
        var uid = run.Metadata.Uid;
        var start = time.GetTimestamp();
        var outcome = "success";
        try
        {
            await watches.Synced.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (await ReconcileOnceAsync(run, key, cancellationToken).ConfigureAwait(false) is { } again) queue.Add(key, uid, again);
            memory.Pace.Went(uid);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (HttpOperationException e) when (ApiErrors.IsConflict(e))
        {
            outcome = "conflict";
            logger.Conflict(key, ApiErrors.Message(e));
            queue.Add(key, uid, AfterConflict);
        }
        catch (Exception e)
        {
            outcome = "error";
            var wait = memory.Pace.Failed(uid);
            if (Outage.Is(e)) outage.Told($"reconciling {key}", e);
            else logger.ReconcileFailed(e, key, wait.TotalSeconds);
            queue.Add(key, uid, wait);
        }
        finally
        {
            metrics.Reconciled(key.Kind, outcome, time.GetElapsedTime(start));
        }
        return ReconciliationResult<T>.Success(run);
    }

    /// <summary>
    /// A run that was made again under its name at once may come up here only: KubeOps takes the newer for the one that is gone. So the
    /// name is read again, and what lives is reconciled.
    /// </summary>
    public async Task<ReconciliationResult<T>> DeletedAsync(T run, CancellationToken cancellationToken)
    {
        var key = RunKey.Of(run);
        memory.Forget(key, run.Metadata.Uid);
        metrics.Forget(run.Metadata.Uid);
        index.Remove(key, run.Metadata.Uid);
        queue.Add(memory.Waiters.For(key));
        try
        {
            if (await client.GetAsync<T>(key.Name, key.Namespace, cancellationToken).ConfigureAwait(false) is { } living
                && living.Metadata.Uid != run.Metadata.Uid)
                queue.Add(key, living.Metadata.Uid, TimeSpan.Zero);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The next list finds it.
            if (Outage.Is(e)) outage.Told($"reading {key}", e);
            else logger.ReconcileFailed(e, key, Resync.Period.TotalSeconds);
        }
        return ReconciliationResult<T>.Success(run);
    }

    private async Task<TimeSpan?> ReconcileOnceAsync(T run, RunKey key, CancellationToken cancellationToken)
    {
        var observation = await observer.ObserveAsync(run, cancellationToken).ConfigureAwait(false);
        var decision = decider.Decide(observation);
        if (await actor.ActAsync(run, decision.Actions, cancellationToken).ConfigureAwait(false) is { } refusal)
            decision = decider.Refused(observation, refusal);
        // One status tells of the run and of the Job that was just made.
        else if (decision.Actions.Any(action => action is RunAction.CreateJob))
            decision = decider.Decide(observation = await observer.ObserveAsync(run, cancellationToken).ConfigureAwait(false));
        if (run.Metadata.DeletionTimestamp is not null || decision.Actions.Any(action => action is RunAction.DeleteRun))
            return decision.RequeueAfter;

        memory.Waiters.Set(key, run.Metadata.Uid,
            decision.Status.Phase == RunPhase.Waiting || Dependencies.HaveFailed(decision.Status) ? run.RunSpec.References() : []);
        var wait = await WriteAsync(run, key, decision.Status, JobStanding.LastFailedAttempt(observation), cancellationToken)
            .ConfigureAwait(false);
        if (wait > TimeSpan.Zero) return decision.RequeueAfter is { } planned && planned < wait ? planned : wait;
        return decision.RequeueAfter;
    }

    /// <returns>How long to hold the status back, zero if it is written or nothing has changed.</returns>
    private async Task<TimeSpan> WriteAsync(T run, RunKey key, RunStatus status, string? lastFailure, CancellationToken cancellationToken)
    {
        var uid = run.Metadata.Uid;
        var before = run.RunStatus;
        if (Json(before) != Json(status))
        {
            var urgent = StatusWriting.DifferInSubstance(before, status);
            if (!urgent && memory.Pace.Wait(uid, options.StatusInterval) is { Ticks: > 0 } wait) return wait;
            run.RunStatus = status;
            try
            {
                await PutStatusAsync(run, before, cancellationToken).ConfigureAwait(false);
            }
            catch (HttpOperationException e) when (ApiErrors.IsMissing(e))
            {
                return TimeSpan.Zero;
            }
            memory.Pace.Written(uid);
            index.Set(key, uid, status);
            Announce(run, key, before, status, lastFailure);
        }
        metrics.Observe(key, uid, status);
        if (status.Phase is RunPhase.Succeeded or RunPhase.Failed)
        {
            memory.Finished(uid);
            // Also without a change: after a restart of the operator nobody else would wake those who wait.
            queue.Add(memory.Waiters.For(key));
        }
        else if (before.Phase != status.Phase) queue.Add(memory.Waiters.For(key));
        return TimeSpan.Zero;
    }

    /// <summary>
    /// The resourceVersion read with the run goes along: a status that was decided on old grounds is refused (409). Where only labels,
    /// annotations and the like have changed since, the grounds are the same, and it is written all the same.
    /// </summary>
    private async Task PutStatusAsync(T run, RunStatus before, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await client.UpdateStatusAsync(run, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (HttpOperationException e) when (ApiErrors.IsConflict(e) && attempt < StatusAttempts)
            {
                var now = await client.GetAsync<T>(run.Metadata.Name, run.Metadata.NamespaceProperty, cancellationToken)
                    .ConfigureAwait(false);
                var sameGrounds = now is not null && now.Metadata.Uid == run.Metadata.Uid
                    && now.Metadata.Generation == run.Metadata.Generation
                    && now.Metadata.DeletionTimestamp is null && Json(now.RunStatus) == Json(before);
                if (!sameGrounds) throw;
                run.Metadata.ResourceVersion = now!.Metadata.ResourceVersion;
            }
        }
    }

    private void Announce(T run, RunKey key, RunStatus before, RunStatus status, string? lastFailure)
    {
        if (before.Phase != status.Phase)
            logger.PhaseChanged(key, before.Phase?.ToString() ?? "new", status.Phase.ToString()!, status.Message ?? "");
        foreach (var e in Transitions.Between(before, status, lastFailure)) events.Add(run, e);
    }

    private static string Json(RunStatus status) => JsonSerializer.Serialize(status, status.GetType(), ApiJson.Options);
}
