using System.Net;

namespace LightReasoner.Worker.Storage;

/// <summary>How often, and after how long, a request is sent again.</summary>
/// <param name="Tries">Requests in all.</param>
/// <param name="First">Wait after the first failure; doubles with each, up to <paramref name="Longest"/>, a random half of it left out.</param>
/// <param name="Longest">Longest wait of our own.</param>
/// <param name="Wait">Waits.</param>
internal sealed record RetryPolicy(int Tries, TimeSpan First, TimeSpan Longest, Func<TimeSpan, CancellationToken, Task> Wait)
{
    /// <summary>A server that asks for more patience than this is not waited for.</summary>
    public static readonly TimeSpan MostPatience = TimeSpan.FromMinutes(10);

    /// <summary>About two minutes in all.</summary>
    public static RetryPolicy Default { get; } = new(8, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(30), Task.Delay);

    /// <summary>Answers that may be different the next time.</summary>
    public static bool IsTransient(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || ((int)status >= 500 && status is not (HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported));

    /// <summary>Waits before the next try.</summary>
    /// <param name="failures">How many there were, from 1.</param>
    /// <param name="asked">What the server asked for (Retry-After).</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task WaitAsync(int failures, TimeSpan? asked, CancellationToken cancellation)
    {
        TimeSpan own = TimeSpan.FromTicks(Math.Min(Longest.Ticks, First.Ticks << Math.Min(failures - 1, 20)));
        TimeSpan wait = own * (0.5 + Random.Shared.NextDouble() / 2);
        return Wait(asked > wait ? asked.Value : wait, cancellation);
    }
}
