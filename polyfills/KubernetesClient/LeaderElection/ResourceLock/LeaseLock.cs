using System.Net;

namespace k8s.LeaderElection.ResourceLock;

public abstract class MetaObjectLock<T> : ILock
    where T : class, IMetadata<V1ObjectMeta>, new()
{
    private readonly IKubernetes client;
    private readonly string ns;
    private readonly string name;
    private T cached;

    protected MetaObjectLock(IKubernetes client, string @namespace, string name, string identity)
    {
        this.client = client ?? throw new ArgumentNullException(nameof(client));
        ns = @namespace;
        this.name = name;
        Identity = identity;
    }

    public string Identity { get; }

    public async Task<LeaderElectionRecord> GetAsync(CancellationToken cancellationToken = default)
    {
        cached = await ReadMetaObjectAsync(client, name, ns, cancellationToken).ConfigureAwait(false);
        return GetLeaderElectionRecord(cached);
    }

    public async Task<bool> CreateAsync(LeaderElectionRecord record, CancellationToken cancellationToken = default)
    {
        var obj = SetLeaderElectionRecord(record, new T { Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = ns } });
        return await WriteAsync(() => CreateMetaObjectAsync(client, obj, ns, cancellationToken)).ConfigureAwait(false);
    }

    public async Task<bool> UpdateAsync(LeaderElectionRecord record, CancellationToken cancellationToken = default)
    {
        var obj = SetLeaderElectionRecord(record, cached ?? throw new InvalidOperationException("lock object not initialized, call get or create first"));
        return await WriteAsync(() => ReplaceMetaObjectAsync(client, obj, name, ns, cancellationToken)).ConfigureAwait(false);
    }

    public string Describe() => $"{ns}/{name}";

    protected abstract Task<T> ReadMetaObjectAsync(IKubernetes client, string name, string namespaceParameter, CancellationToken cancellationToken);

    protected abstract LeaderElectionRecord GetLeaderElectionRecord(T obj);

    protected abstract T SetLeaderElectionRecord(LeaderElectionRecord record, T metaObj);

    protected abstract Task<T> CreateMetaObjectAsync(IKubernetes client, T obj, string namespaceParameter, CancellationToken cancellationToken);

    protected abstract Task<T> ReplaceMetaObjectAsync(IKubernetes client, T obj, string name, string namespaceParameter, CancellationToken cancellationToken);

    /// <summary>A conflict means that another one was faster; anything else is an error that the elector reports.</summary>
    private async Task<bool> WriteAsync(Func<Task<T>> write)
    {
        try
        {
            cached = await write().ConfigureAwait(false);
            return true;
        }
        catch (HttpOperationException e) when (e.Response?.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.NotFound)
        {
            return false;
        }
    }
}

/// <summary>The lock is a Lease of coordination.k8s.io, as controllers written in Go use it.</summary>
public class LeaseLock : MetaObjectLock<V1Lease>
{
    public LeaseLock(IKubernetes client, string @namespace, string name, string identity)
        : base(client, @namespace, name, identity)
    {
    }

    protected override Task<V1Lease> ReadMetaObjectAsync(IKubernetes client, string name, string namespaceParameter, CancellationToken cancellationToken) =>
        client.CoordinationV1.ReadNamespacedLeaseAsync(name, namespaceParameter, cancellationToken: cancellationToken);

    protected override Task<V1Lease> CreateMetaObjectAsync(IKubernetes client, V1Lease obj, string namespaceParameter, CancellationToken cancellationToken) =>
        client.CoordinationV1.CreateNamespacedLeaseAsync(obj, namespaceParameter, cancellationToken: cancellationToken);

    protected override Task<V1Lease> ReplaceMetaObjectAsync(IKubernetes client, V1Lease obj, string name, string namespaceParameter, CancellationToken cancellationToken) =>
        client.CoordinationV1.ReplaceNamespacedLeaseAsync(obj, name, namespaceParameter, cancellationToken: cancellationToken);

    protected override LeaderElectionRecord GetLeaderElectionRecord(V1Lease obj) => obj?.Spec == null ? null : new LeaderElectionRecord
    {
        AcquireTime = obj.Spec.AcquireTime,
        HolderIdentity = obj.Spec.HolderIdentity,
        LeaderTransitions = obj.Spec.LeaseTransitions ?? 0,
        LeaseDurationSeconds = obj.Spec.LeaseDurationSeconds ?? 15,
        RenewTime = obj.Spec.RenewTime,
    };

    protected override V1Lease SetLeaderElectionRecord(LeaderElectionRecord record, V1Lease metaObj)
    {
        metaObj.Spec = new V1LeaseSpec
        {
            AcquireTime = record.AcquireTime,
            HolderIdentity = record.HolderIdentity,
            LeaseTransitions = record.LeaderTransitions,
            LeaseDurationSeconds = record.LeaseDurationSeconds,
            RenewTime = record.RenewTime,
        };
        return metaObj;
    }
}
