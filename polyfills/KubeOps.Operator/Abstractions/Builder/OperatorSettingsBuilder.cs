namespace KubeOps.Abstractions.Builder;

public sealed class OperatorSettingsBuilder
{
    public string Name { get; set; } = "kubernetesoperator";

    /// <summary>Null watches all namespaces.</summary>
    public string? Namespace { get; set; }

    public LeaderElectionType LeaderElectionType { get; set; } = LeaderElectionType.None;

    public TimeSpan LeaderElectionLeaseDuration { get; set; } = TimeSpan.FromSeconds(15);

    public TimeSpan LeaderElectionRenewDeadline { get; set; } = TimeSpan.FromSeconds(10);

    public TimeSpan LeaderElectionRetryPeriod { get; set; } = TimeSpan.FromSeconds(2);

    public ReconcileStrategy ReconcileStrategy { get; set; } = ReconcileStrategy.ByGeneration;

    public ParallelReconciliationSettingsBuilder ParallelReconciliation { get; } = new();

    public OperatorSettings Build() => new()
    {
        Name = Name,
        Namespace = Namespace,
        LeaderElectionType = LeaderElectionType,
        LeaderElectionLeaseDuration = LeaderElectionLeaseDuration,
        LeaderElectionRenewDeadline = LeaderElectionRenewDeadline,
        LeaderElectionRetryPeriod = LeaderElectionRetryPeriod,
        ReconcileStrategy = ReconcileStrategy,
        ParallelReconciliation = ParallelReconciliation.Build(),
    };
}

public static class OperatorSettingsBuilderExtensions
{
    public static OperatorSettingsBuilder WithName(this OperatorSettingsBuilder builder, string name)
    {
        builder.Name = name;
        return builder;
    }

    public static OperatorSettingsBuilder WithNamespace(this OperatorSettingsBuilder builder, string? ns)
    {
        builder.Namespace = ns;
        return builder;
    }

    public static OperatorSettingsBuilder WithLeaderElection(this OperatorSettingsBuilder builder, LeaderElectionType type)
    {
        builder.LeaderElectionType = type;
        return builder;
    }

    public static OperatorSettingsBuilder WithLeaderElectionTimings(
        this OperatorSettingsBuilder builder, TimeSpan leaseDuration, TimeSpan renewDeadline, TimeSpan retryPeriod)
    {
        builder.LeaderElectionLeaseDuration = leaseDuration;
        builder.LeaderElectionRenewDeadline = renewDeadline;
        builder.LeaderElectionRetryPeriod = retryPeriod;
        return builder;
    }

    public static OperatorSettingsBuilder WithReconcileStrategy(this OperatorSettingsBuilder builder, ReconcileStrategy strategy)
    {
        builder.ReconcileStrategy = strategy;
        return builder;
    }

    public static OperatorSettingsBuilder WithParallelReconciliation(
        this OperatorSettingsBuilder builder, Action<ParallelReconciliationSettingsBuilder> configure)
    {
        configure(builder.ParallelReconciliation);
        return builder;
    }
}
