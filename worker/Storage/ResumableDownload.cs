using System.Net;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// A file from a web server. What arrived before an error, or before the process was killed, is kept and the rest asked for; the result is used only
/// when its length, and its hash where one is known, are right.
/// </summary>
internal sealed class ResumableDownload(WebClient web)
{
    private const int BufferBytes = 1 << 18;

    /// <summary>Downloads into a file that may hold the beginning already.</summary>
    /// <param name="request">What to get.</param>
    /// <param name="path">The file; not to be read before this returns.</param>
    /// <param name="length">Length that the content must have; null where only the answer tells.</param>
    /// <param name="hash">Hash that it must have, if known.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="WorkerException">It could not be had, or is not what it should be.</exception>
    public async Task FetchAsync(WebRequest request, string path, long? length, ContentHash? hash, CancellationToken cancellation)
    {
        for (int wrong = 0; ; wrong++)
        {
            bool resumed = File.Exists(path) && new FileInfo(path).Length > 0;
            long expected = await CompleteAsync(request, path, length, cancellation);
            string? problem = new FileInfo(path).Length is var got && got != expected ? $"{got} bytes arrived, should be {expected}"
                : hash is not null && await hash.OfAsync(path, cancellation) is var found && found != hash.Hex ? $"its {hash.Algorithm.Name} is {found}, should be {hash.Hex}"
                : null;
            if (problem is null) return;
            File.Delete(path);
            // A beginning that was damaged on this machine's disk gets one fresh start.
            if (wrong > 0 || !resumed) throw new WorkerException(ExitCode.Failure, $"{request.Shown}: {problem}; what arrived is not used");
        }
    }

    /// <summary>Asks for what is missing until nothing is; returns the length that the whole must have.</summary>
    private async Task<long> CompleteAsync(WebRequest request, string path, long? length, CancellationToken cancellation)
    {
        int failures = 0;
        while (true)
        {
            await using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, 1 << 16, useAsync: true);
            long from = file.Length > length ? 0 : file.Length;
            if (from == length) return from;
            using HttpResponseMessage response = await web.SendAsync(request with { From = from }, cancellation);
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && from > 0)
            {
                file.SetLength(0);
                continue;
            }
            if (!response.IsSuccessStatusCode) throw WebErrors.Explain(request, response);
            if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != from) from = 0;
            file.SetLength(from);
            file.Position = from;
            long? whole = response.Content.Headers.ContentRange?.Length ?? (response.Content.Headers.ContentLength is { } rest ? from + rest : null);
            string problem;
            try
            {
                await CopyAsync(response, file, cancellation);
                if (whole is null || file.Length >= whole) return length ?? whole ?? file.Length;
                problem = $"ended after {file.Length} of {whole} bytes";
            }
            catch (Exception e) when (WebClient.IsTransient(e, cancellation))
            {
                problem = e is OperationCanceledException ? $"sent nothing for {web.Patience.TotalSeconds:F0} s" : $"broke off ({e.Message})";
            }
            // A server that gets a little further each time is not given up.
            failures = file.Length > from ? 1 : failures + 1;
            if (failures >= web.Retry.Tries) throw new WorkerException(ExitCode.Failure, $"{request.Shown}: {problem}, {failures} times at the same place");
            await web.Retry.WaitAsync(failures, null, cancellation);
        }
    }

    private async Task CopyAsync(HttpResponseMessage response, FileStream file, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellation);
        var buffer = new byte[BufferBytes];
        try
        {
            while (true)
            {
                patience.CancelAfter(web.Patience);
                int read = await body.ReadAsync(buffer, patience.Token);
                if (read == 0) return;
                await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }
        }
        finally
        {
            await file.FlushAsync(CancellationToken.None);
        }
    }
}
