using k8s.Models;
using KubeOps.Abstractions.Entities;
using LightReasoner.Api;

namespace LightReasoner.Operator.Entities;

/// <summary>A RefineRun as the API server holds it.</summary>
[KubernetesEntity(Group = ApiGroup.Name, ApiVersion = ApiGroup.Version, Kind = nameof(RefineRun), PluralName = "refineruns")]
internal sealed class RefineRunEntity : CustomKubernetesEntity<RefineRunSpec, RefineRunStatus>, IRunEntity
{
    RunKind IRunEntity.RunKind => RunKind.RefineRun;

    RunSpec IRunEntity.RunSpec => Spec;

    RunStatus IRunEntity.RunStatus
    {
        get => Status ?? new RefineRunStatus();
        set => Status = (RefineRunStatus)value;
    }

    Manifest IRunEntity.ToManifest() => new RefineRun { Kind = RunKind.RefineRun, Metadata = RunDocument.Metadata(Metadata), Spec = Spec };
}
