using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Client;

namespace LightReasoner.DevCluster.Jobs;

/// <summary>Pods by the Job that controls them.</summary>
internal sealed class JobPodIndex
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, Pod>> byOwner = new();

    public IReadOnlyList<Pod> Of(string jobUid) =>
        byOwner.TryGetValue(jobUid, out var pods) ? [.. pods.Values.OrderBy(p => p.Name, StringComparer.Ordinal)] : [];

    public void Note(Pod pod)
    {
        if (Owner(pod.Json) is { } uid) byOwner.GetOrAdd(uid, _ => new())[pod.Uid] = pod;
    }

    public void Forget(JsonObject pod)
    {
        if (Owner(pod) is not { } uid || !byOwner.TryGetValue(uid, out var pods)) return;
        pods.TryRemove(pod.Uid(), out _);
        if (pods.IsEmpty) byOwner.TryRemove(KeyValuePair.Create(uid, pods));
    }

    private static string? Owner(JsonObject pod) =>
        pod.ControllerReference() is { } owner && owner.Text("kind") == "Job" ? owner.Text("uid") : null;
}
