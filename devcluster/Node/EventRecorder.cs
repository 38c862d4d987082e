namespace LightReasoner.DevCluster.Node;

/// <summary>
/// Writes Events about objects; one like an earlier one raises that one's count instead. Events are news, not state: one that cannot be
/// written is logged and dropped, and writing never holds up the caller.
/// </summary>
internal sealed class EventRecorder(ApiClient api, string component, string? host, TimeProvider clock, ILogger log)
{
    private readonly ConcurrentDictionary<string, int> counts = new();
    private readonly Lock gate = new();
    private Task last = Task.CompletedTask;

    public void Normal(JsonObject about, string reason, string message) => Record(about, "Normal", reason, message);

    public void Warning(JsonObject about, string reason, string message) => Record(about, "Warning", reason, message);

    private void Record(JsonObject about, string type, string reason, string message)
    {
        var now = clock.GetUtcNow().ToKubernetesTime();
        var news = EventDocument.Make(about, type, reason, message, component, host, now);
        var ns = about.Namespace() is { Length: > 0 } own ? own : "default";
        // One after the other, so that events keep their order.
        lock (gate) last = last.ContinueWith(_ => Write(ns, news, now), TaskScheduler.Default).Unwrap();
    }

    private async Task Write(string ns, JsonObject news, string now)
    {
        var count = counts.AddOrUpdate($"{ns}/{news.Name()}", 1, (_, earlier) => earlier + 1);
        try
        {
            if (count == 1) await api.CreateAsync(Resource.Events.Collection(ns), news);
            else await api.PatchAsync(Resource.Events.Object(ns, news.Name()),
                new JsonObject { ["count"] = count, ["lastTimestamp"] = now });
        }
        catch (Exception e) when (e is ApiException or HttpRequestException or IOException or ObjectDisposedException)
        {
            log.LogDebug("event {Name} was not written: {Message}", news.Name(), e.Message);
        }
    }
}
