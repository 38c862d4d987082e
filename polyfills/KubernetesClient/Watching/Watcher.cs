using System.Runtime.CompilerServices;
using System.Runtime.Serialization;

namespace k8s;

[JsonConverter(typeof(JsonStringEnumConverter<WatchEventType>))]
public enum WatchEventType
{
    [EnumMember(Value = "ADDED")]
    Added,

    [EnumMember(Value = "MODIFIED")]
    Modified,

    [EnumMember(Value = "DELETED")]
    Deleted,

    [EnumMember(Value = "ERROR")]
    Error,

    [EnumMember(Value = "BOOKMARK")]
    Bookmark,
}

/// <summary>Reads a watch in the background and hands what comes to callbacks.</summary>
public class Watcher<T> : IDisposable
{
    private readonly CancellationTokenSource cancellation = new();
    private readonly Func<Task<TextReader>> open;
    private readonly Task loop;

    public Watcher(Func<Task<StreamReader>> streamReaderCreator, Action<WatchEventType, T> onEvent, Action<Exception> onError, Action onClosed = null)
        : this(async () => (TextReader)await streamReaderCreator().ConfigureAwait(false), onEvent, onError, onClosed)
    {
    }

    public Watcher(Func<Task<TextReader>> streamReaderCreator, Action<WatchEventType, T> onEvent, Action<Exception> onError, Action onClosed = null)
    {
        open = streamReaderCreator;
        OnEvent += onEvent;
        OnError += onError;
        OnClosed += onClosed;
        var token = cancellation.Token;
        loop = Task.Run(() => ReadAsync(token), CancellationToken.None);
    }

    public event Action<WatchEventType, T> OnEvent;

    public event Action<Exception> OnError;

    public event Action OnClosed;

    public bool Watching { get; private set; }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing && !cancellation.IsCancellationRequested)
        {
            cancellation.Cancel();
            _ = loop.ContinueWith(_ => cancellation.Dispose(), TaskScheduler.Default);
        }
    }

    /// <summary>The events, one per line. A Status and a line that cannot be read go to <paramref name="onError"/>.</summary>
    internal static async IAsyncEnumerable<(WatchEventType, T)> CreateWatchEventEnumerator(
        Func<Task<TextReader>> streamReaderCreator,
        Action<Exception> onError = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var reader = await streamReaderCreator().WaitAsync(cancellationToken).ConfigureAwait(false);
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (line.Length != 0 && Parse(line, onError) is { } watchEvent)
            {
                yield return (watchEvent.Type, watchEvent.Object);
            }
        }
    }

    private static WatchEvent Parse(string line, Action<Exception> onError)
    {
        try
        {
            if (KubernetesJson.Deserialize<Watcher<KubernetesObject>.WatchEvent>(line) is { Object.Kind: not "Status" })
            {
                return KubernetesJson.Deserialize<WatchEvent>(line);
            }

            onError?.Invoke(new KubernetesException(KubernetesJson.Deserialize<Watcher<V1Status>.WatchEvent>(line).Object));
        }
        catch (Exception e)
        {
            onError?.Invoke(e);
        }

        return null;
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            Watching = true;
            await foreach (var (type, item) in CreateWatchEventEnumerator(open, e => OnError?.Invoke(e), cancellationToken).ConfigureAwait(false))
            {
                OnEvent?.Invoke(type, item);
            }
        }
        catch (OperationCanceledException)
        {
            // disposed
        }
        catch (Exception e)
        {
            OnError?.Invoke(e);
        }
        finally
        {
            Watching = false;
            OnClosed?.Invoke();
        }
    }

    public class WatchEvent
    {
        [JsonPropertyName("type")]
        public WatchEventType Type { get; set; }

        [JsonPropertyName("object")]
        public T Object { get; set; }
    }
}
