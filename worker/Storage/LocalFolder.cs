namespace LightReasoner.Worker.Storage;

/// <summary>How far a download is.</summary>
/// <param name="Done">Bytes that have arrived, or were there already.</param>
/// <param name="Total">Bytes in all; 0 where a server does not say.</param>
public sealed record DownloadProgress(string Uri, long Done, long Total)
{
    /// <summary><c>downloading 3.1 of 14.2 GB</c>.</summary>
    public override string ToString()
    {
        var (unit, name) = Total >= 100_000_000 ? (1e9, "GB") : (1e6, "MB");
        var all = Total > 0 ? FormattableString.Invariant($"of {Total / unit:F1} ") : "";
        return FormattableString.Invariant($"downloading {Done / unit:F1} {all}{name}");
    }
}

/// <summary>
/// Model folders on this machine: local ones as they are, others copied into the cache once, under a name that follows from their content's
/// fingerprints, so that a changed source is copied anew and a half copied one goes on where it stopped.
/// </summary>
internal static class LocalFolder
{
    private static readonly string[] ModelFiles = [".json", ".safetensors", ".jinja", ".txt", ".model"];

    /// <summary>A folder of this machine with the model (or adapter) files at a URI.</summary>
    /// <exception cref="WorkerException">There are none, or they are not what their names say.</exception>
    public static async Task<string> OfModelAsync(string uri, CancellationToken cancellation, IProgress<DownloadProgress>? progress = null)
    {
        var store = BlobUri.Open(uri);
        var folder = store switch
        {
            DirectoryBlobStore local => local.Root,
            HubStore hub => await hub.FetchAsync(IsModelFile, progress, cancellation),
            _ => await CopyAsync(store, CacheFolder.OfProcess, progress, cancellation),
        };
        if (!Directory.Exists(folder)) throw new WorkerException(ExitCode.MissingInput,
            $"{store.Uri}: there is no such folder{(HubRepository.IsId(uri) ? $"; a model of the Hugging Face hub is hf://{uri}" : "")}");
        foreach (var file in Directory.EnumerateFiles(folder).Where(file => Path.GetExtension(file) is ".json" or ".safetensors")
            .Order(StringComparer.Ordinal))
            if (ContentKind.NameOf(file) is { } kind)
                throw new WorkerException(ExitCode.BadData, $"{store.Uri}/{Path.GetFileName(file)}: is {kind}");
        return folder;
    }

    /// <summary>Copies the model files at the root of a store into the cache, or finds them there.</summary>
    internal static async Task<string> CopyAsync(IBlobStore store, CacheFolder cache, IProgress<DownloadProgress>? progress,
        CancellationToken cancellation)
    {
        BlobInfo[] blobs = [.. (await store.ListAsync("", cancellation)).Where(blob => IsModelFile(blob.Name))];
        if (blobs.Length == 0) throw new WorkerException(ExitCode.MissingInput,
            $"{store.Uri}: holds no model files (config.json, *.safetensors, tokenizer.json)");
        var fingerprints = await Fingerprint.OfAsync(store, [.. blobs.Select(blob => blob.Name)], cancellation);
        var content = string.Join('\n', blobs.Zip(fingerprints, (blob, print) =>
            $"{blob.Name} {blob.Length} {print.Value}").Prepend(store.Uri));
        var meter = new Meter(store.Uri, blobs.Sum(blob => Math.Max(0, blob.Length)), progress);
        return await cache.GetAsync("folders/" + CacheFolder.Key(content), meter.Total, async partial =>
        {
            Directory.CreateDirectory(partial);
            foreach (var (blob, print) in blobs.Zip(fingerprints))
            {
                string path = Path.Combine(partial, blob.Name), incomplete = path + ".incomplete";
                if (File.Exists(path))
                {
                    meter.Add(blob.Length);
                    continue;
                }
                await store.DownloadAsync(blob.Name, incomplete, meter.Add, cancellation);
                long? length = blob.Length < 0 ? null : blob.Length;
                if (await Fingerprint.ProblemAsync(incomplete, length, print.Value, cancellation) is { } problem)
                    throw new IOException($"{print.Uri}: {problem}; what arrived is not used");
                File.Move(incomplete, path);
            }
        }, cancellation);
    }

    /// <summary>The files of the folder itself that a model is loaded from; repositories hold much else.</summary>
    internal static bool IsModelFile(string name) => !name.Contains('/')
        && ModelFiles.Contains(Path.GetExtension(name), StringComparer.Ordinal);

    /// <summary>Adds up what arrives for several files at once.</summary>
    internal sealed class Meter(string uri, long total, IProgress<DownloadProgress>? progress)
    {
        private long _done;

        public long Total => total;

        public void Add(long bytes)
        {
            var done = Interlocked.Add(ref _done, Math.Max(0, bytes));
            progress?.Report(new DownloadProgress(uri, total > 0 ? Math.Min(done, total) : done, total));
        }
    }
}
