// Written by generator/operations.py; do not edit.
namespace k8s;

public static partial class CoreV1OperationsExtensions
{
    public static async Task<V1Pod> CreateNamespacedPodAsync(this ICoreV1Operations operations, V1Pod body, string namespaceParameter, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.CreateNamespacedPodWithHttpMessagesAsync(body: body, namespaceParameter: namespaceParameter, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1PodList> ListNamespacedPodAsync(this ICoreV1Operations operations, string namespaceParameter, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ListNamespacedPodWithHttpMessagesAsync(namespaceParameter: namespaceParameter, allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static IAsyncEnumerable<(WatchEventType, V1Pod)> WatchListNamespacedPodAsync(this ICoreV1Operations operations, string namespaceParameter, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, Action<Exception> onError = null, CancellationToken cancellationToken = default) =>
        WatcherExt.Events<V1Pod, V1PodList>(operations.ListNamespacedPodWithHttpMessagesAsync(namespaceParameter: namespaceParameter, allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, watch: true, cancellationToken: cancellationToken), onError, cancellationToken);

    public static Watcher<V1Pod> WatchListNamespacedPod(this ICoreV1Operations operations, string namespaceParameter, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, Action<WatchEventType, V1Pod> onEvent = null, Action<Exception> onError = null, Action onClosed = null) =>
        WatcherExt.Start<V1Pod, V1PodList>(operations.ListNamespacedPodWithHttpMessagesAsync(namespaceParameter: namespaceParameter, allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, watch: true, cancellationToken: CancellationToken.None), onEvent, onError, onClosed);

    public static async Task<V1PodList> ListPodForAllNamespacesAsync(this ICoreV1Operations operations, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, bool? pretty = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ListPodForAllNamespacesWithHttpMessagesAsync(allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, pretty: pretty, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static IAsyncEnumerable<(WatchEventType, V1Pod)> WatchListPodForAllNamespacesAsync(this ICoreV1Operations operations, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, bool? pretty = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, Action<Exception> onError = null, CancellationToken cancellationToken = default) =>
        WatcherExt.Events<V1Pod, V1PodList>(operations.ListPodForAllNamespacesWithHttpMessagesAsync(allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, pretty: pretty, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, watch: true, cancellationToken: cancellationToken), onError, cancellationToken);

    public static Watcher<V1Pod> WatchListPodForAllNamespaces(this ICoreV1Operations operations, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, bool? pretty = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, Action<WatchEventType, V1Pod> onEvent = null, Action<Exception> onError = null, Action onClosed = null) =>
        WatcherExt.Start<V1Pod, V1PodList>(operations.ListPodForAllNamespacesWithHttpMessagesAsync(allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, pretty: pretty, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, watch: true, cancellationToken: CancellationToken.None), onEvent, onError, onClosed);

    public static async Task<V1Pod> ReadNamespacedPodAsync(this ICoreV1Operations operations, string name, string namespaceParameter, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReadNamespacedPodWithHttpMessagesAsync(name: name, namespaceParameter: namespaceParameter, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Pod> ReplaceNamespacedPodAsync(this ICoreV1Operations operations, V1Pod body, string name, string namespaceParameter, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReplaceNamespacedPodWithHttpMessagesAsync(body: body, name: name, namespaceParameter: namespaceParameter, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Pod> PatchNamespacedPodAsync(this ICoreV1Operations operations, V1Patch body, string name, string namespaceParameter, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? force = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.PatchNamespacedPodWithHttpMessagesAsync(body: body, name: name, namespaceParameter: namespaceParameter, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, force: force, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Pod> ReadNamespacedPodStatusAsync(this ICoreV1Operations operations, string name, string namespaceParameter, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReadNamespacedPodStatusWithHttpMessagesAsync(name: name, namespaceParameter: namespaceParameter, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Pod> ReplaceNamespacedPodStatusAsync(this ICoreV1Operations operations, V1Pod body, string name, string namespaceParameter, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReplaceNamespacedPodStatusWithHttpMessagesAsync(body: body, name: name, namespaceParameter: namespaceParameter, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Pod> PatchNamespacedPodStatusAsync(this ICoreV1Operations operations, V1Patch body, string name, string namespaceParameter, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? force = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.PatchNamespacedPodStatusWithHttpMessagesAsync(body: body, name: name, namespaceParameter: namespaceParameter, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, force: force, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Pod> DeleteNamespacedPodAsync(this ICoreV1Operations operations, string name, string namespaceParameter, V1DeleteOptions body = null, string dryRun = null, int? gracePeriodSeconds = null, bool? ignoreStoreReadErrorWithClusterBreakingPotential = null, bool? orphanDependents = null, string propagationPolicy = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.DeleteNamespacedPodWithHttpMessagesAsync(name: name, namespaceParameter: namespaceParameter, body: body, dryRun: dryRun, gracePeriodSeconds: gracePeriodSeconds, ignoreStoreReadErrorWithClusterBreakingPotential: ignoreStoreReadErrorWithClusterBreakingPotential, orphanDependents: orphanDependents, propagationPolicy: propagationPolicy, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Status> DeleteCollectionNamespacedPodAsync(this ICoreV1Operations operations, string namespaceParameter, V1DeleteOptions body = null, string continueParameter = null, string dryRun = null, string fieldSelector = null, int? gracePeriodSeconds = null, bool? ignoreStoreReadErrorWithClusterBreakingPotential = null, string labelSelector = null, int? limit = null, bool? orphanDependents = null, string propagationPolicy = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.DeleteCollectionNamespacedPodWithHttpMessagesAsync(namespaceParameter: namespaceParameter, body: body, continueParameter: continueParameter, dryRun: dryRun, fieldSelector: fieldSelector, gracePeriodSeconds: gracePeriodSeconds, ignoreStoreReadErrorWithClusterBreakingPotential: ignoreStoreReadErrorWithClusterBreakingPotential, labelSelector: labelSelector, limit: limit, orphanDependents: orphanDependents, propagationPolicy: propagationPolicy, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<Stream> ReadNamespacedPodLogAsync(this ICoreV1Operations operations, string name, string namespaceParameter, string container = null, bool? follow = null, bool? insecureSkipTLSVerifyBackend = null, int? limitBytes = null, bool? pretty = null, bool? previous = null, int? sinceSeconds = null, string stream = null, int? tailLines = null, bool? timestamps = null, CancellationToken cancellationToken = default)
    {
        return (await operations.ReadNamespacedPodLogWithHttpMessagesAsync(name: name, namespaceParameter: namespaceParameter, container: container, follow: follow, insecureSkipTLSVerifyBackend: insecureSkipTLSVerifyBackend, limitBytes: limitBytes, pretty: pretty, previous: previous, sinceSeconds: sinceSeconds, stream: stream, tailLines: tailLines, timestamps: timestamps, cancellationToken: cancellationToken).ConfigureAwait(false)).Body;
    }
}
