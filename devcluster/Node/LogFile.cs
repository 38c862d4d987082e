namespace LightReasoner.DevCluster.Node;

/// <summary>
/// The log of one run of a container, in the format of the container runtime interface: one record per line,
/// <c>2024-01-01T00:00:00.000000000Z stdout F text</c>; P instead of F for a piece of a line that goes on in the next record.
/// </summary>
internal sealed class LogFile : IDisposable
{
    private const int MaxRecord = 16 * 1024;

    private readonly Lock gate = new();
    private readonly FileStream file;
    private readonly TimeProvider clock;
    private TaskCompletionSource grown = New();
    private long length;
    private bool closed;

    public LogFile(string path, TimeProvider clock)
    {
        Path = path;
        this.clock = clock;
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
    }

    public string Path { get; }

    /// <summary>Copies a stream into the log until its end.</summary>
    public async Task CopyAsync(Stream source, string stream)
    {
        var buffer = new byte[MaxRecord];
        var line = new MemoryStream();
        while (await source.ReadAsync(buffer) is var count and > 0)
        {
            for (var rest = buffer.AsMemory(0, count); rest.Length > 0;)
            {
                var end = rest.Span.IndexOf((byte)'\n');
                line.Write((end < 0 ? rest : rest[..end]).Span);
                if (end >= 0 || line.Length >= MaxRecord)
                {
                    Append(stream, end >= 0, line.ToArray());
                    line.SetLength(0);
                }
                rest = end < 0 ? default : rest[(end + 1)..];
            }
        }
        if (line.Length > 0) Append(stream, false, line.ToArray());
    }

    /// <summary>Waits until the log is longer than <paramref name="known"/>; false when it has ended and is not.</summary>
    public async Task<bool> GrowsAsync(long known, CancellationToken cancel)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (length > known) return true;
                if (closed) return false;
                wait = grown.Task;
            }
            await wait.WaitAsync(cancel);
        }
    }

    /// <summary>No more will come.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
            file.Dispose();
            grown.TrySetResult();
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Append(string stream, bool whole, byte[] text)
    {
        lock (gate)
        {
            if (closed) return;
            var stamp = clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff", CultureInfo.InvariantCulture);
            file.Write([.. Encoding.ASCII.GetBytes($"{stamp}00Z {stream} {(whole ? 'F' : 'P')} "), .. text, (byte)'\n']);
            length = file.Position;
            var signal = grown;
            grown = New();
            signal.TrySetResult();
        }
    }
}
