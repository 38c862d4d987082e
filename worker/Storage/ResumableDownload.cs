using System.Net;
using System.Runtime.CompilerServices;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// A file from a web server. What arrived before an error, or before the process was killed, is kept and the rest asked for; the result is
/// used only when its length, and its hash where one is known, are right.
/// </summary>
internal static class ResumableDownload
{
    private const int BufferBytes = 1 << 18;

    /// <summary>Downloads into a file that may hold the beginning already.</summary>
    /// <param name="path">The file; not to be read before this returns.</param>
    /// <param name="length">Length that the content must have; null where only the answer tells.</param>
    /// <exception cref="WorkerException">It could not be had, or is not what it should be.</exception>
    public static async Task FetchAsync(WebClient web, WebRequest request, string path, long? length, ContentHash? hash,
        Action<long>? arrived, CancellationToken cancellation)
    {
        var furthest = new StrongBox<long>(File.Exists(path) ? new FileInfo(path).Length : 0);
        if (furthest.Value > 0) arrived?.Invoke(furthest.Value);
        for (bool resumed = furthest.Value > 0; ; resumed = false)
        {
            long? expected;
            // A server that gets a little further each time is not given up.
            while ((expected = await web.RepeatAsync(request.Shown, stop =>
                PartAsync(web, request, path, length, furthest, arrived, stop), cancellation)) is null)
            {
            }
            if (await ContentHash.ProblemAsync(path, expected, hash, cancellation) is not { } problem) return;
            File.Delete(path);
            furthest.Value = 0;
            // A beginning that was damaged on this machine's disk gets one fresh start.
            if (!resumed) throw new WorkerException(ExitCode.Failure, $"{request.Shown}: {problem}; what arrived is not used");
        }
    }

    /// <summary>Asks once for what is missing. Gives the whole's length; null where it broke off further on than before.</summary>
    private static async Task<long?> PartAsync(WebClient web, WebRequest request, string path, long? length, StrongBox<long> furthest,
        Action<long>? arrived, CancellationToken cancellation)
    {
        await using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, 1 << 16, useAsync: true);
        var from = file.Length > length ? 0 : file.Length;
        if (from == length) return from;
        using var response = await web.FollowAsync(request with { From = from }, cancellation);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && from > 0)
        {
            file.SetLength(0);
            return null;
        }
        if (!response.IsSuccessStatusCode) throw request.Explain(response);
        if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != from) from = 0;
        file.SetLength(from);
        file.Position = from;
        long? whole = response.Content.Headers.ContentRange?.Length
            ?? (response.Content.Headers.ContentLength is { } rest ? from + rest : null);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellation);
            var buffer = new byte[BufferBytes];
            for (int read; (read = await body.ReadAsync(buffer, cancellation)) > 0;)
            {
                await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
                arrived?.Invoke(read);
            }
            return whole is null || file.Length >= whole ? length ?? whole ?? file.Length
                : throw new IOException($"ended after {file.Length} of {whole} bytes");
        }
        catch (Exception e) when (Retries.IsTransient(e, cancellation) && file.Length > furthest.Value)
        {
            furthest.Value = file.Length;
            return null;
        }
    }
}
