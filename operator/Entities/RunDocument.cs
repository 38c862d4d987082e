using k8s.Models;
using LightReasoner.Api;

namespace LightReasoner.Operator.Entities;

/// <summary>The document of a run as its pods read it.</summary>
internal static class RunDocument
{
    /// <summary>
    /// Only what identifies the run: labels, annotations and the generation change while a run goes on, and a document that changed
    /// with them would be rewritten under its pods.
    /// </summary>
    public static ManifestMetadata Metadata(V1ObjectMeta metadata) =>
        new() { Name = metadata.Name, Namespace = metadata.NamespaceProperty, Uid = metadata.Uid };

    /// <summary>The document as JSON.</summary>
    public static string ToJson(IRunEntity run) => ManifestReader.ToJson(run.ToManifest());
}
