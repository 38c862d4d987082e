namespace k8s;

public class GenericClient : IDisposable
{
    private readonly IKubernetes kubernetes;
    private readonly string group;
    private readonly string version;
    private readonly string plural;
    private readonly bool disposeClient;

    public GenericClient(IKubernetes kubernetes, string version, string plural, bool disposeClient = true)
        : this(kubernetes, "", version, plural, disposeClient)
    {
    }

    public GenericClient(IKubernetes kubernetes, string group, string version, string plural, bool disposeClient = true)
    {
        this.kubernetes = kubernetes;
        this.group = group;
        this.version = version;
        this.plural = plural;
        this.disposeClient = disposeClient;
    }

    public Task<T> CreateAsync<T>(T obj, CancellationToken cancel = default)
        where T : IKubernetesObject => kubernetes.CustomObjects.CreateClusterCustomObjectAsync<T>(obj, group, version, plural, cancellationToken: cancel);

    public Task<T> CreateNamespacedAsync<T>(T obj, string ns, CancellationToken cancel = default)
        where T : IKubernetesObject => kubernetes.CustomObjects.CreateNamespacedCustomObjectAsync<T>(obj, group, version, ns, plural, cancellationToken: cancel);

    public Task<T> ListAsync<T>(CancellationToken cancel = default)
        where T : IKubernetesObject => kubernetes.CustomObjects.ListClusterCustomObjectAsync<T>(group, version, plural, cancellationToken: cancel);

    public Task<T> ListNamespacedAsync<T>(string ns, CancellationToken cancel = default)
        where T : IKubernetesObject => kubernetes.CustomObjects.ListNamespacedCustomObjectAsync<T>(group, version, ns, plural, cancellationToken: cancel);

    public Task<T> ReadAsync<T>(string name, CancellationToken cancel = default)
        where T : IKubernetesObject => kubernetes.CustomObjects.GetClusterCustomObjectAsync<T>(group, version, plural, name, cancellationToken: cancel);

    public Task<T> ReadNamespacedAsync<T>(string ns, string name, CancellationToken cancel = default)
        where T : IKubernetesObject => kubernetes.CustomObjects.GetNamespacedCustomObjectAsync<T>(group, version, ns, plural, name, cancellationToken: cancel);

    public Task<T> DeleteAsync<T>(string name, CancellationToken cancel = default)
        where T : IKubernetesObject => kubernetes.CustomObjects.DeleteClusterCustomObjectAsync<T>(group, version, plural, name, cancellationToken: cancel);

    public Task<T> DeleteNamespacedAsync<T>(string ns, string name, CancellationToken cancel = default)
        where T : IKubernetesObject => kubernetes.CustomObjects.DeleteNamespacedCustomObjectAsync<T>(group, version, ns, plural, name, cancellationToken: cancel);

    public Task<T> PatchAsync<T>(V1Patch patch, string name, CancellationToken cancel = default)
        where T : IKubernetesObject => kubernetes.CustomObjects.PatchClusterCustomObjectAsync<T>(patch, group, version, plural, name, cancellationToken: cancel);

    public Task<T> PatchNamespacedAsync<T>(V1Patch patch, string ns, string name, CancellationToken cancel = default)
        where T : IKubernetesObject => kubernetes.CustomObjects.PatchNamespacedCustomObjectAsync<T>(patch, group, version, ns, plural, name, cancellationToken: cancel);

    public Task<T> ReplaceAsync<T>(T obj, string name, CancellationToken cancel = default)
        where T : IKubernetesObject => kubernetes.CustomObjects.ReplaceClusterCustomObjectAsync<T>(obj, group, version, plural, name, cancellationToken: cancel);

    public Task<T> ReplaceNamespacedAsync<T>(T obj, string ns, string name, CancellationToken cancel = default)
        where T : IKubernetesObject => kubernetes.CustomObjects.ReplaceNamespacedCustomObjectAsync<T>(obj, group, version, ns, plural, name, cancellationToken: cancel);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing && disposeClient)
        {
            kubernetes.Dispose();
        }
    }
}
