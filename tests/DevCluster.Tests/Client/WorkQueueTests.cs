using LightReasoner.DevCluster.Client;
using Microsoft.Extensions.Time.Testing;

namespace LightReasoner.DevCluster.Tests.Client;

public sealed class WorkQueueTests
{
    private readonly FakeTimeProvider clock = new();

    [Fact]
    public async Task Add_WhileWorkedOn_ComesOnceMoreAfterwards()
    {
        var queue = new WorkQueue(clock);
        queue.Add("a");
        queue.Add("a");
        var key = await Take(queue);
        queue.Add("a");
        queue.Add("a");
        Assert.True(await Empty(queue));
        queue.Done(key);
        Assert.Equal("a", await Take(queue));
        queue.Done("a");
        Assert.True(await Empty(queue));
    }

    [Fact]
    public async Task AddAfter_SeveralTimes_TheEarliestWins()
    {
        var queue = new WorkQueue(clock);
        queue.AddAfter("a", TimeSpan.FromSeconds(10));
        queue.AddAfter("a", TimeSpan.FromSeconds(1));
        queue.AddAfter("a", TimeSpan.FromSeconds(5));
        Assert.True(await Empty(queue));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("a", await Take(queue));
        queue.Done("a");
        clock.Advance(TimeSpan.FromSeconds(20));
        Assert.True(await Empty(queue));
    }

    [Fact]
    public async Task AddRateLimited_FailureAfterFailure_WaitsLonger()
    {
        var queue = new WorkQueue(clock);
        for (var wait = 100; wait <= 400; wait *= 2)
        {
            queue.AddRateLimited("a");
            clock.Advance(TimeSpan.FromMilliseconds(wait - 1));
            Assert.True(await Empty(queue));
            clock.Advance(TimeSpan.FromMilliseconds(1));
            queue.Done(await Take(queue));
        }
        queue.Forget("a");
        queue.AddRateLimited("a");
        clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal("a", await Take(queue));
    }

    private static async Task<string> Take(WorkQueue queue)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        return await queue.TakeAsync(bound.Token);
    }

    private static async Task<bool> Empty(WorkQueue queue)
    {
        using var now = new CancellationTokenSource();
        var take = queue.TakeAsync(now.Token).AsTask();
        if (take.IsCompleted) return false;
        await now.CancelAsync();
        await take.ContinueWith(_ => { }, TaskScheduler.Default);
        return take.IsCanceled;
    }
}
