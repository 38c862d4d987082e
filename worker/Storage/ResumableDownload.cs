using System.Net;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// A file from a web server. What arrived before an error, or before the process was killed, is kept and the rest asked for; the result is
/// used only when its length, and its hash where one is known, are right.
/// </summary>
/// <param name="path">The file, which may hold the beginning already; not to be read before it is fetched.</param>
/// <param name="length">Length that the content must have; null where only the answer tells.</param>
/// <param name="hash">Fingerprint that it must have; null where none is known.</param>
internal sealed class ResumableDownload(WebClient web, WebRequest request, string path, long? length, string? hash,
    Action<long>? arrived)
{
    private const int BufferBytes = 1 << 18;

    private long _furthest = File.Exists(path) ? new FileInfo(path).Length : 0;

    /// <exception cref="WorkerException">It could not be had, or is not what it should be.</exception>
    public async Task FetchAsync(CancellationToken cancellation)
    {
        if (_furthest > 0) arrived?.Invoke(_furthest);
        for (bool resumed = _furthest > 0; ; resumed = false)
        {
            long? expected = null;
            // A server that gets a little further each time is not given up.
            while (expected is null) expected = await web.RepeatAsync(request.Shown, PartAsync, cancellation);
            if (await Fingerprint.ProblemAsync(path, expected, hash, cancellation) is not { } problem) return;
            File.Delete(path);
            _furthest = 0;
            // A beginning that was damaged on this machine's disk gets one fresh start.
            if (!resumed) throw new WorkerException(ExitCode.Failure, $"{request.Shown}: {problem}; what arrived is not used");
        }
    }

    /// <summary>Asks once for what is missing. Gives the whole's length; null where it broke off further on than before.</summary>
    private async Task<long?> PartAsync(CancellationToken cancellation)
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
        catch (Exception e) when (Retries.IsTransient(e, cancellation) && file.Length > _furthest)
        {
            _furthest = file.Length;
            return null;
        }
    }
}
