namespace LightReasoner.DevCluster.Jobs;

/// <summary>A condition of a Job.</summary>
internal sealed record JobCondition(string Type, bool True, string Reason, string Message, string LastProbeTime, string LastTransitionTime)
{
    public const string SuccessCriteriaMet = "SuccessCriteriaMet";
    public const string Complete = "Complete";
    public const string FailureTarget = "FailureTarget";
    public const string Failed = "Failed";
    public const string Suspended = "Suspended";

    public static JobCondition Of(string type, string reason, string message, DateTimeOffset now, bool isTrue = true) =>
        new(type, isTrue, reason, message, now.ToKubernetesTime(), now.ToKubernetesTime());
}

/// <summary>A Job's status, to be changed and written back. Counters that are zero are left out as the API does.</summary>
internal sealed class JobStatus
{
    public string? StartTime { get; set; }

    public string? CompletionTime { get; set; }

    public int Active { get; set; }

    public int Succeeded { get; set; }

    public int Failed { get; set; }

    public int? Terminating { get; set; }

    public int? Ready { get; set; }

    public string CompletedIndexes { get; set; } = "";

    /// <summary>Null without per-index limits.</summary>
    public string? FailedIndexes { get; set; }

    /// <summary>Pods that have ended, are not in the counters yet, and may still have the tracking finalizer.</summary>
    public List<string> UncountedSucceeded { get; private init; } = [];

    public List<string> UncountedFailed { get; private init; } = [];

    public List<JobCondition> Conditions { get; private init; } = [];

    public bool Finished => Find(JobCondition.Complete)?.True == true || Find(JobCondition.Failed)?.True == true;

    public static JobStatus Read(JsonObject job)
    {
        var s = job.Map("status") ?? [];
        return new JobStatus
        {
            StartTime = s.Text("startTime"),
            CompletionTime = s.Text("completionTime"),
            Active = s.Int("active") ?? 0,
            Succeeded = s.Int("succeeded") ?? 0,
            Failed = s.Int("failed") ?? 0,
            Terminating = s.Int("terminating"),
            Ready = s.Int("ready"),
            CompletedIndexes = s.Text("completedIndexes") ?? "",
            FailedIndexes = s.Text("failedIndexes"),
            UncountedSucceeded = [.. s.Strings("uncountedTerminatedPods", "succeeded")],
            UncountedFailed = [.. s.Strings("uncountedTerminatedPods", "failed")],
            Conditions = [.. s.Items("conditions").Select(c => new JobCondition(
                c.Text("type") ?? "", c.Text("status") == "True", c.Text("reason") ?? "", c.Text("message") ?? "",
                c.Text("lastProbeTime") ?? "", c.Text("lastTransitionTime") ?? ""))],
        };
    }

    public JobCondition? Find(string type) => Conditions.Find(c => c.Type == type);

    /// <summary>Adds or changes a condition; a false one is not added. Returns whether something changed.</summary>
    public bool Ensure(JobCondition condition)
    {
        var at = Conditions.FindIndex(c => c.Type == condition.Type);
        if (at < 0)
        {
            if (condition.True) Conditions.Add(condition);
            return condition.True;
        }
        var old = Conditions[at];
        if (old.True == condition.True && old.Reason == condition.Reason && old.Message == condition.Message) return false;
        Conditions[at] = condition;
        return true;
    }

    /// <summary>Moves the uncounted Pods that have lost their finalizer into the counters.</summary>
    public void CountReleased(IReadOnlySet<string> stillTracked)
    {
        Succeeded += UncountedSucceeded.RemoveAll(uid => !stillTracked.Contains(uid));
        Failed += UncountedFailed.RemoveAll(uid => !stillTracked.Contains(uid));
    }

    public JsonObject ToJson()
    {
        var s = new JsonObject();
        if (Conditions.Count > 0)
        {
            s["conditions"] = Conditions.Select(c => new JsonObject
            {
                ["type"] = c.Type,
                ["status"] = c.True ? "True" : "False",
                ["lastProbeTime"] = c.LastProbeTime,
                ["lastTransitionTime"] = c.LastTransitionTime,
                ["reason"] = c.Reason,
                ["message"] = c.Message,
            }).ToJsonArray();
        }
        if (StartTime is not null) s["startTime"] = StartTime;
        if (CompletionTime is not null) s["completionTime"] = CompletionTime;
        if (Active != 0) s["active"] = Active;
        if (Succeeded != 0) s["succeeded"] = Succeeded;
        if (Failed != 0) s["failed"] = Failed;
        if (Terminating is { } terminating) s["terminating"] = terminating;
        if (CompletedIndexes.Length > 0) s["completedIndexes"] = CompletedIndexes;
        if (FailedIndexes is not null) s["failedIndexes"] = FailedIndexes;
        var uncounted = new JsonObject();
        if (UncountedSucceeded.Count > 0) uncounted["succeeded"] = UncountedSucceeded.ToJsonArray();
        if (UncountedFailed.Count > 0) uncounted["failed"] = UncountedFailed.ToJsonArray();
        s["uncountedTerminatedPods"] = uncounted;
        if (Ready is { } ready) s["ready"] = ready;
        return s;
    }
}
