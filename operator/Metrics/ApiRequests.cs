using System.Collections.Concurrent;

namespace LightReasoner.Operator.Metrics;

/// <summary>Counts what the operator asks of the API server, by HTTP method; a watch is one request.</summary>
internal sealed class ApiRequests
{
    private readonly ConcurrentDictionary<string, long> counts = new();

    public IEnumerable<KeyValuePair<string, long>> Counts => counts;

    /// <summary>To put in front of a client.</summary>
    public DelegatingHandler Handler() => new Counting(counts);

    private sealed class Counting(ConcurrentDictionary<string, long> counts) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            counts.AddOrUpdate(request.Method.Method, 1, (_, n) => n + 1);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
