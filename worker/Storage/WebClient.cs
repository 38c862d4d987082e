using System.Net;
using System.Net.Http.Headers;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// GET and HEAD with retries and redirects. Credentials go to the host that they are for and to no other: a redirect elsewhere is followed without
/// them, and one from https to http not at all.
/// </summary>
internal sealed class WebClient
{
    private const int MaxRedirects = 10;

    private readonly HttpClient _http;

    /// <param name="retry">When to try again.</param>
    /// <param name="patience">Longest silence of a server, before its answer and within.</param>
    public WebClient(RetryPolicy retry, TimeSpan patience)
    {
        (Retry, Patience) = (retry, patience);
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5), AutomaticDecompression = DecompressionMethods.None })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("lightreasoner", RunRecord.Version));
    }

    public static WebClient OfProcess { get; } = new(RetryPolicy.Default, TimeSpan.FromSeconds(60));

    public RetryPolicy Retry { get; }

    public TimeSpan Patience { get; }

    /// <summary>Sends until there is an answer that is final; its status may be any that is not transient. The body is not read.</summary>
    /// <exception cref="WorkerException">There was none.</exception>
    public async Task<HttpResponseMessage> SendAsync(WebRequest request, CancellationToken cancellation)
    {
        for (int failures = 1; ; failures++)
        {
            string problem;
            TimeSpan? asked = null;
            try
            {
                HttpResponseMessage response = await FollowAsync(request, cancellation);
                if (!RetryPolicy.IsTransient(response.StatusCode)) return response;
                using (response)
                {
                    problem = $"answered {(int)response.StatusCode} {response.ReasonPhrase}";
                    asked = RetryAfter(response);
                }
            }
            catch (Exception e) when (IsTransient(e, cancellation))
            {
                problem = e is OperationCanceledException ? $"did not answer within {Patience.TotalSeconds:F0} s" : e.Message;
            }
            if (failures >= Retry.Tries || asked > RetryPolicy.MostPatience)
                throw new WorkerException(ExitCode.Failure, $"{request.Shown}: {problem} ({failures} tries){(asked is { } wait ? $"; asks to be left alone for {wait.TotalSeconds:F0} s" : "")}");
            await Retry.WaitAsync(failures, asked, cancellation);
        }
    }

    /// <summary>Whether an error came from the way to the server, or from its silence, and not from the person who stops the program.</summary>
    public static bool IsTransient(Exception e, CancellationToken cancellation) =>
        e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested);

    private async Task<HttpResponseMessage> FollowAsync(WebRequest request, CancellationToken cancellation)
    {
        Uri url = request.Url;
        for (int redirects = 0; ; redirects++)
        {
            using var message = new HttpRequestMessage(request.Method, url);
            if (request.From > 0) message.Headers.Range = new RangeHeaderValue(request.From, null);
            if (request.From > 0 && request.IfRange is { } tag) message.Headers.IfRange = new RangeConditionHeaderValue(tag);
            if (request.Token is { } token && SameOrigin(url, request.Url)) message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(Patience);
            HttpResponseMessage response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location) return response;
            response.Dispose();
            var next = new Uri(url, location);
            if (redirects == MaxRedirects) throw new WorkerException(ExitCode.Failure, $"{request.Shown}: redirects more than {MaxRedirects} times");
            if (url.Scheme == Uri.UriSchemeHttps && next.Scheme != Uri.UriSchemeHttps)
                throw new WorkerException(ExitCode.NoPermission, $"{request.Shown}: redirects from https to {next.Scheme}://{next.Host}, which is not followed");
            url = next;
        }
    }

    private static bool SameOrigin(Uri a, Uri b) => Uri.Compare(a, b, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - (response.Headers.Date ?? DateTimeOffset.UtcNow),
        _ => null,
    };
}

/// <summary>A request, as often as it may have to be sent.</summary>
/// <param name="Url">Address.</param>
/// <param name="Shown">Address for messages, without credentials.</param>
internal sealed record WebRequest(Uri Url, string Shown)
{
    public HttpMethod Method { get; init; } = HttpMethod.Get;

    /// <summary>Bearer token for the address's own host.</summary>
    public string? Token { get; init; }

    /// <summary>First byte that is asked for.</summary>
    public long From { get; init; }

    /// <summary>Tag that the content must still have for a part of it to be sent; otherwise the whole is.</summary>
    public EntityTagHeaderValue? IfRange { get; init; }
}
