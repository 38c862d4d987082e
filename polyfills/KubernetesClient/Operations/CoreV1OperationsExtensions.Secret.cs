// Written by generator/operations.py; do not edit.
namespace k8s;

public static partial class CoreV1OperationsExtensions
{
    public static async Task<V1Secret> CreateNamespacedSecretAsync(this ICoreV1Operations operations, V1Secret body, string namespaceParameter, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.CreateNamespacedSecretWithHttpMessagesAsync(body: body, namespaceParameter: namespaceParameter, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1SecretList> ListNamespacedSecretAsync(this ICoreV1Operations operations, string namespaceParameter, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ListNamespacedSecretWithHttpMessagesAsync(namespaceParameter: namespaceParameter, allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static IAsyncEnumerable<(WatchEventType, V1Secret)> WatchListNamespacedSecretAsync(this ICoreV1Operations operations, string namespaceParameter, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, Action<Exception> onError = null, CancellationToken cancellationToken = default) =>
        WatcherExt.Events<V1Secret, V1SecretList>(operations.ListNamespacedSecretWithHttpMessagesAsync(namespaceParameter: namespaceParameter, allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, watch: true, cancellationToken: cancellationToken), onError, cancellationToken);

    public static Watcher<V1Secret> WatchListNamespacedSecret(this ICoreV1Operations operations, string namespaceParameter, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, Action<WatchEventType, V1Secret> onEvent = null, Action<Exception> onError = null, Action onClosed = null) =>
        WatcherExt.Start<V1Secret, V1SecretList>(operations.ListNamespacedSecretWithHttpMessagesAsync(namespaceParameter: namespaceParameter, allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, watch: true, cancellationToken: CancellationToken.None), onEvent, onError, onClosed);

    public static async Task<V1Secret> ReadNamespacedSecretAsync(this ICoreV1Operations operations, string name, string namespaceParameter, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReadNamespacedSecretWithHttpMessagesAsync(name: name, namespaceParameter: namespaceParameter, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Secret> ReplaceNamespacedSecretAsync(this ICoreV1Operations operations, V1Secret body, string name, string namespaceParameter, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReplaceNamespacedSecretWithHttpMessagesAsync(body: body, name: name, namespaceParameter: namespaceParameter, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Secret> PatchNamespacedSecretAsync(this ICoreV1Operations operations, V1Patch body, string name, string namespaceParameter, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? force = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.PatchNamespacedSecretWithHttpMessagesAsync(body: body, name: name, namespaceParameter: namespaceParameter, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, force: force, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Status> DeleteNamespacedSecretAsync(this ICoreV1Operations operations, string name, string namespaceParameter, V1DeleteOptions body = null, string dryRun = null, int? gracePeriodSeconds = null, bool? ignoreStoreReadErrorWithClusterBreakingPotential = null, bool? orphanDependents = null, string propagationPolicy = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.DeleteNamespacedSecretWithHttpMessagesAsync(name: name, namespaceParameter: namespaceParameter, body: body, dryRun: dryRun, gracePeriodSeconds: gracePeriodSeconds, ignoreStoreReadErrorWithClusterBreakingPotential: ignoreStoreReadErrorWithClusterBreakingPotential, orphanDependents: orphanDependents, propagationPolicy: propagationPolicy, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Status> DeleteCollectionNamespacedSecretAsync(this ICoreV1Operations operations, string namespaceParameter, V1DeleteOptions body = null, string continueParameter = null, string dryRun = null, string fieldSelector = null, int? gracePeriodSeconds = null, bool? ignoreStoreReadErrorWithClusterBreakingPotential = null, string labelSelector = null, int? limit = null, bool? orphanDependents = null, string propagationPolicy = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.DeleteCollectionNamespacedSecretWithHttpMessagesAsync(namespaceParameter: namespaceParameter, body: body, continueParameter: continueParameter, dryRun: dryRun, fieldSelector: fieldSelector, gracePeriodSeconds: gracePeriodSeconds, ignoreStoreReadErrorWithClusterBreakingPotential: ignoreStoreReadErrorWithClusterBreakingPotential, labelSelector: labelSelector, limit: limit, orphanDependents: orphanDependents, propagationPolicy: propagationPolicy, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }
}
