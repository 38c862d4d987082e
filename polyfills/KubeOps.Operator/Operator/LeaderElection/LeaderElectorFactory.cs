using k8s;
using k8s.LeaderElection;
using k8s.LeaderElection.ResourceLock;
using KubeOps.Abstractions.Builder;

namespace KubeOps.Operator.LeaderElection;

/// <summary>Makes the elector; register another one before <c>AddKubernetesOperator</c> to take it instead.</summary>
public interface ILeaderElectorFactory
{
    LeaderElector CreateElector();
}

internal sealed class KubernetesLeaderElectorFactory(IKubernetes kubernetes, KubernetesClientConfiguration config,
    OperatorSettings settings) : ILeaderElectorFactory
{
    public LeaderElector CreateElector() =>
        new(new LeaderElectionConfig(new LeaseLock(kubernetes, config.Namespace ?? "default", $"{settings.Name}-leader",
            Environment.MachineName))
        {
            LeaseDuration = settings.LeaderElectionLeaseDuration,
            RenewDeadline = settings.LeaderElectionRenewDeadline,
            RetryPeriod = settings.LeaderElectionRetryPeriod,
        });
}
