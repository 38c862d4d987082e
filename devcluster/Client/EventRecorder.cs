using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using Microsoft.Extensions.Logging;

namespace LightReasoner.DevCluster.Client;

/// <summary>
/// Writes v1 Events about objects. An event like an earlier one of the same object raises that one's count instead. Events are
/// news, not state: one that cannot be written is logged and dropped, and writing never holds up the caller.
/// </summary>
internal sealed class EventRecorder(ApiClient api, string component, string? host, TimeProvider clock, ILogger log)
{
    private const int MaxRemembered = 4096;

    private readonly ConcurrentDictionary<string, (string Name, int Count)> written = new();
    private readonly Lock gate = new();
    private Task last = Task.CompletedTask;

    public void Normal(JsonObject about, string reason, string message) => Record(about, "Normal", reason, message);

    public void Warning(JsonObject about, string reason, string message) => Record(about, "Warning", reason, message);

    private void Record(JsonObject about, string type, string reason, string message)
    {
        var reference = Reference(about);
        var now = clock.GetUtcNow();
        lock (gate)
        {
            // One after the other, so that events keep their order.
            last = last.ContinueWith(_ => Write(reference, type, reason, message, now), TaskScheduler.Default).Unwrap();
        }
    }

    private async Task Write(JsonObject about, string type, string reason, string message, DateTimeOffset now)
    {
        var key = string.Join('\n', about.Text("uid"), type, reason, message);
        var ns = about.Text("namespace") ?? "default";
        try
        {
            if (written.TryGetValue(key, out var earlier))
            {
                try
                {
                    await api.PatchAsync(Resource.Events.Object(ns, earlier.Name), new JsonObject
                    {
                        ["count"] = earlier.Count + 1,
                        ["lastTimestamp"] = now.ToKubernetesTime(),
                    });
                    written[key] = (earlier.Name, earlier.Count + 1);
                    return;
                }
                catch (ApiException e) when (e.NotFound)
                {
                    // It has been cleaned up meanwhile: start a new one.
                }
            }
            var unix = (now - DateTimeOffset.UnixEpoch).Ticks * 100 + Random.Shared.Next(100);
            var name = $"{about.Text("name")}.{unix.ToString("x16", CultureInfo.InvariantCulture)}";
            var source = new JsonObject { ["component"] = component };
            if (host is not null) source["host"] = host;
            await api.CreateAsync(Resource.Events.Collection(ns), new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Event",
                ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns },
                ["involvedObject"] = about,
                ["reason"] = reason,
                ["message"] = message,
                ["source"] = source,
                ["firstTimestamp"] = now.ToKubernetesTime(),
                ["lastTimestamp"] = now.ToKubernetesTime(),
                ["count"] = 1,
                ["type"] = type,
                ["reportingComponent"] = component,
                ["reportingInstance"] = host ?? "",
            });
            if (written.Count >= MaxRemembered) written.Clear();
            written[key] = (name, 1);
        }
        catch (Exception e) when (e is ApiException or HttpRequestException or IOException or ObjectDisposedException)
        {
            log.LogDebug("event {Reason} about {Name} was not written: {Message}", reason, about.Text("name"), e.Message);
        }
    }

    private static JsonObject Reference(JsonObject about)
    {
        var reference = new JsonObject
        {
            ["apiVersion"] = about.Text("apiVersion"),
            ["kind"] = about.Text("kind"),
            ["name"] = about.Name(),
            ["uid"] = about.Uid(),
        };
        if (about.Namespace() is { Length: > 0 } ns) reference["namespace"] = ns;
        if (about.Text("metadata", "resourceVersion") is { } version) reference["resourceVersion"] = version;
        return reference;
    }
}
