using System.Net;
using System.Runtime.CompilerServices;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace KubeOps.KubernetesClient;

public class KubernetesClient : IKubernetesClient
{
    private const int PageSize = 500;

    /// <param name="clientConfig">Upstream takes the current namespace from it.</param>
    /// <param name="client">Disposed of with this one.</param>
    public KubernetesClient(KubernetesClientConfiguration clientConfig, IKubernetes client)
    {
        _ = clientConfig;
        ApiClient = client;
    }

    public IKubernetes ApiClient { get; }

    private ICustomObjectsOperations Objects => ApiClient.CustomObjects;

    public async Task<TEntity?> GetAsync<TEntity>(string name, string? @namespace = null, CancellationToken cancellationToken = default)
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        var (group, version, plural) = Resource<TEntity>();
        try
        {
            return string.IsNullOrEmpty(@namespace)
                ? await Objects.GetClusterCustomObjectAsync<TEntity>(group, version, plural, name, cancellationToken).ConfigureAwait(false)
                : await Objects.GetNamespacedCustomObjectAsync<TEntity>(group, version, @namespace, plural, name,
                    cancellationToken).ConfigureAwait(false);
        }
        catch (HttpOperationException e) when (e.Response?.StatusCode == HttpStatusCode.NotFound)
        {
            return default;
        }
    }

    public async Task<IList<TEntity>> ListAsync<TEntity>(string? @namespace = null, string? labelSelector = null,
        CancellationToken cancellationToken = default)
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        var items = new List<TEntity>();
        string? next = null;
        do
        {
            var page = await ListPageAsync<KubernetesList<TEntity>, TEntity>(Objects, @namespace, labelSelector, next,
                cancellationToken).ConfigureAwait(false);
            items.AddRange((page.Items ?? []).Select(i => i.Initialize()));
            next = page.Metadata?.ContinueProperty;
        }
        while (!string.IsNullOrEmpty(next));
        return items;
    }

    public Task<TEntity> CreateAsync<TEntity>(TEntity entity, CancellationToken cancellationToken = default)
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        var (group, version, plural) = Resource<TEntity>();
        entity.Initialize();
        return entity.Namespace() is { Length: > 0 } ns
            ? Objects.CreateNamespacedCustomObjectAsync<TEntity>(entity, group, version, ns, plural, cancellationToken: cancellationToken)
            : Objects.CreateClusterCustomObjectAsync<TEntity>(entity, group, version, plural, cancellationToken: cancellationToken);
    }

    public Task<TEntity> UpdateAsync<TEntity>(TEntity entity, CancellationToken cancellationToken = default)
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        var (group, version, plural) = Resource<TEntity>();
        entity.Initialize();
        return entity.Namespace() is { Length: > 0 } ns
            ? Objects.ReplaceNamespacedCustomObjectAsync<TEntity>(entity, group, version, ns, plural, entity.Name(),
                cancellationToken: cancellationToken)
            : Objects.ReplaceClusterCustomObjectAsync<TEntity>(entity, group, version, plural, entity.Name(),
                cancellationToken: cancellationToken);
    }

    public Task<TEntity> UpdateStatusAsync<TEntity>(TEntity entity, CancellationToken cancellationToken = default)
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        var (group, version, plural) = Resource<TEntity>();
        entity.Initialize();
        return entity.Namespace() is { Length: > 0 } ns
            ? Objects.ReplaceNamespacedCustomObjectStatusAsync<TEntity>(entity, group, version, ns, plural, entity.Name(),
                cancellationToken: cancellationToken)
            : Objects.ReplaceClusterCustomObjectStatusAsync<TEntity>(entity, group, version, plural, entity.Name(),
                cancellationToken: cancellationToken);
    }

    public Task<TEntity> PatchAsync<TEntity>(
        V1Patch patch, string name, string? @namespace = null, string? fieldManager = null, bool? force = null, string? dryRun = null,
            CancellationToken cancellationToken = default)
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        var (group, version, plural) = Resource<TEntity>();
        return string.IsNullOrEmpty(@namespace)
            ? Objects.PatchClusterCustomObjectAsync<TEntity>(patch, group, version, plural, name, dryRun, fieldManager, force: force,
                cancellationToken: cancellationToken)
            : Objects.PatchNamespacedCustomObjectAsync<TEntity>(patch, group, version, @namespace, plural, name, dryRun, fieldManager,
                force: force, cancellationToken: cancellationToken);
    }

    public async Task DeleteAsync<TEntity>(string name, string? @namespace = null, CancellationToken cancellationToken = default)
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        var (group, version, plural) = Resource<TEntity>();
        try
        {
            _ = string.IsNullOrEmpty(@namespace)
                ? await Objects.DeleteClusterCustomObjectAsync(group, version, plural, name,
                    cancellationToken: cancellationToken).ConfigureAwait(false)
                : await Objects.DeleteNamespacedCustomObjectAsync(group, version, @namespace, plural, name,
                    cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (HttpOperationException e) when (e.Response?.StatusCode == HttpStatusCode.NotFound)
        {
            // what was wanted
        }
    }

    public async IAsyncEnumerable<(WatchEventType Type, TEntity Entity)> WatchAsync<TEntity>(
        string? @namespace = null,
        string? resourceVersion = null,
        string? labelSelector = null,
        bool? allowWatchBookmarks = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        var (group, version, plural) = Resource<TEntity>();
        var timeout = Random.Shared.Next(300, 600);     // a server ends a watch anyhow; not all of them at once
        var response = string.IsNullOrEmpty(@namespace)
            ? Objects.ListClusterCustomObjectWithHttpMessagesAsync<KubernetesList<TEntity>>(
                group, version, plural, allowWatchBookmarks, labelSelector: labelSelector, resourceVersion: resourceVersion,
                    timeoutSeconds: timeout, watch: true, cancellationToken: cancellationToken)
            : Objects.ListNamespacedCustomObjectWithHttpMessagesAsync<KubernetesList<TEntity>>(
                group, version, @namespace, plural, allowWatchBookmarks, labelSelector: labelSelector, resourceVersion: resourceVersion,
                    timeoutSeconds: timeout, watch: true, cancellationToken: cancellationToken);
        Exception? failure = null;
#pragma warning disable CS0618 // custom objects have no other watch in the published client either
        await foreach (var (type, entity) in response.WatchAsync<TEntity, KubernetesList<TEntity>>(e => failure = e,
            cancellationToken).ConfigureAwait(false))
#pragma warning restore CS0618
        {
            if (failure is not null)
            {
                break;
            }

            yield return (type, entity);
        }

        if (failure is not null)
        {
            throw failure;
        }
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            ApiClient.Dispose();
        }
    }

    private static Task<TList> ListPageAsync<TList, TEntity>(
        ICustomObjectsOperations objects, string? ns, string? labelSelector, string? next, CancellationToken cancellationToken)
    {
        var (group, version, plural) = Resource<TEntity>();
        return string.IsNullOrEmpty(ns)
            ? objects.ListClusterCustomObjectAsync<TList>(
                group, version, plural, continueParameter: next, labelSelector: labelSelector, limit: PageSize,
                    cancellationToken: cancellationToken)
            : objects.ListNamespacedCustomObjectAsync<TList>(
                group, version, ns, plural, continueParameter: next, labelSelector: labelSelector, limit: PageSize,
                    cancellationToken: cancellationToken);
    }

    private static (string Group, string Version, string Plural) Resource<TEntity>()
    {
        var entity = typeof(TEntity).GetKubernetesTypeMetadata();
        return (entity.Group ?? "", entity.ApiVersion ?? "v1", entity.PluralName);
    }
}
