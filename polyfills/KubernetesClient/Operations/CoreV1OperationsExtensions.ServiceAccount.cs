// Written by generator/operations.py; do not edit.
namespace k8s;

public static partial class CoreV1OperationsExtensions
{
    public static async Task<V1ServiceAccount> CreateNamespacedServiceAccountAsync(this ICoreV1Operations operations, V1ServiceAccount body, string namespaceParameter, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.CreateNamespacedServiceAccountWithHttpMessagesAsync(body: body, namespaceParameter: namespaceParameter, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1ServiceAccountList> ListNamespacedServiceAccountAsync(this ICoreV1Operations operations, string namespaceParameter, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ListNamespacedServiceAccountWithHttpMessagesAsync(namespaceParameter: namespaceParameter, allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static IAsyncEnumerable<(WatchEventType, V1ServiceAccount)> WatchListNamespacedServiceAccountAsync(this ICoreV1Operations operations, string namespaceParameter, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, Action<Exception> onError = null, CancellationToken cancellationToken = default) =>
        WatcherExt.Events<V1ServiceAccount, V1ServiceAccountList>(operations.ListNamespacedServiceAccountWithHttpMessagesAsync(namespaceParameter: namespaceParameter, allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, watch: true, cancellationToken: cancellationToken), onError, cancellationToken);

    public static Watcher<V1ServiceAccount> WatchListNamespacedServiceAccount(this ICoreV1Operations operations, string namespaceParameter, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, Action<WatchEventType, V1ServiceAccount> onEvent = null, Action<Exception> onError = null, Action onClosed = null) =>
        WatcherExt.Start<V1ServiceAccount, V1ServiceAccountList>(operations.ListNamespacedServiceAccountWithHttpMessagesAsync(namespaceParameter: namespaceParameter, allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, watch: true, cancellationToken: CancellationToken.None), onEvent, onError, onClosed);

    public static async Task<V1ServiceAccount> ReadNamespacedServiceAccountAsync(this ICoreV1Operations operations, string name, string namespaceParameter, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReadNamespacedServiceAccountWithHttpMessagesAsync(name: name, namespaceParameter: namespaceParameter, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1ServiceAccount> ReplaceNamespacedServiceAccountAsync(this ICoreV1Operations operations, V1ServiceAccount body, string name, string namespaceParameter, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReplaceNamespacedServiceAccountWithHttpMessagesAsync(body: body, name: name, namespaceParameter: namespaceParameter, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1ServiceAccount> PatchNamespacedServiceAccountAsync(this ICoreV1Operations operations, V1Patch body, string name, string namespaceParameter, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? force = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.PatchNamespacedServiceAccountWithHttpMessagesAsync(body: body, name: name, namespaceParameter: namespaceParameter, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, force: force, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1ServiceAccount> DeleteNamespacedServiceAccountAsync(this ICoreV1Operations operations, string name, string namespaceParameter, V1DeleteOptions body = null, string dryRun = null, int? gracePeriodSeconds = null, bool? ignoreStoreReadErrorWithClusterBreakingPotential = null, bool? orphanDependents = null, string propagationPolicy = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.DeleteNamespacedServiceAccountWithHttpMessagesAsync(name: name, namespaceParameter: namespaceParameter, body: body, dryRun: dryRun, gracePeriodSeconds: gracePeriodSeconds, ignoreStoreReadErrorWithClusterBreakingPotential: ignoreStoreReadErrorWithClusterBreakingPotential, orphanDependents: orphanDependents, propagationPolicy: propagationPolicy, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Status> DeleteCollectionNamespacedServiceAccountAsync(this ICoreV1Operations operations, string namespaceParameter, V1DeleteOptions body = null, string continueParameter = null, string dryRun = null, string fieldSelector = null, int? gracePeriodSeconds = null, bool? ignoreStoreReadErrorWithClusterBreakingPotential = null, string labelSelector = null, int? limit = null, bool? orphanDependents = null, string propagationPolicy = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.DeleteCollectionNamespacedServiceAccountWithHttpMessagesAsync(namespaceParameter: namespaceParameter, body: body, continueParameter: continueParameter, dryRun: dryRun, fieldSelector: fieldSelector, gracePeriodSeconds: gracePeriodSeconds, ignoreStoreReadErrorWithClusterBreakingPotential: ignoreStoreReadErrorWithClusterBreakingPotential, labelSelector: labelSelector, limit: limit, orphanDependents: orphanDependents, propagationPolicy: propagationPolicy, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<Authenticationv1TokenRequest> CreateNamespacedServiceAccountTokenAsync(this ICoreV1Operations operations, Authenticationv1TokenRequest body, string name, string namespaceParameter, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.CreateNamespacedServiceAccountTokenWithHttpMessagesAsync(body: body, name: name, namespaceParameter: namespaceParameter, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }
}
