using k8s.LeaderElection;

namespace LightReasoner.Operator.Hosting;

/// <summary>Whether this process is the one that reconciles.</summary>
internal sealed class Leadership(IServiceProvider services)
{
    private readonly LeaderElector? elector = services.GetService<LeaderElector>();

    /// <summary>Always, where there is no election.</summary>
    public bool IsLeader => elector?.IsLeader() ?? true;
}
