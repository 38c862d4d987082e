using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using k8s;

namespace LightReasoner.DevCluster.Client;

/// <summary>Media types of patches.</summary>
internal enum PatchType
{
    Merge,
    Json,
    Strategic,
}

/// <summary>One change seen by a watch. Bookmarks carry an object with nothing but a resource version.</summary>
internal sealed record WatchedChange(string Type, JsonObject Object);

/// <summary>The objects of a collection and the resource version they were read at.</summary>
internal sealed record ObjectList(IReadOnlyList<JsonObject> Items, string ResourceVersion);

/// <summary>
/// A client of any Kubernetes API server that speaks JSON trees. Paths come from <see cref="Resource"/>. Refusals are
/// thrown as <see cref="ApiException"/>, connection trouble as <see cref="HttpRequestException"/> or <see cref="IOException"/>.
/// </summary>
internal sealed class ApiClient : IDisposable
{
    /// <summary>How long the server is asked to keep a watch open.</summary>
    public static readonly TimeSpan WatchLimit = TimeSpan.FromMinutes(5);

    private const int PageSize = 500;

    private readonly Kubernetes kubernetes;
    private readonly string userAgent;

    public ApiClient(KubernetesClientConfiguration config, string userAgent = "lightreasoner-devcluster",
        params DelegatingHandler[] handlers)
    {
        kubernetes = new Kubernetes(config, handlers);
        this.userAgent = userAgent;
    }

    public Uri Server => kubernetes.BaseUri;

    /// <summary>How long one call other than a watch may take.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    public static ApiClient FromKubeconfig(string path, string userAgent = "lightreasoner-devcluster") =>
        new(KubernetesClientConfiguration.BuildConfigFromConfigFile(path), userAgent);

    public Task<JsonObject> GetAsync(string path, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Get, path, null, cancel);

    public Task<JsonObject> CreateAsync(string collection, JsonObject body, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Post, collection, JsonContent(body, "application/json"), cancel);

    public Task<JsonObject> UpdateAsync(string path, JsonObject body, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Put, path, JsonContent(body, "application/json"), cancel);

    public Task<JsonObject> PatchAsync(string path, JsonNode patch, PatchType type = PatchType.Merge, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Patch, path, JsonContent(patch, type switch
        {
            PatchType.Json => "application/json-patch+json",
            PatchType.Strategic => "application/strategic-merge-patch+json",
            _ => "application/merge-patch+json",
        }), cancel);

    /// <summary>Deletes an object; the answer is its last state or a Status.</summary>
    public Task<JsonObject> DeleteAsync(
        string path, int? gracePeriodSeconds = null, string? propagation = null, string? uid = null, CancellationToken cancel = default)
    {
        var options = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "DeleteOptions" };
        if (gracePeriodSeconds is { } grace) options["gracePeriodSeconds"] = grace;
        if (propagation is not null) options["propagationPolicy"] = propagation;
        if (uid is not null) options["preconditions"] = new JsonObject { ["uid"] = uid };
        return SendAsync(HttpMethod.Delete, path, JsonContent(options, "application/json"), cancel);
    }

    /// <summary>The whole collection, read in pages. A page token that expires on the way is thrown as "gone".</summary>
    public async Task<ObjectList> ListAsync(string collection, string? selector = null, CancellationToken cancel = default)
    {
        var items = new List<JsonObject>();
        string? next = null;
        while (true)
        {
            var query = $"limit={PageSize}" + (selector is null ? "" : "&" + selector)
                + (next is null ? "" : "&continue=" + Uri.EscapeDataString(next));
            var page = await GetAsync($"{collection}?{query}", cancel);
            foreach (var item in page.Items("items")) items.Add(Typed(item, page));
            next = page.Text("metadata", "continue");
            if (string.IsNullOrEmpty(next)) return new ObjectList(items, page.Text("metadata", "resourceVersion") ?? "");
        }
    }

    /// <summary>
    /// Changes from a resource version on, until the server ends the stream. An ERROR event is thrown as <see cref="ApiException"/>.
    /// </summary>
    public async IAsyncEnumerable<WatchedChange> WatchAsync(
        string collection, string resourceVersion, string? selector = null, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        var path =
            $"{collection}?watch=1&allowWatchBookmarks=true&timeoutSeconds={WatchLimit.TotalSeconds:0}&resourceVersion={resourceVersion}"
            + (selector is null ? "" : "&" + selector);
        using var request = await Request(HttpMethod.Get, path, null, cancel);
        using var response = await kubernetes.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!response.IsSuccessStatusCode)
            throw ApiException.FromAnswer($"watch {collection}", response.StatusCode, await response.Content.ReadAsStringAsync(cancel));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel), Encoding.UTF8);
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            if (line.Length == 0) continue;
            var item = JsonNode.Parse(line)!.AsObject();
            var type = item.Text("type") ?? "";
            var value = item.Map("object") ?? [];
            if (type == "ERROR") throw ApiException.FromStatus(value);
            item.Remove("object");
            yield return new WatchedChange(type, value);
        }
    }

    public void Dispose() => kubernetes.Dispose();

    /// <summary>The items of built-in lists leave out their kind; the list tells it.</summary>
    private static JsonObject Typed(JsonObject item, JsonObject list)
    {
        if (item.Text("kind") is null && list.Text("kind") is { } kind && kind.EndsWith("List", StringComparison.Ordinal))
        {
            item["kind"] = kind[..^4];
            item["apiVersion"] = list.Text("apiVersion");
        }
        return item;
    }

    private async Task<JsonObject> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancel)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        bound.CancelAfter(CallTimeout);
        try
        {
            using var request = await Request(method, path, content, bound.Token);
            using var response = await kubernetes.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, bound.Token);
            if (!response.IsSuccessStatusCode)
                throw ApiException.FromAnswer($"{method} {path}", response.StatusCode,
                    await response.Content.ReadAsStringAsync(bound.Token));
            await using var stream = await response.Content.ReadAsStreamAsync(bound.Token);
            return await JsonNode.ParseAsync(stream, cancellationToken: bound.Token) as JsonObject
                ?? throw new IOException($"{method} {path}: the answer is not a JSON object");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new IOException($"{method} {path}: no answer within {CallTimeout.TotalSeconds:0} s");
        }
        catch (JsonException e)
        {
            throw new IOException($"{method} {path}: the answer is not JSON ({e.Message})", e);
        }
    }

    private async Task<HttpRequestMessage> Request(HttpMethod method, string path, HttpContent? content, CancellationToken cancel)
    {
        var request = new HttpRequestMessage(method, new Uri(kubernetes.BaseUri, path.TrimStart('/'))) { Content = content };
        request.Headers.UserAgent.ParseAdd(userAgent);
        request.Headers.Accept.ParseAdd("application/json");
        if (kubernetes.Credentials is { } credentials) await credentials.ProcessHttpRequestAsync(request, cancel);
        return request;
    }

    private static ByteArrayContent JsonContent(JsonNode body, string mediaType)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        return content;
    }
}
