using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;

namespace LightReasoner.Operator.Jobs;

/// <summary>A piece of Kubernetes' own API in a run's spec does not have the form that Kubernetes gives it.</summary>
internal sealed class FragmentException(string path, string message) : Exception($"{path}: {message}");

/// <summary>Pieces of Kubernetes' own API that a run hands through to its pods.</summary>
internal static class Fragment
{
    public static T? Read<T>(JsonObject? node, string path)
        where T : class
    {
        try
        {
            return node is null ? null : KubernetesJson.Deserialize<T>(node.ToJsonString());
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException)
        {
            throw new FragmentException(path, $"is not what Kubernetes expects there ({e.Message})");
        }
    }

    public static List<T> ReadList<T>(IReadOnlyList<JsonObject>? nodes, string path)
        where T : class => [.. (nodes ?? []).Select((node, i) => Read<T>(node, $"{path}[{i}]")!)];
}
