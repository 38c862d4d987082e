using LightReasoner.Operator.Progress;
using LightReasoner.Operator.Watching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace LightReasoner.Operator.Tests.Decisions;

public sealed class RunObserverTests : IDisposable
{
    private readonly FakeTimeProvider time = new(Make.Now);
    private readonly ProgressStore progress = new();
    private readonly RunQueue queue;
    private readonly OwnedStore store;

    public RunObserverTests()
    {
        queue = new RunQueue(new ServiceCollection().BuildServiceProvider(), time);
        store = new OwnedStore(queue, progress);
    }

    public void Dispose() => queue.Dispose();

    /// <summary>
    /// A quota that was lifted long ago: the event stays for an hour, and is no obstacle once the Job was started, or got a pod, after it.
    /// The Job was started ten minutes ago.
    /// </summary>
    [Theory]
    [InlineData(-11, null, false)]
    [InlineData(-5, null, true)]
    [InlineData(-8, -7, false)]
    [InlineData(-8, -9, true)]
    public async Task FailedCreate_IsAnObstacle_OnlyIfNoPodWasMadeSince(int refusedAt, int? podMadeAt, bool expected)
    {
        var run = Make.Sampling();
        store.Changed(Make.Job(run));
        if (podMadeAt is { } made)
        {
            var pod = Make.EndedPod(run, 1, "crashed");
            pod.Metadata.CreationTimestamp = Make.Now.AddMinutes(made).UtcDateTime;
            pod.Metadata.Annotations[Labels.Run] = run.Metadata.Name;
            pod.Metadata.Annotations[Labels.Kind] = "SamplingRun";
            store.Changed(pod);
        }
        store.Changed(new Corev1Event
        {
            Metadata = new V1ObjectMeta { Name = "e", Uid = "e", NamespaceProperty = "team" },
            InvolvedObject = new V1ObjectReference { Kind = "Job", Uid = "job-uid", NamespaceProperty = "team" },
            Reason = "FailedCreate",
            Message = "Error creating: pods \"s-srun-0-x\" is forbidden: exceeded quota: gpus",
            LastTimestamp = Make.Now.AddMinutes(refusedAt).UtcDateTime,
        });

        var observer = new RunObserver(null!, store, new RunIndex(), progress, time);
        var seen = await observer.ObserveAsync(run, TestContext.Current.CancellationToken);
        var status = new RunDecider(Make.Options).Decide(seen).Status;
        Assert.Equal(podMadeAt is not null, seen.OwnPods.Any());
        Assert.Equal(expected, status.Message!.Contains("exceeded quota", StringComparison.Ordinal));
        Assert.Equal(expected, Conditions.Find(status.Conditions, Conditions.Ready)!.Reason == Reasons.QuotaExceeded);
    }
}
