using System.Diagnostics;
using System.Text.Json;
using k8s.Autorest;
using KubeOps.Abstractions.Events;
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
/// Reconciles the runs of one kind: observe → decide → act → write the status. Never throws, and never leaves an unfinished run without
/// a time to look again: KubeOps drops what throws too often and resyncs nothing by itself.
/// </summary>
[EntityRbac(typeof(SamplingRunEntity), typeof(FineTuneRunEntity), typeof(RefineRunEntity), Verbs = RbacVerb.Get | RbacVerb.List | RbacVerb.Watch)]
[GenericRbac(Groups = [ApiGroup.Name], Resources = ["samplingruns/status", "finetuneruns/status", "refineruns/status"], Verbs = RbacVerb.Update)]
// Owner references that block deletion need it, where OwnerReferencesPermissionEnforcement is on.
[GenericRbac(Groups = [ApiGroup.Name], Resources = ["samplingruns/finalizers", "finetuneruns/finalizers", "refineruns/finalizers"], Verbs = RbacVerb.Update)]
[GenericRbac(Groups = [""], Resources = ["events"], Verbs = RbacVerb.Get | RbacVerb.Create | RbacVerb.Update)]
[GenericRbac(Groups = ["coordination.k8s.io"], Resources = ["leases"], Verbs = RbacVerb.Get | RbacVerb.Create | RbacVerb.Update)]
internal sealed class RunController<T>(
    RunObserver observer, RunDecider decider, RunActor actor, RunMemory memory, RunQueue queue, OperatorOptions options,
    IKubernetesClient client, EventPublisher events, OperatorMetrics metrics, TimeProvider time, ILogger<RunController<T>> logger)
    : IEntityController<T>
    where T : class, IRunEntity
{
    private const int StatusAttempts = 10;

    private static readonly TimeSpan AfterConflict = TimeSpan.FromMilliseconds(200);

    public async Task<ReconciliationResult<T>> ReconcileAsync(T run, CancellationToken cancellationToken)
    {
        RunKey key = RunKey.Of(run);
        string uid = run.Metadata.Uid;
        long start = time.GetTimestamp();
        string outcome = "success";
        try
        {
            TimeSpan? again = await ReconcileOnceAsync(run, key, cancellationToken).ConfigureAwait(false);
            memory.Pace.Went(uid);
            return ReconciliationResult<T>.Success(run, again);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (HttpOperationException e) when (ApiErrors.IsConflict(e))
        {
            outcome = "conflict";
            logger.Conflict(key, ApiErrors.Message(e));
            return ReconciliationResult<T>.Success(run, AfterConflict);
        }
        catch (Exception e)
        {
            outcome = "error";
            TimeSpan wait = memory.Pace.Failed(uid);
            logger.ReconcileFailed(e, key, wait.TotalSeconds);
            return ReconciliationResult<T>.Failure(run, e.Message, e, wait);
        }
        finally
        {
            metrics.Reconciled(key.Kind, outcome, time.GetElapsedTime(start));
        }
    }

    public Task<ReconciliationResult<T>> DeletedAsync(T run, CancellationToken cancellationToken)
    {
        memory.Forget(RunKey.Of(run), run.Metadata.Uid);
        metrics.Forget(run.Metadata.Uid);
        return Task.FromResult(ReconciliationResult<T>.Success(run));
    }

    private async Task<TimeSpan?> ReconcileOnceAsync(T run, RunKey key, CancellationToken cancellationToken)
    {
        RunObservation observation = await observer.ObserveAsync(run, cancellationToken).ConfigureAwait(false);
        RunDecision decision = decider.Decide(observation);
        if (await actor.ActAsync(run, decision.Actions, cancellationToken).ConfigureAwait(false) is { } refusal)
            decision = decider.Refused(observation, refusal);
        if (run.Metadata.DeletionTimestamp is not null || decision.Actions.Any(action => action is RunAction.DeleteRun)) return decision.RequeueAfter;

        memory.Waiters.Set(key, run.Metadata.Uid, decision.Status.Phase == RunPhase.Waiting ? run.RunSpec.References() : []);
        TimeSpan wait = await WriteAsync(run, key, decision.Status, cancellationToken).ConfigureAwait(false);
        if (wait > TimeSpan.Zero) return decision.RequeueAfter is { } planned && planned < wait ? planned : wait;
        return decision.RequeueAfter;
    }

    /// <returns>How long to hold the status back, zero if it is written or nothing has changed.</returns>
    private async Task<TimeSpan> WriteAsync(T run, RunKey key, RunStatus status, CancellationToken cancellationToken)
    {
        string uid = run.Metadata.Uid;
        RunStatus before = run.RunStatus;
        if (Json(before) != Json(status))
        {
            bool urgent = StatusWriting.DifferInSubstance(before, status);
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
            await AnnounceAsync(run, key, before, status, cancellationToken).ConfigureAwait(false);
        }
        metrics.Observe(key, uid, status);
        if (status.Phase is RunPhase.Succeeded or RunPhase.Failed)
        {
            memory.Finished(uid);
            // Also without a change: after a restart of the operator nobody else would wake those who wait.
            await WakeAsync(key, cancellationToken).ConfigureAwait(false);
        }
        else if (before.Phase is null) await WakeAsync(key, cancellationToken).ConfigureAwait(false);
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
                T? now = await client.GetAsync<T>(run.Metadata.Name, run.Metadata.NamespaceProperty, cancellationToken).ConfigureAwait(false);
                bool sameGrounds = now is not null && now.Metadata.Uid == run.Metadata.Uid && now.Metadata.Generation == run.Metadata.Generation
                    && now.Metadata.DeletionTimestamp is null && Json(now.RunStatus) == Json(before);
                if (!sameGrounds) throw;
                run.Metadata.ResourceVersion = now!.Metadata.ResourceVersion;
            }
        }
    }

    private async Task AnnounceAsync(T run, RunKey key, RunStatus before, RunStatus status, CancellationToken cancellationToken)
    {
        if (before.Phase != status.Phase) logger.PhaseChanged(key, before.Phase?.ToString() ?? "new", status.Phase.ToString()!, status.Message ?? "");
        foreach (RunEvent e in Transitions.Between(before, status))
        {
            try
            {
                await events(run, e.Reason, e.Message, e.Type, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                logger.EventLost(error, key, e.Reason);
            }
        }
    }

    private async Task WakeAsync(RunKey key, CancellationToken cancellationToken)
    {
        foreach ((RunKey waiter, string uid) in memory.Waiters.For(key))
            await queue.EnqueueAsync(waiter, uid, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
    }

    private static string Json(RunStatus status) => JsonSerializer.Serialize(status, status.GetType(), ApiJson.Options);
}
