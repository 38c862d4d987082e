using System.Collections.Concurrent;

namespace LightReasoner.Worker.Models;

/// <summary>Work for devices that have a thread each: a device that becomes free takes what has waited for longest.</summary>
/// <typeparam name="T">What stands for a device, such as a model on it.</typeparam>
internal sealed class DeviceQueue<T> : IAsyncDisposable
{
    private readonly BlockingCollection<Action<T>> _waiting = [];
    private readonly Task[] _threads;

    public DeviceQueue(IEnumerable<T> devices) => _threads = [.. devices.Select(device => Task.Factory.StartNew(() =>
    {
        foreach (var work in _waiting.GetConsumingEnumerable())
            work(device);
    }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];

    /// <summary>Has something done by the next device that is free; errors are the task's.</summary>
    public Task<TResult> Add<TResult>(Func<T, TResult> work)
    {
        var result = new TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Add(device =>
        {
            try
            {
                result.SetResult(work(device));
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        });
        return result.Task;
    }

    /// <summary>Ends when all that was added is done.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.CompleteAdding();
        await Task.WhenAll(_threads);
        _waiting.Dispose();
    }
}
