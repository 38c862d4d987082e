using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using k8s;

namespace LightReasoner.DevCluster.Node;

/// <summary>Media types of patches.</summary>
internal enum PatchType
{
    Merge,
    Strategic,
}

/// <summary>One change seen by a watch. Bookmarks carry an object with nothing but a resource version.</summary>
internal sealed record WatchedChange(string Type, JsonObject Object);

/// <summary>The objects of a collection and the resource version they were read at.</summary>
internal sealed record ObjectList(IReadOnlyList<JsonObject> Items, string ResourceVersion);

/// <summary>
/// KubernetesClient for JSON trees. Paths come from <see cref="Resource"/>. Refusals are thrown as <see cref="ApiException"/>,
/// connection trouble as <see cref="HttpRequestException"/> or <see cref="IOException"/>.
/// </summary>
internal sealed class ApiClient(KubernetesClientConfiguration config, params DelegatingHandler[] handlers) : IDisposable
{
    /// <summary>How long the server is asked to keep a watch open.</summary>
    public static readonly TimeSpan WatchLimit = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(60);

    private readonly Kubernetes kubernetes = new(config, handlers);

    public Uri Server => kubernetes.BaseUri;

    public static ApiClient FromKubeconfig(string path) => new(KubernetesClientConfiguration.BuildConfigFromConfigFile(path));

    public Task<JsonObject> GetAsync(string path, CancellationToken cancel = default) => SendAsync(HttpMethod.Get, path, null, "", cancel);

    public Task<JsonObject> CreateAsync(string collection, JsonObject body, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Post, collection, body, "application/json", cancel);

    public Task<JsonObject> PatchAsync(string path, JsonNode patch, PatchType type = PatchType.Merge, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Patch, path, patch,
            type == PatchType.Merge ? "application/merge-patch+json" : "application/strategic-merge-patch+json", cancel);

    /// <summary>Deletes an object; the answer is its last state or a Status.</summary>
    public Task<JsonObject> DeleteAsync(
        string path, int? gracePeriodSeconds = null, string? propagation = null, string? uid = null, CancellationToken cancel = default)
    {
        var options = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "DeleteOptions" };
        if (gracePeriodSeconds is { } grace) options["gracePeriodSeconds"] = grace;
        if (propagation is not null) options["propagationPolicy"] = propagation;
        if (uid is not null) options["preconditions"] = new JsonObject { ["uid"] = uid };
        return SendAsync(HttpMethod.Delete, path, options, "application/json", cancel);
    }

    public async Task<ObjectList> ListAsync(string collection, CancellationToken cancel = default)
    {
        var list = await GetAsync(collection, cancel);
        foreach (var item in list.Items("items"))
        {
            // The items of built-in lists leave out their kind; the list tells it.
            item["kind"] ??= list.Kind()[..^"List".Length];
            item["apiVersion"] ??= list.ApiVersion();
        }
        return new ObjectList([.. list.Items("items")], list.Text("metadata", "resourceVersion") ?? "");
    }

    /// <summary>
    /// Changes from a resource version on, until the server ends the stream. An ERROR event is thrown as <see cref="ApiException"/>.
    /// </summary>
    public async IAsyncEnumerable<WatchedChange> WatchAsync(
        string collection, string resourceVersion, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        var path =
            $"{collection}?watch=1&allowWatchBookmarks=true&timeoutSeconds={WatchLimit.TotalSeconds:0}&resourceVersion={resourceVersion}";
        using var request = await Request(HttpMethod.Get, path, null, "", cancel);
        using var response = await kubernetes.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!response.IsSuccessStatusCode) throw Refusal(await response.Content.ReadAsStringAsync(cancel), (int)response.StatusCode);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel), Encoding.UTF8);
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            if (line.Length == 0) continue;
            var item = JsonNode.Parse(line)!.AsObject();
            var value = item.Map("object") ?? [];
            if (item.Text("type") == "ERROR") throw Refusal(value.ToText(), value.Int("code") ?? 500);
            item.Remove("object");
            yield return new WatchedChange(item.Text("type") ?? "", value);
        }
    }

    public void Dispose() => kubernetes.Dispose();

    private async Task<JsonObject> SendAsync(HttpMethod method, string path, JsonNode? body, string mediaType, CancellationToken cancel)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        bound.CancelAfter(CallTimeout);
        try
        {
            using var request = await Request(method, path, body, mediaType, bound.Token);
            using var response = await kubernetes.HttpClient.SendAsync(request, bound.Token);
            var text = await response.Content.ReadAsStringAsync(bound.Token);
            return response.IsSuccessStatusCode ? JsonNode.Parse(text)!.AsObject() : throw Refusal(text, (int)response.StatusCode);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new IOException($"{method} {path}: no answer within {CallTimeout.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new IOException($"{method} {path}: the answer is not a JSON object ({e.Message})", e);
        }
    }

    private async Task<HttpRequestMessage> Request(
        HttpMethod method, string path, JsonNode? body, string mediaType, CancellationToken cancel)
    {
        var request = new HttpRequestMessage(method, new Uri(kubernetes.BaseUri, path.TrimStart('/')));
        if (body is not null)
            request.Content = new StringContent(body.ToText(), Encoding.UTF8, new MediaTypeHeaderValue(mediaType));
        request.Headers.UserAgent.ParseAdd("lightreasoner-node");
        request.Headers.Accept.ParseAdd("application/json");
        if (kubernetes.Credentials is { } credentials) await credentials.ProcessHttpRequestAsync(request, cancel);
        return request;
    }

    /// <summary>What a refusal says: the reason and message of a Status, or a text from something on the way.</summary>
    private static ApiException Refusal(string answer, int code)
    {
        JsonNode? status = null;
        try
        {
            status = JsonNode.Parse(answer);
        }
        catch (JsonException)
        {
            // Plain text.
        }
        return new ApiException(code, status.Text("reason") ?? "", status.Text("message") ?? answer);
    }
}
