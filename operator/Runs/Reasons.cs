namespace LightReasoner.Operator.Runs;

/// <summary>Reasons of the Ready condition, one CamelCase word each (docs/troubleshooting.md explains them).</summary>
internal static class Reasons
{
    // On the way.
    public const string Accepted = "Accepted";
    public const string Starting = "Starting";
    public const string Running = "Running";
    public const string Retrying = "Retrying";
    public const string Stopping = "Stopping";
    public const string Suspended = "Suspended";
    public const string Queued = "WaitingForQueue";
    public const string WaitingForRun = "WaitingForRun";
    public const string WaitingForOldPods = "WaitingForOldPods";

    // Waits for people.
    public const string Unschedulable = "Unschedulable";
    public const string ImagePull = "ImagePullFailed";
    public const string ContainerConfig = "ContainerConfigFailed";
    public const string QuotaExceeded = "QuotaExceeded";
    public const string PodsRefused = "PodsRefused";
    public const string JobRefused = "JobRefused";
    public const string InvalidSpec = "InvalidSpec";
    public const string NotAllowed = "NotAllowed";
    public const string NodeLost = "NodeLost";
    public const string NoOutput = "NoOutput";
    public const string NameTaken = "NameTaken";

    // At the end.
    public const string Succeeded = "Succeeded";
    public const string DependencyFailed = "DependencyFailed";
    public const string DependencyMissing = "DependencyMissing";
    public const string DependencyCycle = "DependencyCycle";
    public const string DeadlineExceeded = "DeadlineExceeded";
    public const string RetriesExhausted = "RetriesExhausted";
    public const string JobFailed = "JobFailed";

    /// <summary>For the worker's own verdicts, by sysexits(3).</summary>
    public static string OfExitCode(int code) => code switch
    {
        64 => "UsageError",
        65 => "BadData",
        66 => "MissingInput",
        77 => "NoPermission",
        78 => "BadManifest",
        _ => "WorkerRefused",
    };
}
