using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// Files of a web server, read only. A file is downloaded into the cache, under a name made of its address and the server's tag for it, and read
/// from there; one that the server gives no tag for is downloaded for each use. Servers do not list: a model's files are known by their names.
/// </summary>
/// <param name="root">Address of the folder; a query is repeated in the address of each file.</param>
/// <param name="web">Sends the requests.</param>
/// <param name="cacheRoot">Where copies are kept.</param>
internal sealed class HttpStore(Uri root, WebClient web, string cacheRoot) : IBlobStore
{
    private static readonly string[] ModelFiles =
    [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja",
        "adapter_config.json", "adapter_model.safetensors", "model.safetensors", IndexFile,
    ];

    private const string IndexFile = "model.safetensors.index.json";

    private readonly ResumableDownload _download = new(web);

    /// <inheritdoc/>
    public string Uri { get; } = root.GetLeftPart(UriPartial.Path).TrimEnd('/');

    /// <summary>The file of this name; for an empty prefix the files of a model folder, as far as they are there.</summary>
    public async Task<IReadOnlyList<BlobInfo>> ListAsync(string prefix, CancellationToken cancellation = default)
    {
        var found = new List<BlobInfo>();
        IEnumerable<string> names = prefix.Length > 0 ? [prefix] : ModelFiles;
        if (prefix.Length == 0 && await GetAsync(IndexFile, cancellation) is { } index && JsonNode.Parse(index.Bytes)?["weight_map"] is JsonObject weights)
            names = names.Concat(weights.Select(tensor => (string)tensor.Value!).Distinct());
        foreach (string name in names)
            if (await AboutAsync(name, cancellation) is { } about) found.Add(new BlobInfo(name, about.Length ?? 0));
        return [.. found.OrderBy(blob => blob.Name, StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenReadAsync(string name, CancellationToken cancellation = default)
    {
        About about = await AboutAsync(name, cancellation) ?? throw new FileNotFoundException($"{Uri}/{name}: there is no such file", name);
        if (about.Tag is null)
        {
            string once = Path.Combine(Path.GetTempPath(), $"lightreasoner-{Guid.NewGuid():N}");
            await FetchAsync(name, once, about, cancellation);
            return new FileStream(once, FileMode.Open, FileAccess.Read, FileShare.None, 1 << 16, FileOptions.Asynchronous | FileOptions.DeleteOnClose);
        }
        string key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Uri}/{name}\n{about.Tag}\n{about.Length}")))[..32];
        string path = Path.Combine(cacheRoot, "files", key);
        if (!File.Exists(path))
        {
            using IDisposable turn = await FileLock.AcquireAsync(path + ".lock", cancellation);
            if (!File.Exists(path))
            {
                await FetchAsync(name, path + ".incomplete", about, cancellation);
                File.Move(path + ".incomplete", path);
            }
        }
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, useAsync: true);
    }

    /// <inheritdoc/>
    public async Task<BlobContent?> GetAsync(string name, CancellationToken cancellation = default)
    {
        if (await AboutAsync(name, cancellation) is not { } about) return null;
        await using Stream stream = await OpenReadAsync(name, cancellation);
        var bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes, cancellation);
        return new BlobContent(bytes, about.Tag ?? "");
    }

    /// <inheritdoc/>
    public async Task<string?> TagAsync(string name, CancellationToken cancellation = default) => await AboutAsync(name, cancellation) is { } about ? about.Tag ?? "" : null;

    /// <inheritdoc/>
    public async Task DownloadAsync(string name, string path, CancellationToken cancellation = default) =>
        await FetchAsync(name, path, await AboutAsync(name, cancellation) ?? throw new FileNotFoundException($"{Uri}/{name}: there is no such file", name), cancellation);

    /// <inheritdoc/>
    public Task<string?> PutAsync(string name, Stream content, PutCondition condition = default, CancellationToken cancellation = default) => throw HubStore.ReadOnly(Uri);

    /// <inheritdoc/>
    public Task DeleteAsync(string name, string? etag = null, CancellationToken cancellation = default) => throw HubStore.ReadOnly(Uri);

    private sealed record About(string? Tag, long? Length, ContentHash? Hash, EntityTagHeaderValue? EntityTag);

    private Task FetchAsync(string name, string path, About about, CancellationToken cancellation)
    {
        // Without a tag that names exactly one content, two downloads must not be pieced together.
        if (about.EntityTag is null or { IsWeak: true }) File.Delete(path);
        return _download.FetchAsync(Request(name) with { IfRange = about.EntityTag }, path, about.Length, about.Hash, cancellation);
    }

    private async Task<About?> AboutAsync(string name, CancellationToken cancellation)
    {
        WebRequest request = Request(name);
        HttpResponseMessage response = await web.SendAsync(request with { Method = HttpMethod.Head }, cancellation);
        if (response.StatusCode is HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented)
        {
            response.Dispose();
            response = await web.SendAsync(request, cancellation);
        }
        using (response)
        {
            if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone) return null;
            if (!response.IsSuccessStatusCode) throw WebErrors.Explain(request, response);
            HttpContentHeaders headers = response.Content.Headers;
            return new About(response.Headers.ETag?.ToString() ?? headers.LastModified?.ToString("O"), headers.ContentLength,
                headers.ContentMD5 is { Length: 16 } md5 ? ContentHash.Md5(md5) : null, response.Headers.ETag);
        }
    }

    private WebRequest Request(string name)
    {
        string path = string.Join('/', name.Split('/').Select(System.Uri.EscapeDataString));
        return new WebRequest(new UriBuilder(Uri + "/" + path) { Query = root.Query }.Uri, $"{Uri}/{name}");
    }
}
