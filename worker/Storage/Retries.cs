using System.Net;
using Polly;
using Polly.Retry;

namespace LightReasoner.Worker.Storage;

/// <summary>An answer that may be different the next time.</summary>
/// <param name="retryAfter">How long the server asks to be left alone.</param>
internal sealed class BusyServerException(HttpStatusCode status, string? reason, TimeSpan? retryAfter)
    : HttpRequestException($"answered {(int)status} {reason}", null, status)
{
    public TimeSpan? RetryAfter => retryAfter;
}

/// <summary>How our own requests are repeated: with growing waits (at least those asked for) for two minutes, as the SDKs do.</summary>
internal static class Retries
{
    public const int Most = 7;

    public static readonly TimeSpan First = TimeSpan.FromSeconds(0.5), Longest = TimeSpan.FromSeconds(30);

    /// <summary>A server that asks for more patience than this is not waited for.</summary>
    private static readonly TimeSpan MostPatience = TimeSpan.FromMinutes(10);

    /// <param name="handles">Which errors are repeated; transient ones where left out.</param>
    public static ResiliencePipeline Create(TimeProvider time, int most = Most, Func<Exception, CancellationToken, bool>? handles = null) =>
        new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is { } e
                && (handles ?? IsTransient)(e, args.Context.CancellationToken)
                && !(e is BusyServerException { RetryAfter: { } asked } && asked > MostPatience)),
            MaxRetryAttempts = most,
            Delay = First,
            MaxDelay = Longest,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            DelayGenerator = args => ValueTask.FromResult((args.Outcome.Exception as BusyServerException)?.RetryAfter),
        }).Build();

    /// <summary>Whether an error came from the way to the server or its silence, not from the person who stops the program.</summary>
    public static bool IsTransient(Exception e, CancellationToken cancellation) =>
        e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested);

    public static bool IsTransient(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
            || ((int)status >= 500 && status is not (HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported));
}
