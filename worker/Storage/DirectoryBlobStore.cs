namespace LightReasoner.Worker.Storage;

/// <summary>
/// Blobs as files under a folder. A write goes to a temporary file beside its place, is flushed to the disk and renamed; conditional writes
/// take turns by an advisory lock on a file in the folder, so that they hold between processes as well.
/// </summary>
internal sealed class DirectoryBlobStore(string root) : IBlobStore
{
    /// <summary>Ends the names of files that are not blobs yet, or never.</summary>
    private const string PrivateSuffix = ".~lr";

    /// <summary>Files up to this length are told apart by their content.</summary>
    private const int MaxHashed = 1 << 16;

    /// <summary>How often others may come between a write and its end.</summary>
    private const int MostTries = 20;

    public string Uri => "file://" + StorageUri.Escape(Root.TrimEnd('/'));

    public string Root { get; } = Path.GetFullPath(root);

    public Task<IReadOnlyList<BlobInfo>> ListAsync(string prefix, CancellationToken cancellation = default)
    {
        // Only the folder that the prefix points into is walked.
        var folder = Path.Combine(Root, prefix.Contains('/') ? prefix[..prefix.LastIndexOf('/')] : "");
        var blobs = new List<BlobInfo>();
        try
        {
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories))
            {
                var name = Path.GetRelativePath(Root, file.FullName);
                if (name.EndsWith(PrivateSuffix, StringComparison.Ordinal) || !name.StartsWith(prefix, StringComparison.Ordinal)) continue;
                // What another process deletes meanwhile is not listed.
                if (file.Exists) blobs.Add(new BlobInfo(name, file.Length));
            }
        }
        catch (DirectoryNotFoundException)
        {
            // No folder, no blobs.
        }
        blobs.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return Task.FromResult<IReadOnlyList<BlobInfo>>(blobs);
    }

    public Task<Stream> OpenReadAsync(string name, CancellationToken cancellation = default)
    {
        var path = PathOf(name);
        if (!File.Exists(path)) throw new FileNotFoundException($"file://{StorageUri.Escape(path)}: there is no such file", path);
        return Task.FromResult<Stream>(Open(path));
    }

    public Task<BlobContent?> GetAsync(string name, CancellationToken cancellation = default) => IfThereAsync(name, async file =>
    {
        var bytes = new byte[file.Length];
        await file.ReadExactlyAsync(bytes, cancellation);
        return new BlobContent(bytes, TagOf(file, bytes));
    });

    public Task<string?> TagAsync(string name, CancellationToken cancellation = default) => IfThereAsync(name, async file =>
    {
        var bytes = new byte[Math.Min(file.Length, MaxHashed)];
        await file.ReadExactlyAsync(bytes, cancellation);
        return TagOf(file, bytes);
    });

    public Task<string?> FingerprintAsync(string name, CancellationToken cancellation = default) =>
        IfThereAsync(name, async file => "sha256:" + await KnownHashes.OfProcess.Sha256Async(file, cancellation));

    private async Task<T?> IfThereAsync<T>(string name, Func<FileStream, Task<T>> read)
        where T : class
    {
        try
        {
            await using var file = Open(PathOf(name));
            return await read(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public async Task<string?> PutAsync(string name, Stream content, PutCondition condition = default,
        CancellationToken cancellation = default)
    {
        var path = PathOf(name);
        DeleteAbandoned(path);
        for (int tries = 1; ; tries++)
        {
            var file = Create(path);
            var temporary = file.Name;
            try
            {
                await using (file)
                {
                    await content.CopyToAsync(file, cancellation);
                    file.Flush(flushToDisk: true);
                }
                // The kernel's own time stamps move in steps of milliseconds; these tell writes apart that follow at once.
                File.SetLastWriteTimeUtc(temporary, DateTime.UtcNow);
                using IDisposable? turn = condition.ETag is null ? null : await TurnAsync(cancellation);
                if (condition.ETag is not null && (await TagAsync(name, cancellation) ?? "") != condition.ETag) return null;
                var tag = await TagAsync(Path.GetRelativePath(Root, temporary), cancellation);
                File.Move(temporary, path, overwrite: true);
                return tag;
            }
            catch (FileNotFoundException) when (tries < MostTries)
            {
                // Another writer of the same blob took the file, complete and no longer locked, for an abandoned one.
                content.Position = 0;
            }
            finally
            {
                File.Delete(temporary);
            }
        }
    }

    public async Task DeleteAsync(string name, string? etag = null, CancellationToken cancellation = default)
    {
        var path = PathOf(name);
        if (!File.Exists(path)) return;
        using (IDisposable? turn = etag is null ? null : await TurnAsync(cancellation))
        {
            if (etag is not null && await TagAsync(name, cancellation) != etag) return;
            File.Delete(path);
        }
        // A folder exists only through its files; the ones that this deletion left empty go with it.
        for (string? folder = Path.GetDirectoryName(path); folder is not null && folder.Length > Root.Length;
            folder = Path.GetDirectoryName(folder))
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
    }

    private string PathOf(string name)
    {
        var path = Path.GetFullPath(Path.Combine(Root, name));
        return path.StartsWith(Root.TrimEnd('/') + "/", StringComparison.Ordinal)
            ? path : throw new ArgumentException($"'{name}' leads out of {Uri}", nameof(name));
    }

    /// <summary>Deletes what killed processes left of their writes of the same blob: what is being written is locked.</summary>
    private static void DeleteAbandoned(string path)
    {
        if (!Directory.Exists(Path.GetDirectoryName(path))) return;
        foreach (var left in Directory.EnumerateFiles(Path.GetDirectoryName(path)!, $"{Path.GetFileName(path)}.*{PrivateSuffix}"))
        {
            try
            {
                // A reader's lock: it waits for no reader, and none fails on it, should the file just have become the blob.
                using var unlocked = Open(left);
                File.Delete(left);
            }
            catch (IOException)
            {
                // Being written.
            }
        }
    }

    /// <summary>A new file beside a blob, locked as long as it is open.</summary>
    private static FileStream Create(string path)
    {
        for (int attempt = 1; ; attempt++)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            try
            {
                return new FileStream($"{path}.{Guid.NewGuid():N}{PrivateSuffix}", FileMode.CreateNew, FileAccess.Write, FileShare.None,
                    1 << 16, useAsync: true);
            }
            catch (IOException) when (attempt < MostTries)
            {
                // Another process deleted the last blob of the folder, and the folder with it; or it saw the file in the instant between
                // its creation and its lock, took it for an abandoned one, and holds it until it has deleted it.
            }
        }
    }

    /// <summary>A file to read, which others may replace or delete meanwhile.</summary>
    internal static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete,
        1 << 16, useAsync: true);

    /// <summary>Small files are told apart by their content, large ones by length and time.</summary>
    private static string TagOf(FileStream file, byte[] bytes) => file.Length <= MaxHashed
        ? Convert.ToHexStringLower(SHA256.HashData(bytes))
        : FormattableString.Invariant($"{file.Length}-{File.GetLastWriteTimeUtc(file.SafeFileHandle).Ticks}");

    private Task<IDisposable> TurnAsync(CancellationToken cancellation) =>
        FileLock.AcquireAsync(Path.Combine(Root, ".lock" + PrivateSuffix), cancellation);
}
