using System.Net;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>A server that ends every watch after a moment without telling anything, as a proxy does that loses them.</summary>
internal sealed class BlindWire : DelegatingHandler
{
    private int watches;

    /// <summary>Watches that were asked for so far.</summary>
    public int Watches => watches;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!request.RequestUri!.Query.Contains("watch=true", StringComparison.OrdinalIgnoreCase))
            return await base.SendAsync(request, cancellationToken);
        Interlocked.Increment(ref watches);
        await Task.Delay(50, cancellationToken);
        return new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request, Content = new StringContent("") };
    }
}

/// <summary>A clock that can be put forward.</summary>
internal sealed class ShiftedClock : TimeProvider
{
    private long ticks;

    public void Advance(TimeSpan time) => Interlocked.Add(ref ticks, time.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref ticks));

    public override long GetTimestamp() =>
        base.GetTimestamp() + (long)(TimeSpan.FromTicks(Interlocked.Read(ref ticks)).TotalSeconds * TimestampFrequency);
}
