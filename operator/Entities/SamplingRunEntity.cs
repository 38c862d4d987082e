using k8s.Models;
using KubeOps.Abstractions.Entities;
using LightReasoner.Api;

namespace LightReasoner.Operator.Entities;

/// <summary>A SamplingRun as the API server holds it.</summary>
[KubernetesEntity(Group = ApiGroup.Name, ApiVersion = ApiGroup.Version, Kind = nameof(SamplingRun), PluralName = "samplingruns")]
internal sealed class SamplingRunEntity : CustomKubernetesEntity<SamplingRunSpec, SamplingRunStatus>, IRunEntity
{
    RunKind IRunEntity.RunKind => RunKind.SamplingRun;

    RunSpec IRunEntity.RunSpec => Spec;

    RunStatus IRunEntity.RunStatus
    {
        get => Status ?? new SamplingRunStatus();
        set => Status = (SamplingRunStatus)value;
    }

    Manifest IRunEntity.ToManifest() => new SamplingRun
    {
        Kind = RunKind.SamplingRun,
        Metadata = RunDocument.Metadata(Metadata),
        Spec = Spec
    };
}
