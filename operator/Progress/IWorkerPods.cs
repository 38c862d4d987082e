using LightReasoner.Operator.Entities;

namespace LightReasoner.Operator.Progress;

/// <summary>A pod that was shown to work for a run.</summary>
/// <param name="Run">The run.</param>
/// <param name="RunUid">Its uid.</param>
/// <param name="PodUid">The pod's uid.</param>
/// <param name="Shard">The shard that the pod works on.</param>
internal sealed record WorkerPod(RunKey Run, string RunUid, string PodUid, int Shard);

/// <summary>Finds the run that a pod works for; null if it works for none.</summary>
internal interface IWorkerPods
{
    Task<WorkerPod?> FindAsync(TokenIdentity identity, CancellationToken cancellationToken);
}
