using System.Collections.Concurrent;
using KubeOps.Abstractions.Reconciliation.Queue;
using LightReasoner.Operator.Progress;
using LightReasoner.Operator.Watching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace LightReasoner.Operator.Tests.Watching;

public sealed class OwnedStoreTests : IDisposable
{
    private readonly FakeTimeProvider time = new(Make.Now);
    private readonly ConcurrentQueue<string> enqueued = new();
    private readonly SamplingRunEntity run = Make.Sampling();
    private readonly RunQueue queue;
    private readonly OwnedStore store;

    public OwnedStoreTests()
    {
        var services = new ServiceCollection();
        services.AddTransient<EntityQueue<SamplingRunEntity>>(_ => (run, _, _, _, _, _) =>
        {
            enqueued.Enqueue(run.Name());
            return Task.FromResult(true);
        });
        queue = new RunQueue(services.BuildServiceProvider(), time);
        store = new OwnedStore(queue, new ProgressStore());
    }

    public void Dispose() => queue.Dispose();

    /// <summary>A run that is deleted at once: the watch has told of the Job's end before the answer to its making is read.</summary>
    [Fact]
    public void AnswerThatIsOlderThanTheDeletion_BringsNoJobBack()
    {
        store.Changed(Make.Job(run));
        store.Deleted(Make.Job(run));
        store.Changed(Make.Job(run));
        Assert.Empty(store.Of(RunKey.Of(run)).Jobs);
    }

    /// <summary>A list that was read before a Job was made must not hide it for ever.</summary>
    [Fact]
    public void JobThatAListLacks_ComesBackWithTheWatch()
    {
        store.Changed(Make.Job(run));
        store.ListedJobs(new HashSet<string>(), _ => true);
        Assert.Empty(store.Of(RunKey.Of(run)).Jobs);
        store.Changed(Make.Job(run));
        Assert.Single(store.Of(RunKey.Of(run)).Jobs);
    }

    /// <summary>The event may be heard of before or after the Job; either way the run is looked at right then, without polling.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void RefusedPod_WakesItsRun_WithinThreeSeconds(bool jobFirst)
    {
        var job = Make.Job(run);
        if (jobFirst) store.Changed(job);
        time.Advance(TimeSpan.FromMinutes(1));
        enqueued.Clear();
        store.Changed(Refusal("a", "exceeded quota: gpus", Make.Now));
        if (!jobFirst) store.Changed(job);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(["s"], enqueued);
        Assert.Equal("exceeded quota: gpus", store.Refusal("job-uid")!.Message);

        store.Changed(Refusal("b", "an older one", Make.Now.AddMinutes(-5)));
        Assert.Equal("exceeded quota: gpus", store.Refusal("job-uid")!.Message);
        store.Deleted(Refusal("a", "", Make.Now));
        Assert.Null(store.Refusal("job-uid"));
    }

    /// <summary>What is kept of an object, beside what came: a document of 20 kB rides on Job and pod.</summary>
    [Fact]
    public void Objects_AreKeptWithoutDocumentsAndTemplates()
    {
        var large = Make.Sampling(change: s => s with { Prompt = new PromptSpec { System = new string('x', 20_000) } });
        var job = Make.Job(large);
        var pod = new V1Pod
        {
            Metadata = job.Spec.Template.Metadata,
            Spec = job.Spec.Template.Spec,
            Status = new V1PodStatus { Phase = "Running" }
        };
        (pod.Metadata.Name, pod.Metadata.NamespaceProperty, pod.Metadata.Uid) = ("p", "team", "pod-uid");
        Assert.True(KubernetesJson.Serialize(job).Length > 20_000 && KubernetesJson.Serialize(pod).Length > 20_000);
        store.Changed(pod);
        store.Changed(job);
        var (jobs, pods) = store.Of(RunKey.Of(large));
        Assert.InRange(KubernetesJson.Serialize(jobs[0]).Length, 1, 1500);
        Assert.InRange(KubernetesJson.Serialize(pods[0]).Length, 1, 700);
    }

    private static Corev1Event Refusal(string uid, string message, DateTimeOffset at) => new()
    {
        Metadata = new V1ObjectMeta { Name = uid, Uid = uid, NamespaceProperty = "team" },
        InvolvedObject = new V1ObjectReference { Kind = "Job", Uid = "job-uid", NamespaceProperty = "team" },
        Reason = "FailedCreate",
        Message = message,
        LastTimestamp = at.UtcDateTime,
    };
}
