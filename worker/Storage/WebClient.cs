using System.Net;
using System.Net.Http.Headers;
using LightReasoner.Worker.Runs;
using Polly;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// GET with retries and redirects. Credentials go to the host that they are for and to no other: a redirect elsewhere is followed without
/// them, and one from https to http not at all.
/// </summary>
internal sealed class WebClient(ResiliencePipeline retry, TimeSpan? patience = null)
{
    private const int MaxRedirects = 10;

    private readonly HttpClient _http = Connections.Client(Timeout.InfiniteTimeSpan, patience);

    public static WebClient OfProcess { get; } = new(Retries.Create(TimeProvider.System));

    /// <summary>Sends until there is an answer that is final; its status may be any that is not transient. The body is not read.</summary>
    /// <exception cref="WorkerException">There was none.</exception>
    public Task<HttpResponseMessage> SendAsync(WebRequest request, CancellationToken cancellation) =>
        RepeatAsync(request.Shown, stop => FollowAsync(request, stop), cancellation);

    /// <summary>Does something until it ends in another way than by a transient error.</summary>
    /// <exception cref="WorkerException">It did not.</exception>
    public async Task<T> RepeatAsync<T>(string shown, Func<CancellationToken, Task<T>> once, CancellationToken cancellation)
    {
        var tries = 0;
        try
        {
            return await retry.ExecuteAsync(async stop =>
            {
                tries++;
                return await once(stop);
            }, cancellation);
        }
        catch (UnreachableHostException e)
        {
            throw new WorkerException(ExitCode.Failure, $"{shown}: {e.Message}", e);
        }
        catch (Exception e) when (Retries.IsTransient(e, cancellation))
        {
            var asked = e is BusyServerException { RetryAfter: { } wait } ? $"; asks to be left alone for {wait.TotalSeconds:F0} s" : "";
            throw new WorkerException(ExitCode.Failure, $"{shown}: {e.Message} ({tries} tries){asked}", e);
        }
    }

    /// <summary>Sends once and follows redirects.</summary>
    /// <exception cref="BusyServerException">The answer is a transient one.</exception>
    public async Task<HttpResponseMessage> FollowAsync(WebRequest request, CancellationToken cancellation)
    {
        var url = request.Url;
        for (int redirects = 0; ; redirects++)
        {
            using var message = new HttpRequestMessage(HttpMethod.Get, url);
            message.Headers.UserAgent.Add(new ProductInfoHeaderValue("lightreasoner", RunRecord.Version));
            if (request.From > 0) message.Headers.Range = new RangeHeaderValue(request.From, null);
            if (request.From > 0 && request.IfRange is { } tag) message.Headers.IfRange = new RangeConditionHeaderValue(tag);
            if (SameOrigin(url, request.Url)) message.Headers.Authorization = request.Authorization;
            var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (Retries.IsTransient(response.StatusCode))
                using (response) throw new BusyServerException(response.StatusCode, response.ReasonPhrase, RetryAfter(response));
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location)
                return response;
            response.Dispose();
            var next = new Uri(url, location);
            if (redirects == MaxRedirects)
                throw new WorkerException(ExitCode.Failure, $"{request.Shown}: redirects more than {MaxRedirects} times");
            if (url.Scheme == Uri.UriSchemeHttps && next.Scheme != Uri.UriSchemeHttps)
                throw new WorkerException(ExitCode.NoPermission,
                    $"{request.Shown}: redirects from https to {next.Scheme}://{next.Host}, which is not followed");
            url = next;
        }
    }

    private static bool SameOrigin(Uri a, Uri b) => Uri.Compare(a, b, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped,
        StringComparison.OrdinalIgnoreCase) == 0;

    private static TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var wait = response.Headers.RetryAfter?.Delta
            ?? response.Headers.RetryAfter?.Date - (response.Headers.Date ?? DateTimeOffset.UtcNow);
        return wait > TimeSpan.Zero ? wait : null;
    }
}

/// <summary>A request, as often as it may have to be sent.</summary>
/// <param name="Shown">Address for messages, without credentials.</param>
internal sealed record WebRequest(Uri Url, string Shown)
{
    /// <summary>A name as it stands in an address, its slashes as they are.</summary>
    public static string Escape(string name) => string.Join('/', name.Split('/').Select(Uri.EscapeDataString));

    /// <summary>Credentials for the address's own host.</summary>
    public AuthenticationHeaderValue? Authorization { get; init; }

    /// <summary>First byte that is asked for.</summary>
    public long From { get; init; }

    /// <summary>Tag that the content must still have for a part of it to be sent; otherwise the whole is.</summary>
    public EntityTagHeaderValue? IfRange { get; init; }

    /// <summary>A final answer as an error with a remedy.</summary>
    public Exception Explain(HttpResponseMessage response)
    {
        // The hub says in this header what it means by a status.
        var said = response.Headers.TryGetValues("X-Error-Message", out var values) ? $" ({string.Join(' ', values)})" : "";
        return response.StatusCode switch
        {
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new FileNotFoundException($"{Shown}: there is no such file{said}", Shown),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                new WorkerException(ExitCode.NoPermission, $"{Shown}: {(int)response.StatusCode}{said}; {Remedy()}"),
            var status => new WorkerException(ExitCode.Failure, $"{Shown}: answered {(int)status} {response.ReasonPhrase}{said}"),
        };
    }

    private string Remedy() => (Shown.StartsWith(HubRepository.Scheme, StringComparison.Ordinal), Authorization) switch
    {
        (true, null) => "does it exist? A private or gated repository needs HF_TOKEN (spec.storage.secretRef)",
        (true, _) => "the token in HF_TOKEN gives no access to it",
        (_, null) => "a signed address may have expired; a server that asks for a password takes https://user:password@host/path",
        _ => "the user and password in the address give no access to it",
    };
}
