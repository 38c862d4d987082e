using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace k8s;

/// <summary>Every operation as one HTTP request; how it is sent is up to the class derived from this one.</summary>
public abstract partial class AbstractKubernetes
{
    public virtual TimeSpan HttpClientTimeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>Sends, and throws <see cref="HttpOperationException"/> for any status but success.</summary>
    private protected abstract Task<HttpResponseMessage> SendRequestAsync(HttpRequestMessage request, string content, CancellationToken cancellationToken);

    private protected abstract JsonSerializerOptions JsonOptions { get; }

    private async Task<HttpOperationResponse<T>> SendAsync<T>(
        HttpMethod method,
        string path,
        object body,
        IReadOnlyDictionary<string, IReadOnlyList<string>> customHeaders,
        CancellationToken cancellationToken,
        params (string Name, object Value)[] query)
    {
        var watch = Array.Exists(query, q => q is { Name: "watch", Value: true });
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(HttpClientTimeout);
        var response = await StartAsync(method, path, body, customHeaders, query, timeout.Token).ConfigureAwait(false);
        var result = new HttpOperationResponse<T> { Request = response.RequestMessage, Response = response };
        if (watch)
        {
            return result;      // the body is read by the watcher, for as long as the server sends
        }

        try
        {
            var stream = await response.Content.ReadAsStreamAsync(timeout.Token).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                result.Body = await JsonSerializer.DeserializeAsync<T>(stream, JsonOptions, timeout.Token).ConfigureAwait(false);
            }

            return result;
        }
        catch (JsonException e)
        {
            result.Dispose();
            throw new Exceptions.KubernetesClientException($"{method} {path}: the answer cannot be read as {typeof(T).Name}: {e.Message}", e);
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    private async Task<HttpOperationResponse<Stream>> SendForStreamAsync(
        HttpMethod method,
        string path,
        object body,
        IReadOnlyDictionary<string, IReadOnlyList<string>> customHeaders,
        CancellationToken cancellationToken,
        params (string Name, object Value)[] query)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(HttpClientTimeout);
        var response = await StartAsync(method, path, body, customHeaders, query, timeout.Token).ConfigureAwait(false);
        return new HttpOperationResponse<Stream>
        {
            Request = response.RequestMessage,
            Response = response,
            Body = await response.Content.ReadAsStreamAsync(timeout.Token).ConfigureAwait(false),
        };
    }

    private async Task<HttpResponseMessage> StartAsync(
        HttpMethod method,
        string path,
        object body,
        IReadOnlyDictionary<string, IReadOnlyList<string>> customHeaders,
        (string Name, object Value)[] query,
        CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage { Method = method, RequestUri = new Uri(path + QueryString(query), UriKind.Relative) };
        foreach (var (name, values) in customHeaders ?? new Dictionary<string, IReadOnlyList<string>>())
        {
            request.Headers.TryAddWithoutValidation(name, values);
        }

        string content = null;
        if (body != null)
        {
            content = JsonSerializer.Serialize(body, JsonOptions);
            request.Content = new StringContent(content, Encoding.UTF8) { Headers = { ContentType = MediaType(body) } };
        }

        return await SendRequestAsync(request, content, cancellationToken).ConfigureAwait(false);
    }

    private static MediaTypeHeaderValue MediaType(object body) => MediaTypeHeaderValue.Parse((body as V1Patch)?.Type switch
    {
        V1Patch.PatchType.JsonPatch => "application/json-patch+json; charset=utf-8",
        V1Patch.PatchType.MergePatch => "application/merge-patch+json; charset=utf-8",
        V1Patch.PatchType.StrategicMergePatch => "application/strategic-merge-patch+json; charset=utf-8",
        V1Patch.PatchType.ApplyPatch => "application/apply-patch+yaml; charset=utf-8",
        _ => "application/json; charset=utf-8",
    });

    private static string QueryString((string Name, object Value)[] query)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in query)
        {
            if (value is null)
            {
                continue;
            }

            var written = value is bool b ? b ? "true" : "false" : Convert.ToString(value, CultureInfo.InvariantCulture);
            text.Append(text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(written));
        }

        return text.ToString();
    }

    /// <summary>A part of the path that the caller gave; an empty one would address something else (the collection).</summary>
    private static string Segment(string value, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(value))] string name = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(value, name);
        return Uri.EscapeDataString(value);
    }
}
