using System.Security.Cryptography;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// Blobs as files under a folder. A write goes to a temporary file beside its place, is flushed to the disk and renamed; conditional writes
/// take turns by an advisory lock on a file in the folder, so that they hold between processes as well.
/// </summary>
public sealed class DirectoryBlobStore(string root) : IBlobStore
{
    /// <summary>Ends the names of files that are not blobs yet, or never.</summary>
    private const string PrivateSuffix = ".~lr";

    private readonly string _root = Path.GetFullPath(root);

    /// <inheritdoc/>
    public string Uri => "file://" + _root.TrimEnd('/');

    /// <inheritdoc/>
    public Task<IReadOnlyList<BlobInfo>> ListAsync(string prefix, CancellationToken cancellation = default)
    {
        // Only the folder that the prefix points into is walked.
        string folder = Path.Combine(_root, prefix.Contains('/') ? prefix[..prefix.LastIndexOf('/')] : "");
        IReadOnlyList<BlobInfo> blobs = !Directory.Exists(folder) ? [] :
        [
            .. new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)
                .Where(file => !file.Name.EndsWith(PrivateSuffix, StringComparison.Ordinal))
                .Select(file => new BlobInfo(Path.GetRelativePath(_root, file.FullName), file.Length))
                .Where(blob => blob.Name.StartsWith(prefix, StringComparison.Ordinal))
                .OrderBy(blob => blob.Name, StringComparer.Ordinal),
        ];
        return Task.FromResult(blobs);
    }

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string name, long offset = 0, CancellationToken cancellation = default)
    {
        string path = PathOf(name);
        if (!File.Exists(path)) throw new FileNotFoundException($"file://{path}: there is no such file", path);
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16, useAsync: true);
        stream.Position = offset;
        return Task.FromResult<Stream>(stream);
    }

    /// <inheritdoc/>
    public async Task<BlobContent?> GetAsync(string name, CancellationToken cancellation = default)
    {
        try
        {
            byte[] bytes = await File.ReadAllBytesAsync(PathOf(name), cancellation);
            return new BlobContent(bytes, TagOf(bytes));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<bool> PutAsync(string name, Stream content, PutCondition condition = default, CancellationToken cancellation = default)
    {
        string path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string temporary = $"{path}.{Guid.NewGuid():N}{PrivateSuffix}";
        try
        {
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, useAsync: true))
            {
                await content.CopyToAsync(file, cancellation);
                await file.FlushAsync(cancellation);
                file.Flush(flushToDisk: true);
            }
            if (condition.ETag is null)
            {
                File.Move(temporary, path, overwrite: true);
                return true;
            }
            using FileStream turn = await LockAsync(Path.Combine(_root, ".lock" + PrivateSuffix), cancellation);
            string current = await GetAsync(name, cancellation) is { } existing ? existing.ETag : "";
            if (current != condition.ETag) return false;
            File.Move(temporary, path, overwrite: true);
            return true;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string name, CancellationToken cancellation = default)
    {
        string path = PathOf(name);
        if (!File.Exists(path)) return Task.CompletedTask;
        File.Delete(path);
        // A folder exists only through its files; the ones that this deletion left empty go with it.
        for (string? folder = Path.GetDirectoryName(path); folder is not null && folder.Length > _root.Length; folder = Path.GetDirectoryName(folder))
        {
            try
            {
                Directory.Delete(folder);
            }
            catch (IOException)
            {
                break;
            }
        }
        return Task.CompletedTask;
    }

    private string PathOf(string name)
    {
        string path = Path.GetFullPath(Path.Combine(_root, name));
        return path.StartsWith(_root.TrimEnd('/') + "/", StringComparison.Ordinal)
            ? path
            : throw new ArgumentException($"'{name}' leads out of {Uri}", nameof(name));
    }

    private static string TagOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The lock is the operating system's (flock): it ends with the process that holds it, however that ends.</summary>
    private static async Task<FileStream> LockAsync(string path, CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.None);
            }
            catch (IOException) when (Directory.Exists(Path.GetDirectoryName(path)))
            {
                await Task.Delay(20, cancellation);
            }
        }
    }
}
