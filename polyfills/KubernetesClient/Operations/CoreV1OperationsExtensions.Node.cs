// Written by generator/operations.py; do not edit.
namespace k8s;

public static partial class CoreV1OperationsExtensions
{
    public static async Task<V1Node> CreateNodeAsync(this ICoreV1Operations operations, V1Node body, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.CreateNodeWithHttpMessagesAsync(body: body, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1NodeList> ListNodeAsync(this ICoreV1Operations operations, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ListNodeWithHttpMessagesAsync(allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static IAsyncEnumerable<(WatchEventType, V1Node)> WatchListNodeAsync(this ICoreV1Operations operations, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, Action<Exception> onError = null, CancellationToken cancellationToken = default) =>
        WatcherExt.Events<V1Node, V1NodeList>(operations.ListNodeWithHttpMessagesAsync(allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, watch: true, cancellationToken: cancellationToken), onError, cancellationToken);

    public static Watcher<V1Node> WatchListNode(this ICoreV1Operations operations, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, Action<WatchEventType, V1Node> onEvent = null, Action<Exception> onError = null, Action onClosed = null) =>
        WatcherExt.Start<V1Node, V1NodeList>(operations.ListNodeWithHttpMessagesAsync(allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, watch: true, cancellationToken: CancellationToken.None), onEvent, onError, onClosed);

    public static async Task<V1Node> ReadNodeAsync(this ICoreV1Operations operations, string name, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReadNodeWithHttpMessagesAsync(name: name, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Node> ReplaceNodeAsync(this ICoreV1Operations operations, V1Node body, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReplaceNodeWithHttpMessagesAsync(body: body, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Node> PatchNodeAsync(this ICoreV1Operations operations, V1Patch body, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? force = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.PatchNodeWithHttpMessagesAsync(body: body, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, force: force, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Node> ReadNodeStatusAsync(this ICoreV1Operations operations, string name, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReadNodeStatusWithHttpMessagesAsync(name: name, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Node> ReplaceNodeStatusAsync(this ICoreV1Operations operations, V1Node body, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReplaceNodeStatusWithHttpMessagesAsync(body: body, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Node> PatchNodeStatusAsync(this ICoreV1Operations operations, V1Patch body, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? force = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.PatchNodeStatusWithHttpMessagesAsync(body: body, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, force: force, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Status> DeleteNodeAsync(this ICoreV1Operations operations, string name, V1DeleteOptions body = null, string dryRun = null, int? gracePeriodSeconds = null, bool? ignoreStoreReadErrorWithClusterBreakingPotential = null, bool? orphanDependents = null, string propagationPolicy = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.DeleteNodeWithHttpMessagesAsync(name: name, body: body, dryRun: dryRun, gracePeriodSeconds: gracePeriodSeconds, ignoreStoreReadErrorWithClusterBreakingPotential: ignoreStoreReadErrorWithClusterBreakingPotential, orphanDependents: orphanDependents, propagationPolicy: propagationPolicy, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1Status> DeleteCollectionNodeAsync(this ICoreV1Operations operations, V1DeleteOptions body = null, string continueParameter = null, string dryRun = null, string fieldSelector = null, int? gracePeriodSeconds = null, bool? ignoreStoreReadErrorWithClusterBreakingPotential = null, string labelSelector = null, int? limit = null, bool? orphanDependents = null, string propagationPolicy = null, string resourceVersion = null, string resourceVersionMatch = null, bool? sendInitialEvents = null, int? timeoutSeconds = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.DeleteCollectionNodeWithHttpMessagesAsync(body: body, continueParameter: continueParameter, dryRun: dryRun, fieldSelector: fieldSelector, gracePeriodSeconds: gracePeriodSeconds, ignoreStoreReadErrorWithClusterBreakingPotential: ignoreStoreReadErrorWithClusterBreakingPotential, labelSelector: labelSelector, limit: limit, orphanDependents: orphanDependents, propagationPolicy: propagationPolicy, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, sendInitialEvents: sendInitialEvents, timeoutSeconds: timeoutSeconds, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }
}
