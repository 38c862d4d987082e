using k8s;
using k8s.LeaderElection;
using k8s.LeaderElection.ResourceLock;
using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Rbac;
using KubeOps.Operator.LeaderElection;

namespace LightReasoner.Operator.Hosting;

/// <summary>
/// The Lease that replicas agree by. Its holder's identity is unique to the process (two on one machine must not be taken for one) and
/// tells where the process takes reports.
/// </summary>
[GenericRbac(Groups = ["coordination.k8s.io"], Resources = ["leases"], Verbs = RbacVerb.Get | RbacVerb.Create | RbacVerb.Update)]
internal sealed class OperatorLease(IKubernetes api, KubernetesClientConfiguration config, OperatorSettings settings,
    OperatorOptions options, TimeProvider time, ILogger<OperatorLease> logger)
    : ILeaderElectorFactory, IHostedService
{
    public const string Name = OperatorHost.Name + "-leader";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly TimedLock leaseLock = new(api, NamespaceOf(Environment.GetEnvironmentVariable("POD_NAMESPACE"), config.Namespace),
        Name, IdentityOf(options), time);

    /// <summary>How the Lease names this process where it holds it.</summary>
    public string Identity => leaseLock.Identity;

    /// <summary>How long a lease that is not renewed is held.</summary>
    public TimeSpan Duration => settings.LeaderElectionLeaseDuration;

    /// <summary>Time since this process last wrote the Lease.</summary>
    public TimeSpan SinceRenewal => time.GetElapsedTime(leaseLock.WrittenAt);

    public LeaderElector CreateElector() => new(new LeaderElectionConfig(leaseLock)
    {
        LeaseDuration = settings.LeaderElectionLeaseDuration,
        RenewDeadline = settings.LeaderElectionRenewDeadline,
        RetryPeriod = settings.LeaderElectionRetryPeriod,
    });

    public static Uri? AddressIn(string identity) => identity.Split('_') is [.., var last]
        && Uri.TryCreate(last, UriKind.Absolute, out var address) && address.Scheme == "http" ? address : null;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Gives the lease back once the work has ended (what was started last is stopped first), so that another replica may begin at once.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!options.LeaderElect) return;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            var record = await leaseLock.GetAsync(patience.Token).ConfigureAwait(false);
            if (record.HolderIdentity != leaseLock.Identity) return;
            var now = time.GetUtcNow().UtcDateTime;
            (record.HolderIdentity, record.LeaseDurationSeconds, record.AcquireTime, record.RenewTime) = ("", 1, now, now);
            await leaseLock.UpdateAsync(record, patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or k8s.Autorest.HttpOperationException)
        {
            logger.LeaseRefused(Name, $"it runs out by itself ({e.Message})");
        }
    }

    /// <summary>The pod's own namespace goes before that of a kubeconfig.</summary>
    public static string NamespaceOf(string? pod, string? kubeconfig) => pod is { Length: > 0 } ? pod : kubeconfig is { Length: > 0 }
        ? kubeconfig : "default";

    private static string IdentityOf(OperatorOptions options)
    {
        var identity = $"{Environment.MachineName.Replace('_', '-')}_{Guid.NewGuid():N}";
        return Environment.GetEnvironmentVariable("POD_IP") is { Length: > 0 } ip && ListenAddress.Of(options.Listen) is var (_, port)
            ? $"{identity}_http://{(ip.Contains(':') ? $"[{ip}]" : ip)}:{port}" : identity;
    }

    private sealed class TimedLock(IKubernetes client, string ns, string name, string identity, TimeProvider time)
        : LeaseLock(client, ns, name, identity)
    {
        private long writtenAt;

        public long WrittenAt => Interlocked.Read(ref writtenAt);

        protected override Task<V1Lease> CreateMetaObjectAsync(IKubernetes client, V1Lease obj, string namespaceParameter,
            CancellationToken cancellationToken) =>
            WrittenAsync(base.CreateMetaObjectAsync(client, obj, namespaceParameter, cancellationToken));

        protected override Task<V1Lease> ReplaceMetaObjectAsync(IKubernetes client, V1Lease obj, string name, string namespaceParameter,
            CancellationToken cancellationToken) =>
            WrittenAsync(base.ReplaceMetaObjectAsync(client, obj, name, namespaceParameter, cancellationToken));

        private async Task<V1Lease> WrittenAsync(Task<V1Lease> write)
        {
            var lease = await write.ConfigureAwait(false);
            Interlocked.Exchange(ref writtenAt, time.GetTimestamp());
            return lease;
        }
    }
}
