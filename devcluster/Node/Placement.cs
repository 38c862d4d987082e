using k8s.Models;

namespace LightReasoner.DevCluster.Node;

/// <summary>Whether a Pod fits a node: pure. Affinity is not looked at.</summary>
internal static class Placement
{
    /// <summary>Null when the Pod fits, else the reason in the scheduler's words.</summary>
    public static string? Misfit(
        JsonObject pod, IReadOnlyDictionary<string, string> nodeLabels, IReadOnlyDictionary<string, decimal> free)
    {
        if (pod.Entries("spec", "nodeSelector").Any(wanted => nodeLabels.GetValueOrDefault(wanted.Key) != wanted.Value))
            return "1 node(s) didn't match Pod's node affinity/selector";
        var missing = Requests(pod).Where(r => r.Value > free.GetValueOrDefault(r.Key)).Select(r => r.Key)
            .Order(StringComparer.Ordinal).ToList();
        return missing.Count == 0 ? null
            : string.Join(", ", missing.Select(r => r == "pods" ? "1 Too many pods" : $"1 Insufficient {r}"));
    }

    /// <summary>What a Pod takes: the sum of its containers or its biggest init container, and one of the node's Pods.</summary>
    public static Dictionary<string, decimal> Requests(JsonObject pod)
    {
        var sum = new Dictionary<string, decimal> { ["pods"] = 1 };
        foreach (var (resource, amount) in pod.Items("spec", "containers").SelectMany(Of))
            sum[resource] = sum.GetValueOrDefault(resource) + amount;
        foreach (var (resource, amount) in pod.Items("spec", "initContainers").SelectMany(Of))
            sum[resource] = Math.Max(sum.GetValueOrDefault(resource), amount);
        return sum;
    }

    /// <summary>A quantity such as <c>500m</c> or <c>1Gi</c> in whole units (cores, bytes).</summary>
    public static decimal Amount(string? quantity) => string.IsNullOrEmpty(quantity) ? 0 : new ResourceQuantity(quantity).ToDecimal();

    /// <summary>The requests of a container; a limit stands for a request that is not named.</summary>
    private static IEnumerable<KeyValuePair<string, decimal>> Of(JsonObject container) =>
        (container.Map("resources", "requests") ?? []).Concat(container.Map("resources", "limits") ?? []).DistinctBy(e => e.Key)
            .Select(e => KeyValuePair.Create(e.Key, Amount(e.Value.Text() ?? e.Value.ToText())));
}
