using System.Text.Json;
using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;

namespace LightReasoner.Operator.Jobs;

/// <summary>The ConfigMap that holds a run's document for its pods, and remembers where referenced outputs lie.</summary>
internal static class ConfigMapTemplate
{
    public static V1ConfigMap Build(IRunEntity run, RunOutputs outputs)
    {
        Dictionary<string, string> annotations = JobTemplate.AnnotationsOf(run);
        if (outputs.References.Count > 0)
            annotations[Labels.References] = JsonSerializer.Serialize(new SortedDictionary<string, string>(
                outputs.References.ToDictionary(), StringComparer.Ordinal), ApiJson.Options);
        return new V1ConfigMap
        {
            ApiVersion = "v1",
            Kind = "ConfigMap",
            Metadata = new V1ObjectMeta
            {
                Name = JobNames.Of(RunKey.Of(run)),
                NamespaceProperty = run.Metadata.NamespaceProperty,
                Labels = JobTemplate.LabelsOf(run),
                Annotations = annotations,
                OwnerReferences = [JobTemplate.Owner(run)],
            },
            Data = new Dictionary<string, string> { [PodTemplate.DocumentFile] = RunDocument.ToJson(run) },
        };
    }

    /// <summary>Whether a ConfigMap still says what it should; people's own labels and annotations on it are none of our business.</summary>
    public static bool Holds(V1ConfigMap existing, V1ConfigMap wanted) =>
        existing.BinaryData is null or { Count: 0 }
        && Same(existing.Data, wanted.Data)
        && Contains(existing.Metadata.Labels, wanted.Metadata.Labels)
        && Contains(existing.Metadata.Annotations, wanted.Metadata.Annotations)
        && existing.Metadata.OwnerReferences?.Any(o => o.Uid == wanted.Metadata.OwnerReferences[0].Uid) == true;

    /// <summary>The ConfigMap as it should be, with what people have added to its labels and annotations.</summary>
    public static V1ConfigMap Heal(V1ConfigMap existing, V1ConfigMap wanted)
    {
        wanted.Metadata.ResourceVersion = existing.Metadata.ResourceVersion;
        foreach ((string key, string value) in existing.Metadata.Labels ?? new Dictionary<string, string>()) wanted.Metadata.Labels.TryAdd(key, value);
        foreach ((string key, string value) in existing.Metadata.Annotations ?? new Dictionary<string, string>()) wanted.Metadata.Annotations.TryAdd(key, value);
        return wanted;
    }

    /// <summary>Where referenced outputs lay when the run's Job was first made: known still when those runs are gone.</summary>
    public static IReadOnlyDictionary<string, string> RememberedReferences(V1ConfigMap? document)
    {
        if (document?.Metadata.Annotations?.TryGetValue(Labels.References, out string? json) != true) return new Dictionary<string, string>();
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, string>>(json!) ?? [];
        }
        catch (JsonException)
        {
            return new Dictionary<string, string>();
        }
    }

    private static bool Same(IDictionary<string, string>? a, IDictionary<string, string> b) => a?.Count == b.Count && Contains(a, b);

    private static bool Contains(IDictionary<string, string>? all, IDictionary<string, string> some) =>
        some.All(pair => all is not null && all.TryGetValue(pair.Key, out string? value) && value == pair.Value);
}
