using k8s;
using k8s.Models;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Abstractions.Reconciliation.Queue;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;

namespace LightReasoner.Operator.Watching;

/// <summary>Asks for a run to be reconciled. KubeOps reads the run anew before it does, so an address is enough.</summary>
internal sealed class RunQueue(IServiceProvider services)
{
    public Task EnqueueAsync(RunKey run, string uid, TimeSpan delay, CancellationToken cancellationToken) => run.Kind switch
    {
        RunKind.SamplingRun => Enqueue(new SamplingRunEntity { Metadata = Address(run, uid) }, delay, cancellationToken),
        RunKind.FineTuneRun => Enqueue(new FineTuneRunEntity { Metadata = Address(run, uid) }, delay, cancellationToken),
        RunKind.RefineRun => Enqueue(new RefineRunEntity { Metadata = Address(run, uid) }, delay, cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(run), run, "not a kind of this API"),
    };

    private static V1ObjectMeta Address(RunKey run, string uid) => new() { Name = run.Name, NamespaceProperty = run.Namespace, Uid = uid };

    private Task<bool> Enqueue<T>(T run, TimeSpan delay, CancellationToken cancellationToken)
        where T : IRunEntity =>
        services.GetRequiredService<EntityQueue<T>>()(
            run.Initialize(), ReconciliationType.Modified, ReconciliationTriggerSource.Operator, delay, retryCount: 0, cancellationToken);
}
