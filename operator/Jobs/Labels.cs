namespace LightReasoner.Operator.Jobs;

/// <summary>Labels and annotations on what the operator makes.</summary>
internal static class Labels
{
    /// <summary>Label: uid of the run. Selects a run's pods; what is watched carries it.</summary>
    public const string RunUid = "lightreasoner.io/run-uid";

    /// <summary>Label and annotation: kind of the run.</summary>
    public const string Kind = "lightreasoner.io/kind";

    /// <summary>Annotation: name of the run. Also a label, where the name fits into one.</summary>
    public const string Run = "lightreasoner.io/run";

    /// <summary>Annotation of a Job: hash of what it was made from.</summary>
    public const string TemplateHash = "lightreasoner.io/template-hash";

    /// <summary>Annotation of a Job: the parallelism last asked for. Kueue may admit less, which is not undone.</summary>
    public const string Parallelism = "lightreasoner.io/parallelism";

    /// <summary>Annotation of a Job with a deadline: seconds that it was active before its last suspension.</summary>
    public const string ActiveSeconds = "lightreasoner.io/active-seconds";

    /// <summary>Annotation of a run's ConfigMap: where the outputs of referenced runs lie, as a JSON object by <c>KIND/NAME</c>.</summary>
    public const string References = "lightreasoner.io/references";

    /// <summary>Label that Kueue reads.</summary>
    public const string Queue = "kueue.x-k8s.io/queue-name";

    /// <summary>Annotation that the Job controller puts on pods of an Indexed Job.</summary>
    public const string CompletionIndex = "batch.kubernetes.io/job-completion-index";

    /// <summary>Longest value of a label.</summary>
    public const int MaxValueLength = 63;
}
