using System.Net;
using System.Net.Http.Headers;
using LightReasoner.Worker.Checkpoints;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// Files of a web server, read only. A file is downloaded into the cache, under a name made of its address and the server's tag for it, and
/// read from there; one that the server gives no tag for is downloaded for each use. Servers do not list: a model's files are known by
/// their names. Everything is asked by GET, its body left unread where only the headers matter: what a server answers to HEAD says little
/// (signed addresses refuse it).
/// </summary>
/// <param name="root">Address of the folder; its query goes with each file's address, its user and password go in a header.</param>
internal sealed class HttpStore(Uri root, WebClient web, CacheFolder cache) : IBlobStore
{
    private static readonly string[] ModelFiles =
    [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "chat_template.jinja", "adapter_config.json", "adapter_model.safetensors", WeightFiles.Single, WeightFiles.Index,
    ];

    private readonly AuthenticationHeaderValue? _authorization = root.UserInfo.Length == 0 ? null : new("Basic", Convert.ToBase64String(
        Encoding.UTF8.GetBytes(System.Uri.UnescapeDataString(root.UserInfo) + (root.UserInfo.Contains(':') ? "" : ":"))));

    public string Uri { get; } = root.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');

    /// <summary>The files that an index of shards names. One that is damaged names none: loading it says what is wrong.</summary>
    private static IEnumerable<string> Shards(byte[] index)
    {
        try
        {
            var weights = JsonFile.Parse(index, WeightFiles.Index)["weight_map"] as JsonObject ?? [];
            return [.. weights.Select(tensor => tensor.Value is JsonValue value && value.TryGetValue(out string? file) ? file : "")
                .Where(file => file.Length > 0).Distinct()];
        }
        catch (InvalidDataException)
        {
            return [];
        }
    }

    /// <summary>The file of this name; for an empty prefix the files of a model folder, as far as they are there.</summary>
    public async Task<IReadOnlyList<BlobInfo>> ListAsync(string prefix, CancellationToken cancellation = default)
    {
        var found = new List<BlobInfo>();
        IEnumerable<string> names = prefix.Length > 0 ? [prefix] : ModelFiles;
        if (prefix.Length == 0 && await ((IBlobStore)this).GetAsync(WeightFiles.Index, cancellation) is { } index)
            names = names.Concat(Shards(index.Bytes));
        WorkerException? refused = null;
        foreach (var name in names)
        {
            try
            {
                if (await AboutAsync(name, cancellation) is { } about) found.Add(new BlobInfo(name, about.Length ?? -1));
            }
            catch (WorkerException e) when (e.Code == ExitCode.NoPermission && prefix.Length == 0)
            {
                // A bucket that may be read and not listed answers so for what it does not have.
                refused = e;
            }
        }
        if (found.Count == 0 && refused is not null) throw refused;
        return [.. found.OrderBy(blob => blob.Name, StringComparer.Ordinal)];
    }

    public async Task<Stream> OpenReadAsync(string name, CancellationToken cancellation = default)
    {
        var about = await FoundAsync(name, cancellation);
        if (about.Tag is null)
        {
            var once = Path.Combine(Path.GetTempPath(), $"lightreasoner-{Guid.NewGuid():N}");
            await FetchAsync(name, once, about, null, cancellation);
            return new FileStream(once, FileMode.Open, FileAccess.Read, FileShare.None, 1 << 16,
                FileOptions.Asynchronous | FileOptions.DeleteOnClose);
        }
        var key = CacheFolder.Key($"{Uri}/{name}\n{about.Tag}\n{about.Length}");
        return DirectoryBlobStore.Open(await cache.GetAsync("files/" + key, about.Length ?? 0,
            partial => FetchAsync(name, partial, about, null, cancellation), cancellation));
    }

    public async Task<string?> TagAsync(string name, CancellationToken cancellation = default) =>
        await AboutAsync(name, cancellation) is { } about ? about.Tag ?? "" : null;

    public async Task<string?> FingerprintAsync(string name, CancellationToken cancellation = default)
    {
        if (await AboutAsync(name, cancellation) is not { } about) return null;
        if (about.Hash is { } hash) return hash;
        if (about.EntityTag is { } tag) return $"etag:{tag.ToString().Trim('"')}";
        await using var stream = await OpenReadAsync(name, cancellation);
        return "sha256:" + Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation));
    }

    public async Task DownloadAsync(string name, string path, Action<long>? arrived = null, CancellationToken cancellation = default) =>
        await FetchAsync(name, path, await FoundAsync(name, cancellation), arrived, cancellation);

    private sealed record About(string? Tag, long? Length, string? Hash, EntityTagHeaderValue? EntityTag);

    private Task FetchAsync(string name, string path, About about, Action<long>? arrived, CancellationToken cancellation)
    {
        // Without a tag that names exactly one content, two downloads must not be pieced together.
        if (about.EntityTag is null or { IsWeak: true }) File.Delete(path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return new ResumableDownload(web, Request(name) with { IfRange = about.EntityTag }, path, about.Length, about.Hash, arrived)
            .FetchAsync(cancellation);
    }

    private async Task<About> FoundAsync(string name, CancellationToken cancellation) =>
        await AboutAsync(name, cancellation) ?? throw new FileNotFoundException($"{Uri}/{name}: there is no such file", name);

    private async Task<About?> AboutAsync(string name, CancellationToken cancellation)
    {
        var request = Request(name);
        using var response = await web.SendAsync(request, cancellation);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone) return null;
        if (!response.IsSuccessStatusCode) throw request.Explain(response);
        var headers = response.Content.Headers;
        return new About(response.Headers.ETag?.ToString() ?? headers.LastModified?.ToString("O"), headers.ContentLength,
            headers.ContentMD5 is { Length: 16 } md5 ? $"md5:{Convert.ToHexStringLower(md5)}" : null, response.Headers.ETag);
    }

    private WebRequest Request(string name)
    {
        var address = new UriBuilder($"{Uri}/{WebRequest.Escape(name)}") { Query = root.Query }.Uri;
        return new(address, $"{Uri}/{name}") { Authorization = _authorization };
    }
}
