using System.Runtime.InteropServices;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// SHA-256 of local files. That of a large one is kept in the cache folder together with what the file system says of the file: device,
/// inode, size, and the times of its last change in nanoseconds. No program can set the second of them (ctime), so a file that was
/// written to, or replaced by one of the same size and time, is read again.
/// </summary>
internal sealed class KnownHashes(string folder, TimeProvider time)
{
    /// <summary>Shorter files are read faster than looked up.</summary>
    public const int Least = 1 << 20;

    /// <summary>A file that changed so shortly ago may change again within the same time stamp; its hash is not kept.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);

    public static KnownHashes OfProcess => new(Path.Combine(CacheFolder.OfProcess.Root, "hashes"), TimeProvider.System);

    /// <summary>The hash of an open file's content, in lower case.</summary>
    public async Task<string> Sha256Async(FileStream file, CancellationToken cancellation)
    {
        if (file.Length < Least || StateOf(file) is not { } before) return await ReadAsync(file, cancellation);
        (IBlobStore store, string entry) = (new DirectoryBlobStore(folder), CacheFolder.Key(file.Name));
        string? hash = null;
        try
        {
            if ((await store.GetAsync(entry, cancellation))?.Bytes is { } known
                && Encoding.UTF8.GetString(known).Split('\n') is [var state, var kept, ..] && state == before.State) return kept;
            hash = await ReadAsync(file, cancellation);
            if (StateOf(file) == before && time.GetUtcNow() - before.Changed >= Settled)
                await store.PutAsync(entry, new MemoryStream(Encoding.UTF8.GetBytes($"{before.State}\n{hash}")), default, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A cache that cannot be read or written to only costs time.
        }
        return hash ?? await ReadAsync(file, cancellation);
    }

    private static async Task<string> ReadAsync(FileStream file, CancellationToken cancellation)
    {
        file.Position = 0;
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation));
    }

    /// <summary>
    /// All that the file system says of a file, and when content, name or rights changed last; null where the system does not tell.
    /// </summary>
    private static (string State, DateTimeOffset Changed)? StateOf(FileStream file)
    {
        const int emptyPath = 0x1000, basicFields = 0x7ff, size = 256;
        // struct statx has the same layout on every architecture (statx(2)).
        var s = new byte[size];
        try
        {
            if (StatX((int)file.SafeFileHandle.DangerousGetHandle(), "", emptyPath, basicFields, s) != 0) return null;
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
        // Inode and size; ctime and mtime, seconds and nanoseconds; major and minor number of the device.
        var (changed, nanoseconds) = (BitConverter.ToInt64(s, 96), BitConverter.ToInt32(s, 104));
        return (string.Join(' ', BitConverter.ToInt64(s, 32), BitConverter.ToInt64(s, 40), changed, nanoseconds,
            BitConverter.ToInt64(s, 112), BitConverter.ToInt32(s, 120), BitConverter.ToInt32(s, 136), BitConverter.ToInt32(s, 140)),
            DateTimeOffset.FromUnixTimeSeconds(changed).AddTicks(nanoseconds / 100));
    }

    [DllImport("libc", EntryPoint = "statx")]
    private static extern int StatX(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte[] state);
}
