using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Polly;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// No connection to a host came about, or the host was silent too long. Not an <see cref="IOException"/>, so that nobody who retries those
/// waits any longer.
/// </summary>
internal sealed class UnreachableHostException(string host, string reason, Exception inner)
    : Exception($"{host} cannot be reached ({reason})", inner);

/// <summary>
/// Connections of all stores, the Azure and AWS SDKs included. A host that cannot be reached is given up within 30 seconds. A request whose
/// answer does not come, or stops, fails after a silence; after the third one in a row its host is given up, too. How often requests are
/// repeated otherwise is for <see cref="Retries"/> and the SDKs to say.
/// </summary>
internal sealed class Connections(TimeSpan patience) : DelegatingHandler(Sockets)
{
    /// <summary>Three tries with the waits between them stay below 30 seconds.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(8);

    /// <summary>Longest silence of a server, before its answer and within: LIGHTREASONER_NETWORK_TIMEOUT in seconds, or 60.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(
        double.TryParse(Environment.GetEnvironmentVariable("LIGHTREASONER_NETWORK_TIMEOUT"), CultureInfo.InvariantCulture,
            out var seconds) && seconds is > 0 and <= 86_400 ? seconds : 60);

    /// <summary>Slowest upload, in bytes a second: nothing is heard of a server while it is sent something.</summary>
    private const double SlowestUpload = 100_000;

    /// <summary>A host is given up that has been silent for so many times the longest silence.</summary>
    private const double Silences = 2.5;

    private static readonly ResiliencePipeline Tries = Retries.Create(TimeProvider.System, most: 2,
        (e, cancellation) => IsUnreachable(e) && !cancellation.IsCancellationRequested);

    private static readonly SocketsHttpHandler Sockets = new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = ConnectTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5)
    };

    /// <summary>Hosts that fell silent, by when their first unanswered request began; a whole answer takes them out.</summary>
    private static readonly ConcurrentDictionary<string, long> Silent = new();

    /// <summary>A client over the connections that all share.</summary>
    /// <param name="timeout">Limit of a request up to the headers of its answer.</param>
    public static HttpClient Client(TimeSpan timeout, TimeSpan? patience = null) =>
        new(new Connections(patience ?? Patience), disposeHandler: false) { Timeout = timeout };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var host = request.RequestUri!.IsDefaultPort ? request.RequestUri.Host : request.RequestUri.Authority;
        var upload = TimeSpan.FromSeconds((request.Content?.Headers.ContentLength ?? 0) / SlowestUpload);
        try
        {
            var response = await ListenAsync(host, patience + upload, async stop =>
                await Tries.ExecuteAsync(async once => await base.SendAsync(request, once), stop), cancellation);
            if (request.Method == HttpMethod.Head || response.Content.Headers.ContentLength == 0) Silent.TryRemove(host, out _);
            var parts = new StreamContent(new Parts(await response.Content.ReadAsStreamAsync(cancellation), host, patience));
            foreach (var (name, values) in response.Content.Headers.NonValidated) parts.Headers.TryAddWithoutValidation(name, values);
            response.Content = parts;
            return response;
        }
        catch (Exception e) when (IsUnreachable(e) && !cancellation.IsCancellationRequested)
        {
            var reason = e is OperationCanceledException ? $"no answer within {ConnectTimeout.TotalSeconds:F0} s"
                : e.InnerException?.Message ?? e.Message;
            throw new UnreachableHostException(host, reason, e);
        }
    }

    /// <summary>Waits for a server's next word.</summary>
    /// <exception cref="UnreachableHostException">It did not come in time, and did not for long before.</exception>
    private static async ValueTask<T> ListenAsync<T>(string host, TimeSpan patience, Func<CancellationToken, ValueTask<T>> next,
        CancellationToken cancellation)
    {
        var begun = Stopwatch.GetTimestamp();
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(patience);
        try
        {
            return await next(silence.Token);
        }
        catch (Exception e) when (silence.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            var silent = Stopwatch.GetElapsedTime(Silent.GetOrAdd(host, begun));
            var what = FormattableString.Invariant($"connected, and silent for {silent.TotalSeconds:F0} s");
            throw silent > Silences * patience ? new UnreachableHostException(host, what, e) : new IOException($"{host}: {what}", e);
        }
    }

    private static bool IsUnreachable(Exception e) => e is OperationCanceledException { InnerException: TimeoutException }
        || (e is HttpRequestException http && http.HttpRequestError is HttpRequestError.NameResolutionError
            or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError);

    /// <summary>The body of an answer, each part of which has to come in time.</summary>
    private sealed class Parts(Stream inner, string host, TimeSpan patience) : ReadOnlyStream
    {
        private readonly long _begun = Stopwatch.GetTimestamp();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await ListenAsync(host, patience, stop => inner.ReadAsync(buffer, stop), cancellationToken);
            // A long answer counts as a whole one.
            if (read == 0 || Stopwatch.GetElapsedTime(_begun) > patience) Silent.TryRemove(host, out _);
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
