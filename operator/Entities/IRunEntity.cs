using k8s;
using k8s.Models;
using LightReasoner.Api;

namespace LightReasoner.Operator.Entities;

/// <summary>A run of any kind as the API server holds it. Members are implemented explicitly, so that they are not serialised.</summary>
internal interface IRunEntity : IKubernetesObject<V1ObjectMeta>
{
    RunKind RunKind { get; }

    RunSpec RunSpec { get; }

    RunStatus RunStatus { get; set; }

    /// <summary>The document that the worker is given.</summary>
    Manifest ToManifest();
}

/// <summary>Address of a run. A name is reused when a run is made anew; the uid is not.</summary>
internal readonly record struct RunKey(RunKind Kind, string Namespace, string Name)
{
    public static RunKey Of(IRunEntity run) => new(run.RunKind, run.Metadata.NamespaceProperty, run.Metadata.Name);

    public override string ToString() => $"{Kind} {Namespace}/{Name}";
}
