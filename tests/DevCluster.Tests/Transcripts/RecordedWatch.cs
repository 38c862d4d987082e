using System.Text.Json.Nodes;

namespace LightReasoner.DevCluster.Tests.Transcripts;

/// <summary>An open watch: the events that have come so far.</summary>
internal sealed class RecordedWatch : IDisposable
{
    private readonly HttpResponseMessage response;
    private readonly CancellationTokenSource stop = new();
    private readonly List<JsonNode> events = [];
    private readonly Task reading;
    private int disposed;

    public RecordedWatch(HttpResponseMessage response)
    {
        this.response = response;
        reading = response.IsSuccessStatusCode ? Task.Run(Read) : Task.CompletedTask;
    }

    public HttpResponseMessage Response => response;

    public bool Closed => reading.IsCompleted;

    public List<JsonNode> Events
    {
        get
        {
            lock (events)
                return [.. events];
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 1)
            return;
        stop.Cancel();
        response.Dispose();
        stop.Dispose();
    }

    private async Task Read()
    {
        try
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(stop.Token));
            while (await reader.ReadLineAsync(stop.Token) is { } line)
            {
                lock (events)
                    events.Add(JsonNode.Parse(line)!);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException or HttpRequestException)
        {
            // Closed by us.
        }
    }
}
