namespace LightReasoner.Worker.Storage;

/// <summary>
/// The cache folder of Hugging Face's own tools, with their layout, so that both find each other's files: <c>blobs/HASH</c> holds contents,
/// <c>snapshots/COMMIT/path</c> are links to them, and locks lie below <c>.locks</c>.
/// </summary>
internal sealed class HubCache(string root, HubRepository repository)
{
    private readonly string _folder = Path.Combine(root, repository.CacheName);

    /// <summary>The folder of a commit's files.</summary>
    public string Snapshot(string commit) => Path.Combine(_folder, "snapshots", commit);

    /// <summary>Keeps the repository from being evicted until this process ends.</summary>
    public async Task HoldAsync(CancellationToken cancellation)
    {
        do Directory.CreateDirectory(_folder);
        while (!await CacheFolder.HoldAsync(_folder, cancellation));
    }

    /// <summary>Whether a file's content is there.</summary>
    public bool Has(HubFile file) => File.Exists(Path.Combine(_folder, "blobs", file.Hash.Hex));

    /// <summary>Notes which commit a branch or tag stands for.</summary>
    public async Task NoteAsync(string revision, string commit, CancellationToken cancellation)
    {
        if (revision == commit) return;
        await new DirectoryBlobStore(Path.Combine(_folder, "refs"))
            .PutAsync(revision, new MemoryStream(System.Text.Encoding.ASCII.GetBytes(commit)), cancellation: cancellation);
    }

    /// <summary>The path of a file in the cache; downloaded first where it is not there, by one process of the machine.</summary>
    /// <param name="download">Downloads, with what checks there are, into the path that it is given.</param>
    public async Task<string> FetchAsync(string commit, HubFile file, Func<string, Task> download, CancellationToken cancellation)
    {
        string link = Path.Combine(Snapshot(commit), file.Path), blob = Path.Combine(_folder, "blobs", file.Hash.Hex);
        if (!Path.GetFullPath(link).StartsWith(Snapshot(commit) + "/", StringComparison.Ordinal))
            throw new InvalidDataException($"{repository.Uri}: '{file.Path}' leads out of the repository");
        if (!File.Exists(blob))
        {
            using var turn = await FileLock.AcquireAsync(Path.Combine(root, ".locks", repository.CacheName,
                file.Hash.Hex + ".lock"), cancellation);
            if (!File.Exists(blob))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
                await download(blob + ".incomplete");
                File.Move(blob + ".incomplete", blob);
            }
        }
        if (!File.Exists(link))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(link)!);
            try
            {
                File.CreateSymbolicLink(link, Path.GetRelativePath(Path.GetDirectoryName(link)!, blob));
            }
            catch (IOException) when (File.Exists(link))
            {
                // Another process made the same link.
            }
        }
        return link;
    }
}
