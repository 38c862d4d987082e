using Polly;
using Polly.Retry;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// No connection to a host came about. Not an <see cref="IOException"/>, so that nobody who retries those waits any longer.
/// </summary>
internal sealed class UnreachableHostException(string host, string reason, Exception inner)
    : Exception($"{host} cannot be reached ({reason})", inner);

/// <summary>
/// Connections of all stores, the Azure and AWS SDKs included. A host that cannot be reached is given up within 30 seconds; how often
/// requests are repeated once it can be is for <see cref="Retries"/> and the SDKs to say.
/// </summary>
internal sealed class Connections : DelegatingHandler
{
    /// <summary>Three tries with a second between them stay below 30 seconds.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(8);

    private static readonly ResiliencePipeline<HttpResponseMessage> Tries = new ResiliencePipelineBuilder<HttpResponseMessage>()
        .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
        {
            ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is { } e && IsUnreachable(e)
                && !args.Context.CancellationToken.IsCancellationRequested),
            MaxRetryAttempts = 2,
            Delay = TimeSpan.FromSeconds(1),
            BackoffType = DelayBackoffType.Constant,
        }).Build();

    private Connections()
        : base(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5)
        })
    {
    }

    private static Connections Shared { get; } = new();

    /// <summary>A client over the connections that all share.</summary>
    public static HttpClient Client(TimeSpan timeout) => new(Shared, disposeHandler: false) { Timeout = timeout };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            return await Tries.ExecuteAsync(async stop => await base.SendAsync(request, stop), cancellation);
        }
        catch (Exception e) when (IsUnreachable(e) && !cancellation.IsCancellationRequested)
        {
            string reason = e is OperationCanceledException ? $"no answer within {ConnectTimeout.TotalSeconds:F0} s"
                : e.InnerException?.Message ?? e.Message;
            throw new UnreachableHostException(request.RequestUri!.IsDefaultPort ? request.RequestUri.Host
                : request.RequestUri.Authority, reason, e);
        }
    }

    private static bool IsUnreachable(Exception e) =>
        e is HttpRequestException
        {
            HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError
                or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError
        }
            or OperationCanceledException { InnerException: TimeoutException };
}
