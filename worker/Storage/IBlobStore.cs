namespace LightReasoner.Worker.Storage;

/// <summary>A blob as a listing shows it.</summary>
/// <param name="Name">Name below the store's root, parts divided by <c>/</c>.</param>
/// <param name="Length">Size in bytes; -1 where a web server does not say.</param>
public sealed record BlobInfo(string Name, long Length);

/// <summary>Content that was read together with the tag that a conditional write compares.</summary>
/// <param name="ETag">Changes with every write of different content.</param>
public sealed record BlobContent(byte[] Bytes, string ETag);

/// <summary>What must hold for a write to take place.</summary>
public readonly record struct PutCondition
{
    /// <summary>Tag that the blob must have; empty: the blob must be absent; null: no condition.</summary>
    public string? ETag { get; private init; }

    /// <summary>Writes only where nothing is.</summary>
    public static PutCondition IfAbsent => new() { ETag = "" };

    /// <summary>Writes only over content with this tag; null: only where nothing is.</summary>
    public static PutCondition IfMatch(string? etag) => new() { ETag = etag ?? "" };
}

/// <summary>
/// A flat space of named blobs under one root. Writes are atomic: a reader sees the old content, the new content, or nothing, and a write
/// that did not complete leaves nothing that a listing shows.
/// </summary>
public interface IBlobStore
{
    /// <summary>The root as a URI, without a slash at its end and without credentials.</summary>
    string Uri { get; }

    /// <summary>All blobs whose name starts with <paramref name="prefix"/>, by name in ordinal order.</summary>
    Task<IReadOnlyList<BlobInfo>> ListAsync(string prefix, CancellationToken cancellation = default);

    /// <summary>The content as a stream that seeks; no more than a few MiB of it are in memory at a time.</summary>
    /// <exception cref="FileNotFoundException">There is no such blob.</exception>
    Task<Stream> OpenReadAsync(string name, CancellationToken cancellation = default);

    /// <summary>The whole content of a small blob; null where there is none.</summary>
    async Task<BlobContent?> GetAsync(string name, CancellationToken cancellation = default)
    {
        if (await TagAsync(name, cancellation) is not { } tag) return null;
        await using var stream = await OpenReadAsync(name, cancellation);
        var bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes, cancellation);
        return new BlobContent(bytes, tag);
    }

    /// <summary>The tag of a blob; null where there is none.</summary>
    Task<string?> TagAsync(string name, CancellationToken cancellation = default);

    /// <summary>Writes the whole content, or nothing. Gives the new tag, or null where the condition does not hold.</summary>
    /// <param name="content">Seekable, read from its start.</param>
    /// <exception cref="WorkerException">The store can be read only.</exception>
    Task<string?> PutAsync(string name, Stream content, PutCondition condition = default, CancellationToken cancellation = default) =>
        throw new WorkerException(ExitCode.BadManifest,
            $"{Uri}: can be read only; write to az://container/path, s3://bucket/path or file:///path");

    /// <summary>Deletes a blob if it has this tag still; no error where there is none. Null deletes whatever is there.</summary>
    Task DeleteAsync(string name, string? etag = null, CancellationToken cancellation = default) =>
        PutAsync(name, Stream.Null, default, cancellation);

    /// <summary>What tells whether the content is the same (<see cref="Fingerprint.Value"/>); null where there is no such blob.</summary>
    async Task<string?> FingerprintAsync(string name, CancellationToken cancellation = default) =>
        await TagAsync(name, cancellation) is { } tag ? $"etag:{tag.Trim('"')}" : null;

    /// <summary>Copies a blob into a file of this machine.</summary>
    /// <param name="path">The file; replaced, or gone on with where the store knows how.</param>
    /// <param name="arrived">Told of bytes as they arrive.</param>
    async Task DownloadAsync(string name, string path, Action<long>? arrived = null, CancellationToken cancellation = default)
    {
        await using var from = await OpenReadAsync(name, cancellation);
        await using var to = File.Create(path);
        await from.CopyToAsync(to, cancellation);
        arrived?.Invoke(to.Length);
    }
}
