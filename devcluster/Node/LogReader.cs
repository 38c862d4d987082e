using System.Globalization;
using System.Text;

namespace LightReasoner.DevCluster.Node;

/// <summary>What of a log is asked for.</summary>
internal sealed record LogOptions
{
    public bool Follow { get; init; }

    public int? TailLines { get; init; }

    public DateTimeOffset? Since { get; init; }

    public bool Timestamps { get; init; }

    public long? LimitBytes { get; init; }
}

/// <summary>Reads logs that <see cref="LogFile"/> wrote, back into the bytes that the container wrote.</summary>
internal static class LogReader
{
    /// <summary>Copies what is asked for. <paramref name="live"/> is the log's writer while the container runs.</summary>
    public static async Task CopyAsync(string path, LogFile? live, LogOptions options, Stream target, CancellationToken cancel)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (options.TailLines is { } lines) file.Position = TailStart(file, lines);
        var left = options.LimitBytes ?? long.MaxValue;
        var record = new MemoryStream();
        var buffer = new byte[32 * 1024];
        while (left > 0)
        {
            var count = await file.ReadAsync(buffer, cancel);
            if (count == 0)
            {
                await target.FlushAsync(cancel);
                if (!options.Follow || live is null || !await live.GrowsAsync(file.Position, cancel)) return;
                continue;
            }
            var rest = buffer.AsMemory(0, count);
            for (var end = rest.Span.IndexOf((byte)'\n'); end >= 0 && left > 0; end = rest.Span.IndexOf((byte)'\n'))
            {
                record.Write(rest[..end].Span);
                rest = rest[(end + 1)..];
                var text = Content(record.GetBuffer().AsMemory(0, (int)record.Length), options);
                record.SetLength(0);
                if (text.Length > left) text = text[..(int)left];
                left -= text.Length;
                await target.WriteAsync(text, cancel);
            }
            record.Write(rest.Span);
        }
    }

    /// <summary>The last lines of a log as text, at most so many bytes.</summary>
    public static async Task<string> TailAsync(string path, int lines, int maxBytes)
    {
        using var text = new MemoryStream();
        await CopyAsync(path, null, new LogOptions { TailLines = lines }, text, CancellationToken.None);
        var bytes = text.ToArray();
        return Encoding.UTF8.GetString(bytes.Length > maxBytes ? bytes[^maxBytes..] : bytes);
    }

    private static ReadOnlyMemory<byte> Content(ReadOnlyMemory<byte> record, LogOptions options)
    {
        var span = record.Span;
        var stampEnd = span.IndexOf((byte)' ');
        var streamEnd = stampEnd < 0 ? -1 : stampEnd + 1 + span[(stampEnd + 1)..].IndexOf((byte)' ');
        if (stampEnd < 0 || streamEnd + 3 > span.Length) return default;
        if (options.Since is { } since
            && DateTimeOffset.TryParse(Encoding.ASCII.GetString(span[..stampEnd]), CultureInfo.InvariantCulture, out var written)
            && written < since) return default;
        var whole = span[streamEnd + 1] == (byte)'F';
        var text = record[(streamEnd + 3)..];
        if (!whole && !options.Timestamps) return text.ToArray();
        var head = options.Timestamps ? stampEnd + 1 : 0;
        var result = new byte[head + text.Length + 1];
        span[..head].CopyTo(result);
        text.Span.CopyTo(result.AsSpan(head));
        result[^1] = (byte)'\n';
        return result;
    }

    /// <summary>Where the last lines start, found from the end backwards.</summary>
    private static long TailStart(FileStream file, int lines)
    {
        if (lines == 0) return file.Length;
        var buffer = new byte[32 * 1024];
        // The newline at the very end closes the last line and starts none.
        var wanted = lines + 1;
        for (var end = file.Length; end > 0;)
        {
            var start = Math.Max(0, end - buffer.Length);
            file.Position = start;
            var part = buffer.AsSpan(0, (int)(end - start));
            file.ReadExactly(part);
            for (var i = part.Length - 1; i >= 0; i--)
            {
                if (part[i] == (byte)'\n' && --wanted == 0) return start + i + 1;
            }
            end = start;
        }
        return 0;
    }
}
