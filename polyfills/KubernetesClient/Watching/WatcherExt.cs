using System.Text;

namespace k8s;

public static class WatcherExt
{
    private const string Obsolete = "This method will be deprecated in future versions. Please use the Watch method instead.";

    [Obsolete(Obsolete)]
    public static Watcher<T> Watch<T, L>(this Task<HttpOperationResponse<L>> responseTask, Action<WatchEventType, T> onEvent, Action<Exception> onError = null, Action onClosed = null) =>
        Start<T, L>(responseTask, onEvent, onError, onClosed);

    [Obsolete(Obsolete)]
    public static Watcher<T> Watch<T, L>(this HttpOperationResponse<L> response, Action<WatchEventType, T> onEvent, Action<Exception> onError = null, Action onClosed = null) =>
        Start<T, L>(Task.FromResult(response), onEvent, onError, onClosed);

    [Obsolete(Obsolete)]
    public static IAsyncEnumerable<(WatchEventType, T)> WatchAsync<T, L>(this Task<HttpOperationResponse<L>> responseTask, Action<Exception> onError = null, CancellationToken cancellationToken = default) =>
        Events<T, L>(responseTask, onError, cancellationToken);

    internal static Watcher<T> Start<T, L>(Task<HttpOperationResponse<L>> responseTask, Action<WatchEventType, T> onEvent, Action<Exception> onError, Action onClosed) =>
        new(() => ReaderAsync(responseTask), onEvent ?? throw new ArgumentNullException(nameof(onEvent)), onError, onClosed);

    internal static IAsyncEnumerable<(WatchEventType, T)> Events<T, L>(Task<HttpOperationResponse<L>> responseTask, Action<Exception> onError, CancellationToken cancellationToken) =>
        Watcher<T>.CreateWatchEventEnumerator(() => ReaderAsync(responseTask), onError, cancellationToken);

    /// <summary>Disposing the reader gives the connection back. (Not a class derived from StreamReader: those read without cancellation.)</summary>
    private static async Task<TextReader> ReaderAsync<L>(Task<HttpOperationResponse<L>> responseTask)
    {
        var response = await responseTask.ConfigureAwait(false);
        return new StreamReader(await response.Response.Content.ReadAsStreamAsync().ConfigureAwait(false), Encoding.UTF8, false, 16 * 1024);
    }
}
