using k8s.Models;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Operator;
using Microsoft.Extensions.Time.Testing;

namespace LightReasoner.Polyfills.Tests.KubeOps;

public sealed class WorkQueueTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly WorkQueue<V1ConfigMap> queue;

    public WorkQueueTests() => queue = new WorkQueue<V1ConfigMap>(time);

    public void Dispose() => queue.Dispose();

    [Fact]
    public async Task Added_Twice_ComesOnce_WithTheLaterState()
    {
        queue.Add(Item("a", 1));
        queue.Add(Item("a", 2));
        queue.Add(Item("b", 1));
        Assert.Equal(("a", "2"), Key(await queue.TakeAsync(default)));
        Assert.Equal(("b", "1"), Key(await queue.TakeAsync(default)));
        Assert.Equal(0, queue.Ready);
    }

    [Fact]
    public async Task Added_WhileWorkedOn_WaitsUntilDone()
    {
        queue.Add(Item("a", 1));
        await queue.TakeAsync(default);
        queue.Add(Item("a", 2));
        var next = queue.TakeAsync(default).AsTask();
        await Task.Delay(20);
        Assert.False(next.IsCompleted);
        queue.Done("a");
        Assert.Equal(("a", "2"), Key(await next));
    }

    [Fact]
    public async Task Deleted_StaysDeleted()
    {
        queue.Add(Item("a", 1, ReconciliationType.Deleted));
        queue.Add(Item("a", 2));
        Assert.Equal(ReconciliationType.Deleted, (await queue.TakeAsync(default)).Type);
    }

    [Fact]
    public async Task Delayed_ComesAtTheEarliestTime()
    {
        queue.Add(Item("a", 1), TimeSpan.FromSeconds(10));
        queue.Add(Item("a", 2), TimeSpan.FromSeconds(5));
        queue.Add(Item("a", 3), TimeSpan.FromSeconds(20));
        Assert.Equal((1, 0), (queue.Scheduled, queue.Ready));
        time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Equal(0, queue.Ready);
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal((0, 1), (queue.Scheduled, queue.Ready));
        Assert.Equal(("a", "3"), Key(await queue.TakeAsync(default)));
        queue.Done("a");
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, queue.Ready);
    }

    [Fact]
    public void ManyDelays_AllCome()
    {
        for (var i = 0; i < 1000; i++)
        {
            queue.Add(Item($"k{i}", i), TimeSpan.FromMilliseconds(1 + ((i * 7919) % 1000)));
        }

        for (var i = 0; i < 110; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
        }

        Assert.Equal((0, 1000), (queue.Scheduled, queue.Ready));
    }

    [Fact]
    public void Closed_TakesNothing()
    {
        queue.Dispose();
        Assert.False(queue.Add(Item("a", 1)));
        Assert.False(queue.Add(Item("a", 1), TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void Failures_AreCountedUntilForgotten()
    {
        Assert.Equal((1, 2), (queue.Failed("a"), queue.Failed("a")));
        queue.Forget("a");
        Assert.Equal(1, queue.Failed("a"));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 4)]
    [InlineData(5, 32)]
    [InlineData(7, 120)]
    [InlineData(100000, 120)]
    public void RetryDelay_DoublesUpToACap(int failures, double seconds) =>
        Assert.InRange(RetryDelay.After(failures, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(2)).TotalSeconds,
            seconds * 0.89, seconds * 1.11);

    private static WorkItem<V1ConfigMap> Item(string key, int version, ReconciliationType type = ReconciliationType.Modified) =>
        WorkItem<V1ConfigMap>.Of(
        new V1ConfigMap { Metadata = new V1ObjectMeta { Uid = key, Name = key, ResourceVersion = version.ToString() } }, type,
            ReconciliationTriggerSource.ApiServer);

    private static (string, string) Key(WorkItem<V1ConfigMap> item) => (item.Key, item.Entity.Metadata.ResourceVersion);
}
