using System.Net;
using k8s.Autorest;
using LightReasoner.Operator.Runs;

namespace LightReasoner.Operator.Watching;

/// <summary>Tells of an API server that does not answer: one line when it goes, one when it is back.</summary>
internal sealed class Outage(TimeProvider time, ILogger<Outage> logger)
{
    private readonly Lock gate = new();
    private long? since;

    /// <summary>Whether an error says that the server is away, rather than that it refuses.</summary>
    public static bool Is(Exception e) => e is HttpRequestException or IOException or TaskCanceledException
        || e is HttpOperationException { Response.StatusCode: HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError };

    public void Told(string what, Exception e)
    {
        lock (gate)
        {
            if (since is not null) return;
            since = time.GetTimestamp();
        }
        logger.ServerAway(what, e is HttpOperationException refused ? ApiErrors.Message(refused) : (e.InnerException ?? e).Message);
    }

    public void Over()
    {
        TimeSpan length;
        lock (gate)
        {
            if (since is not { } start) return;
            since = null;
            length = time.GetElapsedTime(start);
        }
        logger.ServerBack(length.TotalSeconds);
    }
}
