// Written by generator/operations.py; do not edit.
namespace k8s;

public static partial class CoreV1OperationsExtensions
{
    public static async Task<Corev1Event> CreateNamespacedEventAsync(this ICoreV1Operations operations, Corev1Event body, string namespaceParameter, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.CreateNamespacedEventWithHttpMessagesAsync(body: body, namespaceParameter: namespaceParameter, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<Corev1EventList> ListNamespacedEventAsync(this ICoreV1Operations operations, string namespaceParameter, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ListNamespacedEventWithHttpMessagesAsync(namespaceParameter: namespaceParameter, allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static IAsyncEnumerable<(WatchEventType, Corev1Event)> WatchListNamespacedEventAsync(this ICoreV1Operations operations, string namespaceParameter, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, Action<Exception> onError = null, CancellationToken cancellationToken = default) =>
        WatcherExt.Events<Corev1Event, Corev1EventList>(operations.ListNamespacedEventWithHttpMessagesAsync(namespaceParameter: namespaceParameter, allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, watch: true, cancellationToken: cancellationToken), onError, cancellationToken);

    public static Watcher<Corev1Event> WatchListNamespacedEvent(this ICoreV1Operations operations, string namespaceParameter, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, Action<WatchEventType, Corev1Event> onEvent = null, Action<Exception> onError = null, Action onClosed = null) =>
        WatcherExt.Start<Corev1Event, Corev1EventList>(operations.ListNamespacedEventWithHttpMessagesAsync(namespaceParameter: namespaceParameter, allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, watch: true, cancellationToken: CancellationToken.None), onEvent, onError, onClosed);

    public static async Task<Corev1EventList> ListEventForAllNamespacesAsync(this ICoreV1Operations operations, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, bool? pretty = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ListEventForAllNamespacesWithHttpMessagesAsync(allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, pretty: pretty, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static IAsyncEnumerable<(WatchEventType, Corev1Event)> WatchListEventForAllNamespacesAsync(this ICoreV1Operations operations, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, bool? pretty = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, Action<Exception> onError = null, CancellationToken cancellationToken = default) =>
        WatcherExt.Events<Corev1Event, Corev1EventList>(operations.ListEventForAllNamespacesWithHttpMessagesAsync(allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, pretty: pretty, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, watch: true, cancellationToken: cancellationToken), onError, cancellationToken);

    public static Watcher<Corev1Event> WatchListEventForAllNamespaces(this ICoreV1Operations operations, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, bool? pretty = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, Action<WatchEventType, Corev1Event> onEvent = null, Action<Exception> onError = null, Action onClosed = null) =>
        WatcherExt.Start<Corev1Event, Corev1EventList>(operations.ListEventForAllNamespacesWithHttpMessagesAsync(allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, pretty: pretty, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, watch: true, cancellationToken: CancellationToken.None), onEvent, onError, onClosed);

    public static async Task<Corev1Event> ReadNamespacedEventAsync(this ICoreV1Operations operations, string name, string namespaceParameter, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReadNamespacedEventWithHttpMessagesAsync(name: name, namespaceParameter: namespaceParameter, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<Corev1Event> ReplaceNamespacedEventAsync(this ICoreV1Operations operations, Corev1Event body, string name, string namespaceParameter, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReplaceNamespacedEventWithHttpMessagesAsync(body: body, name: name, namespaceParameter: namespaceParameter, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<Corev1Event> PatchNamespacedEventAsync(this ICoreV1Operations operations, V1Patch body, string name, string namespaceParameter, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? force = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.PatchNamespacedEventWithHttpMessagesAsync(body: body, name: name, namespaceParameter: namespaceParameter, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, force: force, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Status> DeleteNamespacedEventAsync(this ICoreV1Operations operations, string name, string namespaceParameter, V1DeleteOptions body = null, string dryRun = null, int? gracePeriodSeconds = null, bool? ignoreStoreReadErrorWithClusterBreakingPotential = null, bool? orphanDependents = null, string propagationPolicy = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.DeleteNamespacedEventWithHttpMessagesAsync(name: name, namespaceParameter: namespaceParameter, body: body, dryRun: dryRun, gracePeriodSeconds: gracePeriodSeconds, ignoreStoreReadErrorWithClusterBreakingPotential: ignoreStoreReadErrorWithClusterBreakingPotential, orphanDependents: orphanDependents, propagationPolicy: propagationPolicy, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Status> DeleteCollectionNamespacedEventAsync(this ICoreV1Operations operations, string namespaceParameter, V1DeleteOptions body = null, string continueParameter = null, string dryRun = null, string fieldSelector = null, int? gracePeriodSeconds = null, bool? ignoreStoreReadErrorWithClusterBreakingPotential = null, string labelSelector = null, int? limit = null, bool? orphanDependents = null, string propagationPolicy = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.DeleteCollectionNamespacedEventWithHttpMessagesAsync(namespaceParameter: namespaceParameter, body: body, continueParameter: continueParameter, dryRun: dryRun, fieldSelector: fieldSelector, gracePeriodSeconds: gracePeriodSeconds, ignoreStoreReadErrorWithClusterBreakingPotential: ignoreStoreReadErrorWithClusterBreakingPotential, labelSelector: labelSelector, limit: limit, orphanDependents: orphanDependents, propagationPolicy: propagationPolicy, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }
}
