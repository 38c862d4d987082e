using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Jobs;

/// <summary>A Pod as the Job controller looks at it.</summary>
internal sealed class Pod
{
    public const string TrackingFinalizer = "batch.kubernetes.io/job-tracking";
    public const string IndexAnnotation = "batch.kubernetes.io/job-completion-index";
    public const string FailureCountAnnotation = "batch.kubernetes.io/job-index-failure-count";
    public const string IgnoredFailureCountAnnotation = "batch.kubernetes.io/job-index-ignored-failure-count";

    /// <summary>The index of a Pod that has none.</summary>
    public const int NoIndex = -1;

    public Pod(JsonObject json)
    {
        Json = json;
        Namespace = json.Namespace();
        Name = json.Name();
        Uid = json.Uid();
        Phase = json.Text("status", "phase") ?? "Pending";
        Deleting = json.Text("metadata", "deletionTimestamp") is not null;
        Tracked = json.Strings("metadata", "finalizers").Contains(TrackingFinalizer);
        Ready = Condition("Ready")?.Text("status") == "True";
        Index = Annotation(IndexAnnotation) ?? NoIndex;
        FailureCount = Annotation(FailureCountAnnotation) ?? 0;
        IgnoredFailureCount = Annotation(IgnoredFailureCountAnnotation) ?? 0;
        FinishedAt = Finished();
    }

    public JsonObject Json { get; }

    public string Namespace { get; }

    public string Name { get; }

    public string Uid { get; }

    public string Phase { get; }

    public bool Deleting { get; }

    /// <summary>Has the tracking finalizer: not counted yet.</summary>
    public bool Tracked { get; }

    public bool Ready { get; }

    public int Index { get; }

    /// <summary>Counted failures of the Pod's index before this Pod.</summary>
    public int FailureCount { get; }

    public int IgnoredFailureCount { get; }

    public int AllFailures => FailureCount + IgnoredFailureCount;

    /// <summary>When it ended, as well as can be told.</summary>
    public DateTimeOffset FinishedAt { get; }

    public bool Succeeded => Phase == "Succeeded";

    public bool Ended => Phase is "Succeeded" or "Failed";

    public bool Active => !Ended && !Deleting;

    public bool Terminating => !Ended && Deleting;

    /// <summary>Restarts of all containers together.</summary>
    public int Restarts =>
        Json.Items("status", "initContainerStatuses").Concat(Json.Items("status", "containerStatuses"))
            .Sum(c => c.Int("restartCount") ?? 0);

    /// <summary>
    /// Orders Pods by how little is lost when they are removed: without a node first, then pending, then not ready, then those
    /// ready for the shortest time, then the most restarted, then the youngest.
    /// </summary>
    public static int CompareByWorth(Pod a, Pod b)
    {
        var (aNode, bNode) = (a.Json.Text("spec", "nodeName") is not null, b.Json.Text("spec", "nodeName") is not null);
        if (aNode != bNode) return aNode.CompareTo(bNode);
        if (a.Phase != b.Phase) return PhaseRank(a.Phase).CompareTo(PhaseRank(b.Phase));
        if (a.Ready != b.Ready) return a.Ready.CompareTo(b.Ready);
        if (a.Ready && a.Condition("Ready").Time("lastTransitionTime") is { } aSince
            && b.Condition("Ready").Time("lastTransitionTime") is { } bSince
            && aSince != bSince) return bSince.CompareTo(aSince);
        if (a.Restarts != b.Restarts) return b.Restarts.CompareTo(a.Restarts);
        return Nullable.Compare(b.Json.Time("metadata", "creationTimestamp"), a.Json.Time("metadata", "creationTimestamp"));
    }

    private static int PhaseRank(string phase) => phase switch { "Pending" => 0, "Unknown" => 1, _ => 2 };

    private JsonObject? Condition(string type) => Json.Items("status", "conditions").FirstOrDefault(c => c.Text("type") == type);

    private int? Annotation(string key) =>
        int.TryParse(Json.Text("metadata", "annotations", key), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;

    private DateTimeOffset Finished()
    {
        var ends = Json.Items("status", "containerStatuses").Select(c => c.Time("state", "terminated", "finishedAt")).ToList();
        if (ends.Count > 0 && ends.All(e => e is not null)) return ends.Max()!.Value;
        if (Condition("Ready") is { } ready && ready.Text("status") == "False" && ready.Time("lastTransitionTime") is { } unready)
            return unready;
        if (Json.Time("metadata", "deletionTimestamp") is { } deadline)
            return deadline - TimeSpan.FromSeconds(Json.Number("metadata", "deletionGracePeriodSeconds") ?? 0);
        return Json.Time("metadata", "creationTimestamp") ?? DateTimeOffset.UnixEpoch;
    }
}
