using System.Security.Cryptography;
using System.Text;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// Model folders on this machine: local ones as they are, others copied into a cache once. Processes (the pods of a node that mount the same
/// volume) take turns; a folder appears in the cache whole, under a name that follows from its content's tags, so that a changed source is
/// copied anew and a half copied one goes on where it stopped.
/// </summary>
internal static class LocalFolder
{
    private static readonly string[] ModelFiles = [".json", ".safetensors", ".jinja", ".txt", ".model"];

    /// <summary>A folder of this machine with the model (or adapter) files at a URI.</summary>
    /// <exception cref="WorkerException">There are none.</exception>
    public static Task<string> OfModelAsync(string uri, CancellationToken cancellation) => BlobUri.Open(uri) switch
    {
        DirectoryBlobStore local => Task.FromResult(local.Root),
        HubStore hub => hub.FetchAsync(IsModelFile, cancellation),
        IBlobStore remote => CopyAsync(remote, CacheFolder.Root, cancellation),
    };

    /// <summary>Copies the model files at the root of a store into the cache, or finds them there.</summary>
    internal static async Task<string> CopyAsync(IBlobStore store, string cacheRoot, CancellationToken cancellation)
    {
        BlobInfo[] blobs = [.. (await store.ListAsync("", cancellation)).Where(blob => IsModelFile(blob.Name))];
        if (blobs.Length == 0) throw new WorkerException(ExitCode.MissingInput, $"{store.Uri}: holds no model files (config.json, *.safetensors, tokenizer.json)");
        string?[] tags = await Task.WhenAll(blobs.Select(blob => store.TagAsync(blob.Name, cancellation)));
        string content = string.Join('\n', blobs.Zip(tags, (blob, tag) => $"{blob.Name} {blob.Length} {tag}").Prepend(store.Uri));
        string folder = Path.Combine(cacheRoot, "folders", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)))[..32]);
        if (Directory.Exists(folder)) return folder;

        using IDisposable turn = await FileLock.AcquireAsync(folder + ".lock", cancellation);
        if (Directory.Exists(folder)) return folder;
        string partial = Directory.CreateDirectory(folder + ".partial").FullName;
        foreach (BlobInfo blob in blobs)
        {
            string path = Path.Combine(partial, blob.Name), incomplete = path + ".incomplete";
            if (File.Exists(path)) continue;
            await store.DownloadAsync(blob.Name, incomplete, cancellation);
            if (new FileInfo(incomplete).Length is var length && length != blob.Length)
                throw new IOException($"{store.Uri}/{blob.Name}: {length} bytes arrived of {blob.Length}");
            File.Move(incomplete, path);
        }
        Directory.Move(partial, folder);
        return folder;
    }

    /// <summary>The files of the folder itself that a model is loaded from; repositories hold much else.</summary>
    internal static bool IsModelFile(string name) => !name.Contains('/') && ModelFiles.Contains(Path.GetExtension(name), StringComparer.Ordinal);
}
