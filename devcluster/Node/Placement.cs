using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using k8s.Models;

namespace LightReasoner.DevCluster.Node;

/// <summary>Whether a Pod fits a node: pure.</summary>
internal static class Placement
{
    /// <summary>Null when the Pod fits, else the reason in the scheduler's words.</summary>
    public static string? Misfit(
        JsonObject pod, IReadOnlyDictionary<string, string> nodeLabels, IReadOnlyDictionary<string, decimal> free, bool unschedulable)
    {
        if (unschedulable) return "1 node(s) were unschedulable";
        if (pod.Entries("spec", "nodeSelector").Any(wanted => nodeLabels.GetValueOrDefault(wanted.Key) != wanted.Value)
            || !Affine(pod, nodeLabels))
            return "1 node(s) didn't match Pod's node affinity/selector";
        var missing = Requests(pod).Where(r => r.Value > free.GetValueOrDefault(r.Key)).Select(r => r.Key)
            .Order(StringComparer.Ordinal).ToList();
        if (missing.Count == 0) return null;
        return string.Join(", ", missing.Select(r => r == "pods" ? "1 Too many pods" : $"1 Insufficient {r}"));
    }

    /// <summary>The message of PodScheduled=False.</summary>
    public static string Message(string misfit) =>
        $"0/1 nodes are available: {misfit}. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";

    /// <summary>What a Pod takes: the sum of its containers or its biggest init container, and one of the node's Pods.</summary>
    public static Dictionary<string, decimal> Requests(JsonObject pod)
    {
        var sum = new Dictionary<string, decimal>();
        foreach (var container in pod.Items("spec", "containers"))
        {
            foreach (var (resource, amount) in Of(container)) sum[resource] = sum.GetValueOrDefault(resource) + amount;
        }
        foreach (var container in pod.Items("spec", "initContainers"))
        {
            foreach (var (resource, amount) in Of(container)) sum[resource] = Math.Max(sum.GetValueOrDefault(resource), amount);
        }
        sum["pods"] = 1;
        return sum;
    }

    private static Dictionary<string, decimal> Of(JsonObject container)
    {
        var requests = container.Map("resources", "limits").Amounts();
        foreach (var (resource, amount) in container.Map("resources", "requests").Amounts()) requests[resource] = amount;
        return requests;
    }

    /// <summary>A quantity such as <c>500m</c> or <c>1Gi</c> in whole units (cores, bytes).</summary>
    public static decimal Amount(string? quantity) => string.IsNullOrEmpty(quantity) ? 0 : new ResourceQuantity(quantity).ToDecimal();

    private static Dictionary<string, decimal> Amounts(this JsonObject? list) =>
        (list ?? []).ToDictionary(e => e.Key, e => Amount(e.Value.Text() ?? e.Value?.ToJsonString()));

    /// <summary>Required node affinity: one of the terms must match wholly.</summary>
    private static bool Affine(JsonObject pod, IReadOnlyDictionary<string, string> labels)
    {
        var terms = pod.Items("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution",
            "nodeSelectorTerms").ToList();
        return terms.Count == 0 || terms.Any(t => t.Items("matchExpressions").All(e =>
        {
            var has = labels.TryGetValue(e.Text("key") ?? "", out var value);
            var values = e.Strings("values").ToList();
            return e.Text("operator") switch
            {
                "In" => has && values.Contains(value!),
                "NotIn" => !has || !values.Contains(value!),
                "Exists" => has,
                "DoesNotExist" => !has,
                "Gt" => has && values.Count == 1 && Amount(value) > Amount(values[0]),
                "Lt" => has && values.Count == 1 && Amount(value) < Amount(values[0]),
                _ => false,
            };
        }));
    }
}
