namespace LightReasoner.DevCluster.Jobs;

/// <summary>A Pod as the Job controller looks at it.</summary>
internal sealed class Pod(JsonObject json)
{
    public const string TrackingFinalizer = "batch.kubernetes.io/job-tracking";
    public const string IndexAnnotation = "batch.kubernetes.io/job-completion-index";
    public const string FailureCountAnnotation = "batch.kubernetes.io/job-index-failure-count";
    public const string IgnoredFailureCountAnnotation = "batch.kubernetes.io/job-index-ignored-failure-count";

    /// <summary>The index of a Pod that has none.</summary>
    public const int NoIndex = -1;

    public JsonObject Json { get; } = json;

    public string Namespace { get; } = json.Namespace();

    public string Name { get; } = json.Name();

    public string Uid { get; } = json.Uid();

    public string Phase { get; } = json.Text("status", "phase") ?? "Pending";

    public bool Deleting { get; } = json.IsDeleting();

    /// <summary>Has the tracking finalizer: not counted yet.</summary>
    public bool Tracked { get; } = json.Strings("metadata", "finalizers").Contains(TrackingFinalizer);

    public bool Ready { get; } = json.HasCondition("Ready");

    public int Index { get; } = Annotation(json, IndexAnnotation) ?? NoIndex;

    /// <summary>Counted failures of the Pod's index before this Pod.</summary>
    public int FailureCount { get; } = Annotation(json, FailureCountAnnotation) ?? 0;

    public int IgnoredFailureCount { get; } = Annotation(json, IgnoredFailureCountAnnotation) ?? 0;

    public int AllFailures => FailureCount + IgnoredFailureCount;

    /// <summary>When it ended, as well as can be told.</summary>
    public DateTimeOffset FinishedAt => Finished();

    public bool Succeeded => Phase == "Succeeded";

    public bool Ended => Phase is "Succeeded" or "Failed";

    public bool Active => !Ended && !Deleting;

    public bool Terminating => !Ended && Deleting;

    /// <summary>Restarts of all containers together.</summary>
    public int Restarts =>
        Json.Items("status", "initContainerStatuses").Concat(Json.Items("status", "containerStatuses"))
            .Sum(c => c.Int("restartCount") ?? 0);

    /// <summary>Orders Pods by what their removal loses: no node first, then pending, then not ready, then the youngest.</summary>
    public static int CompareByWorth(Pod a, Pod b)
    {
        var (aNode, bNode) = (a.Json.Text("spec", "nodeName") is not null, b.Json.Text("spec", "nodeName") is not null);
        if (aNode != bNode) return aNode.CompareTo(bNode);
        if (a.Phase != b.Phase) return PhaseRank(a.Phase).CompareTo(PhaseRank(b.Phase));
        if (a.Ready != b.Ready) return a.Ready.CompareTo(b.Ready);
        return Nullable.Compare(b.Json.Time("metadata", "creationTimestamp"), a.Json.Time("metadata", "creationTimestamp"));
    }

    private static int PhaseRank(string phase) => phase switch { "Pending" => 0, "Unknown" => 1, _ => 2 };

    private static int? Annotation(JsonObject json, string key) =>
        int.TryParse(json.Text("metadata", "annotations", key), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;

    private DateTimeOffset Finished()
    {
        var ends = Json.Items("status", "containerStatuses").Select(c => c.Time("state", "terminated", "finishedAt")).ToList();
        if (ends.Count > 0 && ends.All(e => e is not null)) return ends.Max()!.Value;
        if (Json.Condition("Ready") is { } ready && !Ready && ready.Time("lastTransitionTime") is { } unready) return unready;
        if (Json.Time("metadata", "deletionTimestamp") is { } deadline)
            return deadline - TimeSpan.FromSeconds(Json.Number("metadata", "deletionGracePeriodSeconds") ?? 0);
        return Json.Time("metadata", "creationTimestamp") ?? DateTimeOffset.UnixEpoch;
    }
}
