namespace KubeOps.Abstractions.Builder;

public enum LeaderElectionType
{
    /// <summary>Every instance reconciles.</summary>
    None = 0,

    /// <summary>The holder of the lease reconciles.</summary>
    Single = 1,
}

public enum ReconcileStrategy
{
    /// <summary>Only changes of metadata.generation (the spec) and deletion lead to a reconciliation.</summary>
    ByGeneration,

    /// <summary>Every change does, of the status and the metadata too.</summary>
    ByResourceVersion,
}

public sealed record OperatorSettings
{
    public required string Name { get; init; }

    public string? Namespace { get; init; }

    public required LeaderElectionType LeaderElectionType { get; init; }

    public required TimeSpan LeaderElectionLeaseDuration { get; init; }

    public required TimeSpan LeaderElectionRenewDeadline { get; init; }

    public required TimeSpan LeaderElectionRetryPeriod { get; init; }

    public required ReconcileStrategy ReconcileStrategy { get; init; }

    public required ParallelReconciliationSettings ParallelReconciliation { get; init; }
}

public sealed record ParallelReconciliationSettings
{
    public required int MaxParallelReconciliations { get; init; }

    public required TimeSpan ErrorBackoffBase { get; init; }
}

public sealed class ParallelReconciliationSettingsBuilder
{
    public int MaxParallelReconciliations { get; set; } = Environment.ProcessorCount * 2;

    /// <summary>The delay before the first retry after an error; it doubles with each further one.</summary>
    public TimeSpan ErrorBackoffBase { get; set; } = TimeSpan.FromSeconds(2);

    public ParallelReconciliationSettings Build() => new()
    {
        MaxParallelReconciliations = MaxParallelReconciliations > 0
            ? MaxParallelReconciliations
            : throw new ArgumentOutOfRangeException(nameof(MaxParallelReconciliations), MaxParallelReconciliations,
                "must be greater than zero"),
        ErrorBackoffBase = ErrorBackoffBase,
    };
}

public static class ParallelReconciliationSettingsBuilderExtensions
{
    public static ParallelReconciliationSettingsBuilder WithMaxParallelReconciliations(this ParallelReconciliationSettingsBuilder builder,
        int value)
    {
        builder.MaxParallelReconciliations = value;
        return builder;
    }

    public static ParallelReconciliationSettingsBuilder WithErrorBackoffBase(this ParallelReconciliationSettingsBuilder builder,
        TimeSpan backoff)
    {
        builder.ErrorBackoffBase = backoff;
        return builder;
    }
}
