using System.Net;
using k8s.Autorest;
using k8s.LeaderElection;
using LightReasoner.Operator.Runs;

namespace LightReasoner.Operator.Hosting;

/// <summary>Whether this process is the one that reconciles, and who is if not.</summary>
internal sealed class Leadership
{
    /// <summary>How long a leader may go on after its lease has run out: until then it must have noticed.</summary>
    private static readonly TimeSpan Notice = TimeSpan.FromSeconds(15);

    private readonly LeaderElector? elector;
    private readonly OperatorLease? lease;
    private volatile string? problem;
    private volatile bool leading;

    public Leadership(IServiceProvider services, ILogger<Leadership> logger)
    {
        elector = services.GetService<LeaderElector>();
        if (elector is null) return;
        lease = services.GetRequiredService<OperatorLease>();
        elector.OnStartedLeading += () => leading = true;
        elector.OnStoppedLeading += () => leading = false;
        elector.OnNewLeader += leader =>
        {
            problem = null;
            logger.NewLeader(leader);
        };
        elector.OnError += e =>
        {
            // That the API server is away is told by those who watch; that it refuses concerns the Lease alone, and is told once.
            if (e is not HttpOperationException
                { Response.StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized or HttpStatusCode.NotFound } refused) return;
            var message = ApiErrors.Message(refused);
            if (problem == message) return;
            problem = message;
            logger.LeaseRefused(OperatorLease.Name, message);
        };
    }

    /// <summary>Always, where there is no election.</summary>
    public bool IsLeader => elector is null || leading && elector.IsLeader();

    /// <summary>Why this replica cannot take part in the election; null if it can.</summary>
    public string? Problem => IsLeader ? null : problem;

    /// <summary>Address of the leader's progress endpoint, where its identity tells it.</summary>
    public Uri? LeaderAddress => elector?.GetLeader() is { } leader ? OperatorLease.AddressIn(leader) : null;

    /// <summary>Whether the election goes on: who leads renews the lease, or stops soon after it has run out.</summary>
    public bool IsAlive() => !leading || lease!.SinceRenewal < lease.Duration + Notice;
}
