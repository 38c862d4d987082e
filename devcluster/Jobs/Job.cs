namespace LightReasoner.DevCluster.Jobs;

/// <summary>What a Job asks for, with the API's defaults where a field is absent.</summary>
internal sealed class Job(JsonObject json)
{
    private readonly JsonObject spec = json.Map("spec") ?? [];

    public JsonObject Json { get; } = json;

    public string Key => Json.Key();

    public string Namespace => Json.Namespace();

    public string Name => Json.Name();

    public string Uid => Json.Uid();

    public bool Deleting => Json.IsDeleting();

    /// <summary>False when another controller has been named to look after it.</summary>
    public bool Ours => spec.Text("managedBy") is null or "kubernetes.io/job-controller";

    public bool Indexed => spec.Text("completionMode") == "Indexed";

    public int Parallelism => spec.Int("parallelism") ?? 1;

    public int? Completions => spec.Int("completions");

    public int BackoffLimit => spec.Int("backoffLimit") ?? (BackoffLimitPerIndex is null ? 6 : int.MaxValue);

    public int? BackoffLimitPerIndex => spec.Int("backoffLimitPerIndex");

    public int? MaxFailedIndexes => spec.Int("maxFailedIndexes");

    public bool Suspended => spec.BoolAt("suspend");

    public TimeSpan? ActiveDeadline => spec.Number("activeDeadlineSeconds") is { } s ? TimeSpan.FromSeconds(s) : null;

    public TimeSpan? TimeToLive => spec.Number("ttlSecondsAfterFinished") is { } s ? TimeSpan.FromSeconds(s) : null;

    public PodFailurePolicy? FailurePolicy => spec.Map("podFailurePolicy") is { } policy ? new PodFailurePolicy(policy) : null;

    /// <summary>A terminating Pod is replaced only once it has ended (podReplacementPolicy Failed).</summary>
    public bool ReplaceFailedOnly => spec.Text("podReplacementPolicy") is { } p ? p == "Failed" : FailurePolicy is not null;

    public JsonObject Template => spec.Map("template") ?? [];

    /// <summary>restartPolicy OnFailure: failures show as restarts of one Pod.</summary>
    public bool RestartsInPlace => Template.Text("spec", "restartPolicy") == "OnFailure";

    /// <summary>Has the Pod failed for this Job? A deleted Pod has, unless replacements wait for its real end.</summary>
    public bool HasFailed(Pod pod) => pod.Phase == "Failed" || (!ReplaceFailedOnly && pod.Deleting && !pod.Succeeded);

    /// <summary>Has the Pod an index that this Job counts?</summary>
    public bool IndexCounts(Pod pod) => pod.Index != Pod.NoIndex && pod.Index < (Completions ?? 0);

    /// <summary>Does the Pod's failure count towards the limits?</summary>
    public bool FailureCounts(Pod pod) => FailurePolicy?.Match(pod).Action != FailureAction.Ignore;
}
