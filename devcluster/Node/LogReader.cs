namespace LightReasoner.DevCluster.Node;

/// <summary>What of a log is asked for.</summary>
internal sealed record LogOptions(bool Follow = false, int? TailLines = null, DateTimeOffset? Since = null, bool Timestamps = false);

/// <summary>Reads logs that <see cref="LogFile"/> wrote, back into the bytes that the container wrote.</summary>
internal static class LogReader
{
    /// <summary>Copies what is asked for. <paramref name="live"/> is the log's writer while the container runs.</summary>
    public static async Task CopyAsync(string path, LogFile? live, LogOptions options, Stream target, CancellationToken cancel)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (options.TailLines is { } lines) file.Position = TailStart(file, lines);
        var record = new MemoryStream();
        var buffer = new byte[32 * 1024];
        while (true)
        {
            var count = await file.ReadAsync(buffer, cancel);
            if (count == 0)
            {
                await target.FlushAsync(cancel);
                if (!options.Follow || live is null || !await live.GrowsAsync(file.Position, cancel)) return;
            }
            var rest = buffer.AsMemory(0, count);
            for (var end = rest.Span.IndexOf((byte)'\n'); end >= 0; end = rest.Span.IndexOf((byte)'\n'))
            {
                record.Write(rest[..end].Span);
                rest = rest[(end + 1)..];
                await target.WriteAsync(Content(record.ToArray(), options), cancel);
                record.SetLength(0);
            }
            record.Write(rest.Span);
        }
    }

    /// <summary>The last lines of a log as text, at most so many bytes.</summary>
    public static async Task<string> TailAsync(string path, int lines, int maxBytes)
    {
        using var text = new MemoryStream();
        await CopyAsync(path, null, new LogOptions(TailLines: lines), text, CancellationToken.None);
        var bytes = text.ToArray();
        return Encoding.UTF8.GetString(bytes.Length > maxBytes ? bytes[^maxBytes..] : bytes);
    }

    private static byte[] Content(byte[] record, LogOptions options)
    {
        var stampEnd = Array.IndexOf(record, (byte)' ');
        var streamEnd = Array.IndexOf(record, (byte)' ', stampEnd + 1);
        if (stampEnd < 0 || streamEnd + 3 > record.Length) return [];
        var written = Encoding.ASCII.GetString(record, 0, stampEnd);
        if (options.Since is { } since && DateTimeOffset.Parse(written, CultureInfo.InvariantCulture) < since) return [];
        var head = record.AsSpan(0, options.Timestamps ? stampEnd + 1 : 0);
        var whole = record[streamEnd + 1] == (byte)'F' || options.Timestamps;
        return [.. head, .. record.AsSpan(streamEnd + 3), .. whole ? "\n"u8 : []];
    }

    /// <summary>Where the last lines start.</summary>
    private static long TailStart(FileStream file, int lines)
    {
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var start = bytes.Length;
        for (; lines > 0 && start > 0; lines--) start = bytes.AsSpan(0, start - 1).LastIndexOf((byte)'\n') + 1;
        return start;
    }
}
