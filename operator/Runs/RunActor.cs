using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Autorest;
using k8s.Models;
using KubeOps.Abstractions.Rbac;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Jobs;
using LightReasoner.Operator.Watching;

namespace LightReasoner.Operator.Runs;

/// <summary>
/// Carries a decision's actions out, in order, and takes what comes of them into the store, so that the next decision knows it. Stops at
/// the first that the API server refuses for good.
/// </summary>
[EntityRbac(typeof(V1Job), Verbs = RbacVerb.Get | RbacVerb.Create | RbacVerb.Patch | RbacVerb.Delete)]
[EntityRbac(typeof(SamplingRunEntity), typeof(FineTuneRunEntity), typeof(RefineRunEntity), Verbs = RbacVerb.Delete)]
internal sealed class RunActor(IKubernetes api, OwnedStore owned, ILogger<RunActor> logger)
{
    /// <returns>The refusal that ended it, or null. Conflicts and an unreachable API server are thrown: they pass.</returns>
    public async Task<Refusal?> ActAsync(IRunEntity run, IReadOnlyList<RunAction> actions, CancellationToken cancellationToken)
    {
        foreach (var action in actions)
        {
            try
            {
                if (await ActAsync(run, action, cancellationToken).ConfigureAwait(false) is { } taken) return taken;
            }
            catch (HttpOperationException e) when (Refused(e) is { } refusal)
            {
                if (action is RunAction.CreateJob create)
                    refusal = refusal with { Message = RunTerms.Of(refusal.Message, create.Body, run.RunSpec.Worker) };
                logger.Refused(RunKey.Of(run), action.GetType().Name, refusal.Message);
                return refusal;
            }
        }
        return null;
    }

    private async Task<Refusal?> ActAsync(IRunEntity run, RunAction action, CancellationToken cancellationToken)
    {
        var ns = run.Metadata.NamespaceProperty;
        switch (action)
        {
            case RunAction.CreateJob create:
                return await CreateAsync(run, create.Body, cancellationToken).ConfigureAwait(false);
            case RunAction.DeleteJob delete:
                logger.JobDeleted(RunKey.Of(run), delete.Job.Metadata.Name, delete.Why);
                await IgnoreMissing(() => api.BatchV1.DeleteNamespacedJobAsync(
                    delete.Job.Metadata.Name, ns, Exactly(delete.Job.Metadata, delete.Foreground ? "Foreground" : "Background"),
                        cancellationToken: cancellationToken)).ConfigureAwait(false);
                break;
            case RunAction.PatchJob patch:
                await IgnoreMissing(async () => owned.Changed(await api.BatchV1.PatchNamespacedJobAsync(
                    new V1Patch(PatchOf(patch), V1Patch.PatchType.MergePatch), patch.Job.Metadata.Name, ns,
                        cancellationToken: cancellationToken).ConfigureAwait(false))).ConfigureAwait(false);
                break;
            case RunAction.DeleteRun:
                logger.RunExpired(RunKey.Of(run));
                await IgnoreMissing(() => api.CustomObjects.DeleteNamespacedCustomObjectAsync(
                    ApiGroup.Name, ApiGroup.Version, ns, RunPlurals.Of(run.RunKind), run.Metadata.Name,
                    Exactly(run.Metadata, "Background"), cancellationToken: cancellationToken)).ConfigureAwait(false);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(action), action, "not an action");
        }
        return null;
    }

    /// <summary>Strict: what the API server does not know is an error of the run, not left out.</summary>
    private async Task<Refusal?> CreateAsync(IRunEntity run, JsonObject body, CancellationToken cancellationToken)
    {
        var (ns, name) = (run.Metadata.NamespaceProperty, (string)body["metadata"]!["name"]!);
        try
        {
            var made = await api.CustomObjects.CreateNamespacedCustomObjectAsync<V1Job>(
                body, "batch", "v1", ns, "jobs", fieldValidation: "Strict", cancellationToken: cancellationToken).ConfigureAwait(false);
            // The caller looks at it next.
            owned.Changed(made, wake: false);
            logger.JobCreated(RunKey.Of(run), name);
            return null;
        }
        catch (HttpOperationException e) when (ApiErrors.IsConflict(e))
        {
            V1Job? existing = null;
            await IgnoreMissing(async () => existing = await api.BatchV1.ReadNamespacedJobAsync(name, ns,
                cancellationToken: cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            // Gone in between: the name is free again.
            if (existing is null) throw;
            // Made before this operator's watch knew of it, or that of an earlier run: the store shows it from now on.
            if (existing.Annotation(Labels.Run) == run.Metadata.Name && existing.Metadata.Labels?.ContainsKey(Labels.RunUid) == true)
            {
                owned.Changed(existing);
                throw;
            }
            return new Refusal(Reasons.NameTaken,
                $"Job {name} exists and does not belong to this run; delete it, or give the run another name");
        }
    }

    /// <summary>The uid guards against patching a Job that was made anew under the same name.</summary>
    private static string PatchOf(RunAction.PatchJob patch)
    {
        var annotations = new Dictionary<string, string>();
        var spec = new Dictionary<string, object>();
        if (patch.Suspend is { } suspend) spec["suspend"] = suspend;
        if (patch.TimeToLive is { } ttl) spec["ttlSecondsAfterFinished"] = ttl;
        if (patch.Parallelism is { } parallelism)
        {
            spec["parallelism"] = parallelism;
            annotations[Labels.Parallelism] = parallelism.ToString(CultureInfo.InvariantCulture);
        }
        return JsonSerializer.Serialize(new { metadata = new { uid = patch.Job.Metadata.Uid, annotations }, spec });
    }

    private static V1DeleteOptions Exactly(V1ObjectMeta metadata, string? propagation = null) =>
        new() { PropagationPolicy = propagation, Preconditions = new V1Preconditions { Uid = metadata.Uid } };

    /// <summary>Forbidden (quota, admission, rights) and invalid do not pass by trying again at once; people have to act.</summary>
    private static Refusal? Refused(HttpOperationException e)
    {
        if (e.Response?.StatusCode is not (HttpStatusCode.Forbidden or HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest))
            return null;
        var message = ApiErrors.Message(e);
        return new Refusal(message.Contains("exceeded quota", StringComparison.Ordinal) ? Reasons.QuotaExceeded : Reasons.JobRefused,
            FailureText.Clean(message));
    }

    private static async Task IgnoreMissing(Func<Task> call)
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (HttpOperationException e) when (e.Response?.StatusCode == HttpStatusCode.NotFound)
        {
            // What was wanted.
        }
    }
}
