using System.Collections.Concurrent;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// Copies of remote files and model folders: <c>LIGHTREASONER_CACHE</c>, else a folder of the user's cache. It may be a volume that the
/// pods of a node or of a cluster share: they take turns by file locks, so that each entry is downloaded once, and an entry appears whole
/// or not at all. What a process uses it holds by a shared lock until it ends; beyond <c>LIGHTREASONER_CACHE_SIZE</c> the entries that were
/// not used for longest, and that nobody holds, go.
/// </summary>
/// <param name="limit">Bytes to hold at most; null for no limit.</param>
internal sealed partial class CacheFolder(string root, long? limit = null)
{
    private const string Partial = ".partial", Evicted = ".evicted", LockSuffix = ".lock";

    private static readonly ConcurrentDictionary<string, IDisposable> Held = new();

    public static CacheFolder OfProcess => new(
        Path.GetFullPath(Variables.Given("LIGHTREASONER_CACHE")
            ?? Path.Combine(Variables.UserCache(Environment.GetEnvironmentVariable), "lightreasoner")),
        Variables.Given("LIGHTREASONER_CACHE_SIZE") is { } size ? ParseSize(size) : null);

    public string Root => root;

    /// <summary>The name of an entry for what a text says: equal texts, equal names.</summary>
    public static string Key(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];

    /// <summary>The path of an entry, made first where it is not there.</summary>
    /// <param name="name">Its name below the root, which says what is in it: equal names, equal content.</param>
    /// <param name="make">Makes the file or folder at the path that it is given, or goes on with what an earlier attempt left
    /// there.</param>
    public async Task<string> GetAsync(string name, long bytes, Func<string, Task> make, CancellationToken cancellation)
    {
        string path = Path.Combine(root, name), partial = path + Partial;
        while (!await HoldAsync(path, cancellation))
        {
            using var turn = FileLock.Try(LockOf(path));
            if (turn is null) await Task.Delay(FileLock.Interval, cancellation);
            else if (!Path.Exists(path))
            {
                MakeRoom(bytes);
                await make(partial);
                Directory.Move(partial, path); // moves files, too
            }
        }
        return path;
    }

    /// <summary>Keeps an entry until this process ends, once nobody makes or evicts it any more; false where it is not there.</summary>
    public static async Task<bool> HoldAsync(string path, CancellationToken cancellation)
    {
        var hold = await FileLock.AcquireAsync(LockOf(path), cancellation, shared: true);
        var exists = Path.Exists(path);
        if (!exists || !Held.TryAdd(path, hold)) hold.Dispose();
        if (exists) File.SetLastWriteTimeUtc(LockOf(path), DateTime.UtcNow);
        return exists;
    }

    /// <summary>Evicts what was not used for longest, as far as nobody holds it, until so many bytes fit below the limit.</summary>
    public void MakeRoom(long bytes)
    {
        if (limit is null) return;
        (FileSystemInfo Entry, long Length, DateTime Used)[] entries = [.. Entries()
            .Select(entry => (entry, LengthOf(entry), File.GetLastWriteTimeUtc(LockOf(entry.FullName)))).OrderBy(e => e.Item3)];
        var over = entries.Sum(e => e.Length) + bytes - limit.Value;
        foreach ((FileSystemInfo entry, long length, _) in entries)
        {
            if (over <= 0) return;
            using var alone = FileLock.Try(LockOf(entry.FullName));
            if (alone is null) continue;
            if (entry is FileInfo) entry.Delete();
            else
            {
                // Gone at once, whatever becomes of this process.
                var going = entry.FullName.EndsWith(Evicted, StringComparison.Ordinal) ? entry.FullName : entry.FullName + Evicted;
                if (going != entry.FullName) Directory.Move(entry.FullName, going);
                Directory.Delete(going, recursive: true);
            }
            over -= length;
        }
    }

    /// <summary>A number of bytes as Kubernetes or people write it: <c>200Gi</c>, <c>200GB</c>, <c>1.5T</c>.</summary>
    internal static long ParseSize(string text)
    {
        var match = Size().Match(text.Trim());
        if (!match.Success)
            throw new WorkerException(ExitCode.Usage, $"LIGHTREASONER_CACHE_SIZE: must be a size such as 200Gi, was '{text}'");
        var unit = Math.Pow(match.Groups["binary"].Success ? 1024 : 1000,
            "KMGT".IndexOf(match.Groups["unit"].Value.ToUpperInvariant() is { Length: 1 } u ? u : " ", StringComparison.Ordinal) + 1);
        return (long)(double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture) * unit);
    }

    private IEnumerable<FileSystemInfo> Entries() => new[] { "folders", "files", "huggingface/hub" }.Select(part =>
        new DirectoryInfo(Path.Combine(root, part))).Where(folder => folder.Exists)
        .SelectMany(folder => folder.EnumerateFileSystemInfos())
            .Where(entry => !entry.Name.StartsWith('.') && !entry.Name.EndsWith(LockSuffix, StringComparison.Ordinal));

    private static long LengthOf(FileSystemInfo entry) => entry is FileInfo file ? file.Length
        : ((DirectoryInfo)entry).EnumerateFiles("*", SearchOption.AllDirectories).Where(each => each.LinkTarget is null)
            .Sum(each => each.Length);

    /// <summary>The file whose lock guards an entry. The hub's own tools keep locks apart.</summary>
    private static string LockOf(string path)
    {
        foreach (var suffix in new[] { Partial, Evicted })
            if (path.EndsWith(suffix, StringComparison.Ordinal)) path = path[..^suffix.Length];
        var name = Path.GetFileName(path);
        return (name.Contains("--", StringComparison.Ordinal)
            ? Path.Combine(Path.GetDirectoryName(path)!, ".locks", name) : path) + LockSuffix;
    }

    [GeneratedRegex(@"^(?<number>\d+(?:\.\d+)?)\s*(?:(?<unit>[KMGT])(?<binary>i)?)?B?$", RegexOptions.IgnoreCase)]
    private static partial Regex Size();
}
