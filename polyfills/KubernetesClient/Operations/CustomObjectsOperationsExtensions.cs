// Written by generator/operations.py; do not edit.
namespace k8s;

public static partial class CustomObjectsOperationsExtensions
{
    public static async Task<object> CreateNamespacedCustomObjectAsync(this ICustomObjectsOperations operations, object body, string group, string version, string namespaceParameter, string plural, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.CreateNamespacedCustomObjectWithHttpMessagesAsync(body: body, group: group, version: version, namespaceParameter: namespaceParameter, plural: plural, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<T> CreateNamespacedCustomObjectAsync<T>(this ICustomObjectsOperations operations, object body, string group, string version, string namespaceParameter, string plural, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.CreateNamespacedCustomObjectWithHttpMessagesAsync<T>(body: body, group: group, version: version, namespaceParameter: namespaceParameter, plural: plural, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<object> ListNamespacedCustomObjectAsync(this ICustomObjectsOperations operations, string group, string version, string namespaceParameter, string plural, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, int? timeoutSeconds = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ListNamespacedCustomObjectWithHttpMessagesAsync(group: group, version: version, namespaceParameter: namespaceParameter, plural: plural, allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, timeoutSeconds: timeoutSeconds, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<T> ListNamespacedCustomObjectAsync<T>(this ICustomObjectsOperations operations, string group, string version, string namespaceParameter, string plural, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, int? timeoutSeconds = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ListNamespacedCustomObjectWithHttpMessagesAsync<T>(group: group, version: version, namespaceParameter: namespaceParameter, plural: plural, allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, timeoutSeconds: timeoutSeconds, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<object> GetNamespacedCustomObjectAsync(this ICustomObjectsOperations operations, string group, string version, string namespaceParameter, string plural, string name, CancellationToken cancellationToken = default)
    {
        using var result = await operations.GetNamespacedCustomObjectWithHttpMessagesAsync(group: group, version: version, namespaceParameter: namespaceParameter, plural: plural, name: name, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<T> GetNamespacedCustomObjectAsync<T>(this ICustomObjectsOperations operations, string group, string version, string namespaceParameter, string plural, string name, CancellationToken cancellationToken = default)
    {
        using var result = await operations.GetNamespacedCustomObjectWithHttpMessagesAsync<T>(group: group, version: version, namespaceParameter: namespaceParameter, plural: plural, name: name, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<object> DeleteNamespacedCustomObjectAsync(this ICustomObjectsOperations operations, string group, string version, string namespaceParameter, string plural, string name, V1DeleteOptions body = null, int? gracePeriodSeconds = null, bool? orphanDependents = null, string propagationPolicy = null, string dryRun = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.DeleteNamespacedCustomObjectWithHttpMessagesAsync(group: group, version: version, namespaceParameter: namespaceParameter, plural: plural, name: name, body: body, gracePeriodSeconds: gracePeriodSeconds, orphanDependents: orphanDependents, propagationPolicy: propagationPolicy, dryRun: dryRun, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<T> DeleteNamespacedCustomObjectAsync<T>(this ICustomObjectsOperations operations, string group, string version, string namespaceParameter, string plural, string name, V1DeleteOptions body = null, int? gracePeriodSeconds = null, bool? orphanDependents = null, string propagationPolicy = null, string dryRun = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.DeleteNamespacedCustomObjectWithHttpMessagesAsync<T>(group: group, version: version, namespaceParameter: namespaceParameter, plural: plural, name: name, body: body, gracePeriodSeconds: gracePeriodSeconds, orphanDependents: orphanDependents, propagationPolicy: propagationPolicy, dryRun: dryRun, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<object> ReplaceNamespacedCustomObjectAsync(this ICustomObjectsOperations operations, object body, string group, string version, string namespaceParameter, string plural, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReplaceNamespacedCustomObjectWithHttpMessagesAsync(body: body, group: group, version: version, namespaceParameter: namespaceParameter, plural: plural, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<T> ReplaceNamespacedCustomObjectAsync<T>(this ICustomObjectsOperations operations, object body, string group, string version, string namespaceParameter, string plural, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReplaceNamespacedCustomObjectWithHttpMessagesAsync<T>(body: body, group: group, version: version, namespaceParameter: namespaceParameter, plural: plural, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<object> PatchNamespacedCustomObjectAsync(this ICustomObjectsOperations operations, object body, string group, string version, string namespaceParameter, string plural, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? force = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.PatchNamespacedCustomObjectWithHttpMessagesAsync(body: body, group: group, version: version, namespaceParameter: namespaceParameter, plural: plural, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, force: force, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<T> PatchNamespacedCustomObjectAsync<T>(this ICustomObjectsOperations operations, object body, string group, string version, string namespaceParameter, string plural, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? force = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.PatchNamespacedCustomObjectWithHttpMessagesAsync<T>(body: body, group: group, version: version, namespaceParameter: namespaceParameter, plural: plural, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, force: force, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<object> ReplaceNamespacedCustomObjectStatusAsync(this ICustomObjectsOperations operations, object body, string group, string version, string namespaceParameter, string plural, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReplaceNamespacedCustomObjectStatusWithHttpMessagesAsync(body: body, group: group, version: version, namespaceParameter: namespaceParameter, plural: plural, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<T> ReplaceNamespacedCustomObjectStatusAsync<T>(this ICustomObjectsOperations operations, object body, string group, string version, string namespaceParameter, string plural, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReplaceNamespacedCustomObjectStatusWithHttpMessagesAsync<T>(body: body, group: group, version: version, namespaceParameter: namespaceParameter, plural: plural, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<object> PatchNamespacedCustomObjectStatusAsync(this ICustomObjectsOperations operations, object body, string group, string version, string namespaceParameter, string plural, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? force = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.PatchNamespacedCustomObjectStatusWithHttpMessagesAsync(body: body, group: group, version: version, namespaceParameter: namespaceParameter, plural: plural, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, force: force, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<T> PatchNamespacedCustomObjectStatusAsync<T>(this ICustomObjectsOperations operations, object body, string group, string version, string namespaceParameter, string plural, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? force = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.PatchNamespacedCustomObjectStatusWithHttpMessagesAsync<T>(body: body, group: group, version: version, namespaceParameter: namespaceParameter, plural: plural, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, force: force, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<object> CreateClusterCustomObjectAsync(this ICustomObjectsOperations operations, object body, string group, string version, string plural, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.CreateClusterCustomObjectWithHttpMessagesAsync(body: body, group: group, version: version, plural: plural, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<T> CreateClusterCustomObjectAsync<T>(this ICustomObjectsOperations operations, object body, string group, string version, string plural, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.CreateClusterCustomObjectWithHttpMessagesAsync<T>(body: body, group: group, version: version, plural: plural, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<object> ListClusterCustomObjectAsync(this ICustomObjectsOperations operations, string group, string version, string plural, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, int? timeoutSeconds = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ListClusterCustomObjectWithHttpMessagesAsync(group: group, version: version, plural: plural, allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, timeoutSeconds: timeoutSeconds, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<T> ListClusterCustomObjectAsync<T>(this ICustomObjectsOperations operations, string group, string version, string plural, bool? allowWatchBookmarks = null, string continueParameter = null, string fieldSelector = null, string labelSelector = null, int? limit = null, string resourceVersion = null, string resourceVersionMatch = null, int? timeoutSeconds = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ListClusterCustomObjectWithHttpMessagesAsync<T>(group: group, version: version, plural: plural, allowWatchBookmarks: allowWatchBookmarks, continueParameter: continueParameter, fieldSelector: fieldSelector, labelSelector: labelSelector, limit: limit, resourceVersion: resourceVersion, resourceVersionMatch: resourceVersionMatch, timeoutSeconds: timeoutSeconds, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<object> GetClusterCustomObjectAsync(this ICustomObjectsOperations operations, string group, string version, string plural, string name, CancellationToken cancellationToken = default)
    {
        using var result = await operations.GetClusterCustomObjectWithHttpMessagesAsync(group: group, version: version, plural: plural, name: name, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<T> GetClusterCustomObjectAsync<T>(this ICustomObjectsOperations operations, string group, string version, string plural, string name, CancellationToken cancellationToken = default)
    {
        using var result = await operations.GetClusterCustomObjectWithHttpMessagesAsync<T>(group: group, version: version, plural: plural, name: name, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<object> DeleteClusterCustomObjectAsync(this ICustomObjectsOperations operations, string group, string version, string plural, string name, V1DeleteOptions body = null, int? gracePeriodSeconds = null, bool? orphanDependents = null, string propagationPolicy = null, string dryRun = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.DeleteClusterCustomObjectWithHttpMessagesAsync(group: group, version: version, plural: plural, name: name, body: body, gracePeriodSeconds: gracePeriodSeconds, orphanDependents: orphanDependents, propagationPolicy: propagationPolicy, dryRun: dryRun, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<T> DeleteClusterCustomObjectAsync<T>(this ICustomObjectsOperations operations, string group, string version, string plural, string name, V1DeleteOptions body = null, int? gracePeriodSeconds = null, bool? orphanDependents = null, string propagationPolicy = null, string dryRun = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.DeleteClusterCustomObjectWithHttpMessagesAsync<T>(group: group, version: version, plural: plural, name: name, body: body, gracePeriodSeconds: gracePeriodSeconds, orphanDependents: orphanDependents, propagationPolicy: propagationPolicy, dryRun: dryRun, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<object> ReplaceClusterCustomObjectAsync(this ICustomObjectsOperations operations, object body, string group, string version, string plural, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReplaceClusterCustomObjectWithHttpMessagesAsync(body: body, group: group, version: version, plural: plural, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<T> ReplaceClusterCustomObjectAsync<T>(this ICustomObjectsOperations operations, object body, string group, string version, string plural, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReplaceClusterCustomObjectWithHttpMessagesAsync<T>(body: body, group: group, version: version, plural: plural, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<object> PatchClusterCustomObjectAsync(this ICustomObjectsOperations operations, object body, string group, string version, string plural, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? force = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.PatchClusterCustomObjectWithHttpMessagesAsync(body: body, group: group, version: version, plural: plural, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, force: force, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<T> PatchClusterCustomObjectAsync<T>(this ICustomObjectsOperations operations, object body, string group, string version, string plural, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? force = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.PatchClusterCustomObjectWithHttpMessagesAsync<T>(body: body, group: group, version: version, plural: plural, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, force: force, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<object> ReplaceClusterCustomObjectStatusAsync(this ICustomObjectsOperations operations, object body, string group, string version, string plural, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReplaceClusterCustomObjectStatusWithHttpMessagesAsync(body: body, group: group, version: version, plural: plural, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<T> ReplaceClusterCustomObjectStatusAsync<T>(this ICustomObjectsOperations operations, object body, string group, string version, string plural, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.ReplaceClusterCustomObjectStatusWithHttpMessagesAsync<T>(body: body, group: group, version: version, plural: plural, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<object> PatchClusterCustomObjectStatusAsync(this ICustomObjectsOperations operations, object body, string group, string version, string plural, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? force = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.PatchClusterCustomObjectStatusWithHttpMessagesAsync(body: body, group: group, version: version, plural: plural, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, force: force, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<T> PatchClusterCustomObjectStatusAsync<T>(this ICustomObjectsOperations operations, object body, string group, string version, string plural, string name, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? force = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.PatchClusterCustomObjectStatusWithHttpMessagesAsync<T>(body: body, group: group, version: version, plural: plural, name: name, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, force: force, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }
}
