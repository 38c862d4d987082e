using System.Globalization;
using System.Net;
using System.Text.Json;
using k8s;
using k8s.Autorest;
using k8s.Models;
using KubeOps.Abstractions.Rbac;
using KubeOps.KubernetesClient;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Jobs;

namespace LightReasoner.Operator.Runs;

/// <summary>Carries a decision's actions out, in order. Stops at the first that the API server refuses for good.</summary>
[EntityRbac(typeof(V1Job), Verbs = RbacVerb.Create | RbacVerb.Patch | RbacVerb.Delete)]
[EntityRbac(typeof(V1ConfigMap), Verbs = RbacVerb.Create | RbacVerb.Update | RbacVerb.Delete)]
[EntityRbac(typeof(SamplingRunEntity), typeof(FineTuneRunEntity), typeof(RefineRunEntity), Verbs = RbacVerb.Delete)]
internal sealed class RunActor(IKubernetesClient client, ILogger<RunActor> logger)
{
    private IKubernetes Api => client.ApiClient;

    /// <returns>The refusal that ended it, or null. Conflicts and an unreachable API server are thrown: they pass.</returns>
    public async Task<Refusal?> ActAsync(IRunEntity run, IReadOnlyList<RunAction> actions, CancellationToken cancellationToken)
    {
        foreach (RunAction action in actions)
        {
            try
            {
                await ActAsync(run, action, cancellationToken).ConfigureAwait(false);
            }
            catch (HttpOperationException e) when (Refused(e) is { } refusal)
            {
                logger.Refused(RunKey.Of(run), action.GetType().Name, refusal.Message);
                return refusal;
            }
        }
        return null;
    }

    private async Task ActAsync(IRunEntity run, RunAction action, CancellationToken cancellationToken)
    {
        string ns = run.Metadata.NamespaceProperty;
        switch (action)
        {
            case RunAction.CreateDocument create:
                await Api.CoreV1.CreateNamespacedConfigMapAsync(create.Document, ns, cancellationToken: cancellationToken).ConfigureAwait(false);
                break;
            case RunAction.ReplaceDocument { Existing.Immutable: true } replace:
                // Cannot be changed; the next look finds none and makes it anew.
                await Api.CoreV1.DeleteNamespacedConfigMapAsync(replace.Existing.Metadata.Name, ns, Exactly(replace.Existing.Metadata), cancellationToken: cancellationToken).ConfigureAwait(false);
                break;
            case RunAction.ReplaceDocument replace:
                logger.DocumentHealed(RunKey.Of(run), replace.Existing.Metadata.Name);
                await Api.CoreV1.ReplaceNamespacedConfigMapAsync(
                    ConfigMapTemplate.Heal(replace.Existing, replace.Document), replace.Existing.Metadata.Name, ns, cancellationToken: cancellationToken).ConfigureAwait(false);
                break;
            case RunAction.CreateJob create:
                await Api.BatchV1.CreateNamespacedJobAsync(create.Job, ns, cancellationToken: cancellationToken).ConfigureAwait(false);
                logger.JobCreated(RunKey.Of(run), create.Job.Metadata.Name);
                break;
            case RunAction.DeleteJob delete:
                logger.JobDeleted(RunKey.Of(run), delete.Job.Metadata.Name, delete.Why);
                await IgnoreMissing(() => Api.BatchV1.DeleteNamespacedJobAsync(
                    delete.Job.Metadata.Name, ns, Exactly(delete.Job.Metadata, "Foreground"), cancellationToken: cancellationToken)).ConfigureAwait(false);
                break;
            case RunAction.PatchJob patch:
                await Api.BatchV1.PatchNamespacedJobAsync(new V1Patch(PatchOf(patch), V1Patch.PatchType.MergePatch), patch.Job.Metadata.Name, ns, cancellationToken: cancellationToken).ConfigureAwait(false);
                break;
            case RunAction.DeleteRun:
                logger.RunExpired(RunKey.Of(run));
                await IgnoreMissing(() => Api.CustomObjects.DeleteNamespacedCustomObjectAsync(
                    ApiGroup.Name, ApiGroup.Version, ns, run.GetType().GetKubernetesTypeMetadata().PluralName, run.Metadata.Name,
                    Exactly(run.Metadata, "Background"), cancellationToken: cancellationToken)).ConfigureAwait(false);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(action), action, "not an action");
        }
    }

    /// <summary>The uid guards against patching a Job that was made anew under the same name.</summary>
    private static string PatchOf(RunAction.PatchJob patch)
    {
        var annotations = new Dictionary<string, string>();
        var spec = new Dictionary<string, object>();
        if (patch.Suspend is { } suspend) spec["suspend"] = suspend;
        if (patch.DeadlineSeconds is { } deadline) spec["activeDeadlineSeconds"] = deadline;
        if (patch.ActiveSeconds is { } active) annotations[Labels.ActiveSeconds] = active.ToString(CultureInfo.InvariantCulture);
        if (patch.Parallelism is { } parallelism)
        {
            spec["parallelism"] = parallelism;
            annotations[Labels.Parallelism] = parallelism.ToString(CultureInfo.InvariantCulture);
        }
        var metadata = new { uid = patch.Job.Metadata.Uid, annotations };
        return JsonSerializer.Serialize(new { metadata, spec });
    }

    private static V1DeleteOptions Exactly(V1ObjectMeta metadata, string? propagation = null) =>
        new() { PropagationPolicy = propagation, Preconditions = new V1Preconditions { Uid = metadata.Uid } };

    /// <summary>Forbidden (quota, admission, rights) and invalid do not pass by trying again at once; people have to act.</summary>
    private static Refusal? Refused(HttpOperationException e)
    {
        if (e.Response?.StatusCode is not (HttpStatusCode.Forbidden or HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest)) return null;
        string message = ApiErrors.Message(e);
        return new Refusal(message.Contains("exceeded quota", StringComparison.Ordinal) ? Reasons.QuotaExceeded : Reasons.JobRefused, FailureText.Clean(message));
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
