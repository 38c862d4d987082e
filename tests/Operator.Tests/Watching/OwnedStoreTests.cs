using k8s.Models;
using LightReasoner.Operator.Progress;
using LightReasoner.Operator.Watching;
using Microsoft.Extensions.DependencyInjection;

namespace LightReasoner.Operator.Tests.Watching;

public sealed class OwnedStoreTests
{
    /// <summary>The answer to the request that made a Job may be taken in after the watch has told that the Job was deleted.</summary>
    [Fact]
    public void Changed_AfterTheWatchToldOfTheDeletion_DoesNotBringTheJobBack()
    {
        using var services = new ServiceCollection().BuildServiceProvider();
        using var queue = new RunQueue(services, TimeProvider.System);
        var store = new OwnedStore(queue, new ProgressStore());
        SamplingRunEntity run = Make.Sampling();
        store.Changed(Make.Job(run));
        Assert.Single(store.Of(RunKey.Of(run)).Jobs);
        store.Deleted(Make.Job(run));
        store.Changed(Make.Job(run));
        Assert.Empty(store.Of(RunKey.Of(run)).Jobs);
    }
}
