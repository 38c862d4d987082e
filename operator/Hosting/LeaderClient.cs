using System.Net;
using System.Net.Http.Headers;
using LightReasoner.Operator.Progress;

namespace LightReasoner.Operator.Hosting;

/// <summary>Hands a worker's report on to the replica that reconciles; a Service may send it to any.</summary>
internal sealed class LeaderClient(Leadership leadership) : IDisposable
{
    /// <summary>A report that was handed on is not handed on again.</summary>
    private const string ForwardedHeader = "X-LightReasoner-Forwarded";

    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(5) };

    public async Task<(int Status, string Message)> ForwardAsync(HttpRequest request, string token, ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken)
    {
        if (leadership.LeaderAddress is not { } address || request.Headers.ContainsKey(ForwardedHeader))
            return (StatusCodes.Status503ServiceUnavailable, "this replica is not the leader, and does not know where the leader is");
        using var forwarded = new HttpRequestMessage(HttpMethod.Post,
            new Uri(address, ProgressEndpoint.Path))
        { Content = new ReadOnlyMemoryContent(body) };
        forwarded.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        forwarded.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        forwarded.Headers.Add(ForwardedHeader, "1");
        try
        {
            using var answer = await http.SendAsync(forwarded, cancellationToken).ConfigureAwait(false);
            return ((int)answer.StatusCode, answer.StatusCode == HttpStatusCode.Accepted ? ""
                : await answer.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return (StatusCodes.Status503ServiceUnavailable, $"the leader does not answer: {e.Message}");
        }
    }

    public void Dispose() => http.Dispose();
}
