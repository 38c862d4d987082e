namespace LightReasoner.Operator.Jobs;

/// <summary>Labels and annotations on what the operator makes.</summary>
internal static class Labels
{
    /// <summary>What our labels and annotations begin with, and the Job controller's.</summary>
    public const string Own = "lightreasoner.io/", Batch = "batch.kubernetes.io/";

    /// <summary>Label: uid of the run. Selects a run's pods; what is watched carries it.</summary>
    public const string RunUid = "lightreasoner.io/run-uid";

    /// <summary>Label and annotation: kind of the run.</summary>
    public const string Kind = "lightreasoner.io/kind";

    /// <summary>Annotation: name of the run. Also a label, where the name fits into one.</summary>
    public const string Run = "lightreasoner.io/run";

    /// <summary>Annotation of a run: a new value takes a Failed run up again from what it has.</summary>
    public const string Rerun = "lightreasoner.io/rerun";

    /// <summary>Annotation of a Job: how often the run had been taken up again when it was made.</summary>
    public const string Restarts = "lightreasoner.io/restarts";

    /// <summary>Annotation of a pod: the run's document, which a volume shows the worker as <c>run.json</c>.</summary>
    public const string Document = "lightreasoner.io/document";

    /// <summary>Annotation of a Job: hash of what the run's spec asked of it.</summary>
    public const string SpecHash = "lightreasoner.io/spec-hash";

    /// <summary>Annotation of a Job: what the run's steps, questions and evaluation were when it was made.</summary>
    public const string Extent = "lightreasoner.io/extent";

    /// <summary>Annotation of a Job: failed attempts of the run before it.</summary>
    public const string RetriesBefore = "lightreasoner.io/retries-before";

    /// <summary>Annotation of a Job of several shards: failed attempts, before it, of the shard that has the most.</summary>
    public const string ShardRetriesBefore = "lightreasoner.io/shard-retries-before";

    /// <summary>Annotation of a Job: the parallelism last asked for. Kueue may admit less, which is not undone.</summary>
    public const string Parallelism = "lightreasoner.io/parallelism";

    /// <summary>Annotation of a Job: where the outputs of referenced runs lie, as a JSON object by <c>KIND/NAME</c>.</summary>
    public const string References = "lightreasoner.io/references";

    /// <summary>Annotation of a Job as it is kept in memory: its image.</summary>
    public const string Image = "lightreasoner.io/image";

    /// <summary>Label that Kueue reads.</summary>
    public const string Queue = Kueue + "queue-name";

    /// <summary>What begins so on a run is handed to its Job.</summary>
    public const string Kueue = "kueue.x-k8s.io/";

    /// <summary>Annotation that the Job controller puts on pods of an Indexed Job.</summary>
    public const string CompletionIndex = Batch + "job-completion-index";

    /// <summary>Annotation that it puts on pods of a Job with a limit for each index: failures of the index before this pod.</summary>
    public const string FailureCount = Batch + "job-index-failure-count";

    /// <summary>Longest value of a label.</summary>
    public const int MaxValueLength = 63;
}
