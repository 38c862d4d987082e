using k8s.Models;
using KubeOps.Abstractions.Entities;
using LightReasoner.Api;

namespace LightReasoner.Operator.Entities;

/// <summary>A FineTuneRun as the API server holds it.</summary>
[KubernetesEntity(Group = ApiGroup.Name, ApiVersion = ApiGroup.Version, Kind = nameof(FineTuneRun), PluralName = "finetuneruns")]
internal sealed class FineTuneRunEntity : CustomKubernetesEntity<FineTuneRunSpec, FineTuneRunStatus>, IRunEntity
{
    RunKind IRunEntity.RunKind => RunKind.FineTuneRun;

    RunSpec IRunEntity.RunSpec => Spec;

    RunStatus IRunEntity.RunStatus
    {
        get => Status ?? new FineTuneRunStatus();
        set => Status = (FineTuneRunStatus)value;
    }

    Manifest IRunEntity.ToManifest() => new FineTuneRun
    {
        Kind = RunKind.FineTuneRun,
        Metadata = RunDocument.Metadata(Metadata),
        Spec = Spec
    };
}
