using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Jobs;

/// <summary>What a Job asks for, with the API's defaults where a field is absent.</summary>
internal sealed class Job
{
    /// <summary>The value of spec.managedBy that means this controller.</summary>
    public const string ThisController = "kubernetes.io/job-controller";

    public Job(JsonObject json)
    {
        Json = json;
        var spec = json.Map("spec") ?? [];
        Indexed = spec.Text("completionMode") == "Indexed";
        Parallelism = spec.Int("parallelism") ?? 1;
        Completions = spec.Int("completions");
        BackoffLimitPerIndex = spec.Int("backoffLimitPerIndex");
        BackoffLimit = spec.Int("backoffLimit") ?? (BackoffLimitPerIndex is null ? 6 : int.MaxValue);
        MaxFailedIndexes = spec.Int("maxFailedIndexes");
        Suspended = spec.Flag("suspend") ?? false;
        ActiveDeadline = spec.Number("activeDeadlineSeconds") is { } s ? TimeSpan.FromSeconds(s) : null;
        TimeToLive = spec.Number("ttlSecondsAfterFinished") is { } ttl ? TimeSpan.FromSeconds(ttl) : null;
        FailurePolicy = spec.Map("podFailurePolicy") is { } failure ? new PodFailurePolicy(failure) : null;
        SuccessPolicy = spec.Map("successPolicy");
        ReplaceFailedOnly = spec.Text("podReplacementPolicy") is { } p ? p == "Failed" : FailurePolicy is not null;
        Template = spec.Map("template") ?? [];
        RestartsInPlace = Template.Text("spec", "restartPolicy") == "OnFailure";
    }

    public JsonObject Json { get; }

    public string Key => Json.Key();

    public string Namespace => Json.Namespace();

    public string Name => Json.Name();

    public string Uid => Json.Uid();

    public bool Deleting => Json.Text("metadata", "deletionTimestamp") is not null;

    /// <summary>False when another controller has been named to look after it.</summary>
    public bool Ours => Json.Text("spec", "managedBy") is null or ThisController;

    public bool Indexed { get; }

    public int Parallelism { get; }

    public int? Completions { get; }

    public int BackoffLimit { get; }

    public int? BackoffLimitPerIndex { get; }

    public int? MaxFailedIndexes { get; }

    public bool Suspended { get; }

    public TimeSpan? ActiveDeadline { get; }

    public TimeSpan? TimeToLive { get; }

    public PodFailurePolicy? FailurePolicy { get; }

    public JsonObject? SuccessPolicy { get; }

    /// <summary>A terminating Pod is replaced only once it has ended (podReplacementPolicy Failed).</summary>
    public bool ReplaceFailedOnly { get; }

    public JsonObject Template { get; }

    /// <summary>restartPolicy OnFailure: failures show as restarts of one Pod.</summary>
    public bool RestartsInPlace { get; }

    /// <summary>Has the Pod failed for this Job? A deleted Pod has, unless replacements wait for its real end.</summary>
    public bool HasFailed(Pod pod) => pod.Phase == "Failed" || (!ReplaceFailedOnly && pod.Deleting && !pod.Succeeded);

    /// <summary>Has the Pod an index that this Job counts?</summary>
    public bool IndexCounts(Pod pod) => pod.Index != Pod.NoIndex && pod.Index < (Completions ?? 0);

    /// <summary>Does the Pod's failure count towards the limits?</summary>
    public bool FailureCounts(Pod pod) => FailurePolicy?.Match(pod).Action != FailureAction.Ignore;
}
