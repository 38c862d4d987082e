using System.Net.Http.Headers;

namespace LightReasoner.Worker.Storage;

/// <summary>A file of a hub repository, as its tree lists it.</summary>
/// <param name="Hash">The object id: <c>git:…</c>, or <c>sha256:…</c> of Git LFS for large files.</param>
internal sealed record HubFile(string Path, long Length, string Hash)
{
    public string Hex => Hash[(Hash.IndexOf(':', StringComparison.Ordinal) + 1)..];
}

/// <summary>
/// The files of a Hugging Face repository at one commit, read only. The revision is resolved once, so that all files are of the same
/// commit; each is downloaded, checked against the hash that the tree lists, and read from the cache folder of Hugging Face's own tools.
/// Theirs is its layout, so that both find each other's files: <c>blobs/HASH</c> holds contents, <c>snapshots/COMMIT/path</c> are links to
/// them, and locks lie below <c>.locks</c>.
/// </summary>
internal sealed partial class HubStore(HubRepository repository, HubOptions options) : IBlobStore
{
    private const int Concurrency = 4;

    private readonly string _folder = Path.Combine(options.Cache, repository.CacheName);
    private Task<(string Commit, IReadOnlyList<HubFile> Files)>? _tree;

    public string Uri => repository.Uri;

    /// <summary>Fetches the wanted files of the root and returns the folder of this machine that holds them.</summary>
    /// <exception cref="WorkerException">There are none.</exception>
    public async Task<string> FetchAsync(Func<string, bool> wanted, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        var (commit, files) = await TreeAsync(cancellation);
        HubFile[] chosen = [.. files.Where(file => wanted(NameOf(file)))];
        if (chosen.Length == 0)
            throw new WorkerException(ExitCode.MissingInput, $"{Uri}: holds no model files (config.json, *.safetensors, tokenizer.json)");
        var meter = new LocalFolder.Meter(Uri, chosen.Sum(file => file.Length), progress);
        await Parallel.ForEachAsync(chosen, new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellation },
            async (file, stop) => await FetchAsync(commit, file, meter.Add, stop));
        return Path.Combine(Snapshot(commit), repository.Folder);
    }

    public async Task<IReadOnlyList<BlobInfo>> ListAsync(string prefix, CancellationToken cancellation = default) =>
    [
        .. (await TreeAsync(cancellation)).Files.Select(file => new BlobInfo(NameOf(file), file.Length))
            .Where(blob => blob.Name.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(blob => blob.Name, StringComparer.Ordinal),
    ];

    public async Task<Stream> OpenReadAsync(string name, CancellationToken cancellation = default)
    {
        var (commit, file) = await FindAsync(name, cancellation);
        return DirectoryBlobStore.Open(await FetchAsync(commit,
            file ?? throw new FileNotFoundException($"{Uri}/{name}: there is no such file", name), null, cancellation));
    }

    public async Task<string?> TagAsync(string name, CancellationToken cancellation = default) =>
        (await FindAsync(name, cancellation)).File?.Hex;

    public async Task<string?> FingerprintAsync(string name, CancellationToken cancellation = default) =>
        (await FindAsync(name, cancellation)).File?.Hash;

    private async Task<(string Commit, HubFile? File)> FindAsync(string name, CancellationToken cancellation) =>
        await TreeAsync(cancellation) is var (commit, files) ? (commit, files.FirstOrDefault(file => NameOf(file) == name)) : default;

    private string NameOf(HubFile file) => repository.Folder.Length == 0 ? file.Path : file.Path[(repository.Folder.Length + 1)..];

    private string Snapshot(string commit) => Path.Combine(_folder, "snapshots", commit);

    /// <summary>The path of a file in the cache; downloaded first where it is not there, by one process of the machine.</summary>
    private async Task<string> FetchAsync(string commit, HubFile file, Action<long>? arrived, CancellationToken cancellation)
    {
        // Held, the repository is not evicted until this process ends.
        do Directory.CreateDirectory(_folder);
        while (!await CacheFolder.HoldAsync(_folder, cancellation));
        string link = Path.Combine(Snapshot(commit), file.Path), blob = Path.Combine(_folder, "blobs", file.Hex);
        if (!Path.GetFullPath(link).StartsWith(Snapshot(commit) + "/", StringComparison.Ordinal))
            throw new InvalidDataException($"{Uri}: '{file.Path}' leads out of the repository");
        if (File.Exists(blob)) arrived?.Invoke(file.Length);
        else
        {
            options.Room.MakeRoom(file.Length);
            var guard = Path.Combine(options.Cache, ".locks", repository.CacheName, file.Hex + ".lock");
            using var turn = await FileLock.AcquireAsync(guard, cancellation);
            if (!File.Exists(blob))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
                var address = $"{options.Endpoint}/{repository.FilesPath}/resolve/{commit}/{WebRequest.Escape(file.Path)}";
                await new ResumableDownload(options.Web, Request(address, $"{Uri}/{NameOf(file)}"), blob + ".incomplete", file.Length,
                    file.Hash, arrived).FetchAsync(cancellation);
                File.Move(blob + ".incomplete", blob);
            }
        }
        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        try
        {
            if (!File.Exists(link)) File.CreateSymbolicLink(link, Path.GetRelativePath(Path.GetDirectoryName(link)!, blob));
        }
        catch (IOException) when (File.Exists(link))
        {
            // Another process made the same link.
        }
        return link;
    }

    private WebRequest Request(string url, string shown) => new(new Uri(url), shown)
    {
        Authorization = options.Token is { } token ? new AuthenticationHeaderValue("Bearer", token) : null,
    };

    private Task<(string Commit, IReadOnlyList<HubFile> Files)> TreeAsync(CancellationToken cancellation) =>
        _tree is { IsCompletedSuccessfully: true } known ? known : _tree = ReadTreeAsync(cancellation);

    private async Task<(string Commit, IReadOnlyList<HubFile> Files)> ReadTreeAsync(CancellationToken cancellation)
    {
        var api = $"{options.Endpoint}/api/{repository.Type}/{repository.Id}";
        (JsonNode about, _) = await GetJsonAsync($"{api}/revision/{System.Uri.EscapeDataString(repository.Revision)}", cancellation);
        var commit = (string?)about["sha"]
            ?? throw new InvalidDataException($"{Uri}: the hub names no commit for revision '{repository.Revision}'");
        var files = new List<HubFile>();
        var folder = repository.Folder.Length == 0 ? "" : "/" + WebRequest.Escape(repository.Folder);
        for (string? page = $"{api}/tree/{commit}{folder}?recursive=true"; page is not null;)
        {
            (JsonNode entries, page) = await GetJsonAsync(page, cancellation);
            foreach (var entry in entries.AsArray())
            {
                if ((string?)entry?["type"] != "file") continue;
                var large = entry["lfs"];
                files.Add(new HubFile((string)entry["path"]!, (long)(large?["size"] ?? entry["size"])!,
                    large is null ? $"git:{entry["oid"]}" : $"sha256:{large["oid"]}"));
            }
        }
        // Which commit a branch or tag stands for.
        if (repository.Revision != commit)
            await new DirectoryBlobStore(Path.Combine(_folder, "refs")).PutAsync(repository.Revision,
                new MemoryStream(Encoding.ASCII.GetBytes(commit)), cancellation: cancellation);
        return (commit, files);
    }

    private Task<(JsonNode Value, string? NextPage)> GetJsonAsync(string url, CancellationToken cancellation)
    {
        var request = Request(url, Uri);
        return options.Web.RepeatAsync(Uri, async stop =>
        {
            using var response = await options.Web.FollowAsync(request, stop);
            if (!response.IsSuccessStatusCode) throw request.Explain(response);
            JsonNode value;
            try
            {
                value = JsonNode.Parse(await response.Content.ReadAsStringAsync(stop)) ?? throw new JsonException("null");
            }
            catch (JsonException e)
            {
                throw new IOException($"the hub's answer broke off or is not JSON ({e.Message})", e);
            }
            string? next = response.Headers.TryGetValues("Link", out var links)
                && NextLink().Match(string.Join(',', links)) is { Success: true } link
                ? new Uri(request.Url, link.Groups[1].Value).ToString()
                : null;
            // The token goes with every page: they must come from the same hub.
            if (next is not null && !next.StartsWith(options.Endpoint + "/", StringComparison.Ordinal))
                throw new InvalidDataException($"{Uri}: the next page of its files is on another host");
            return (value, next);
        }, cancellation);
    }

    [GeneratedRegex("<([^>]+)>;\\s*rel=\"?next\"?")]
    private static partial Regex NextLink();
}
