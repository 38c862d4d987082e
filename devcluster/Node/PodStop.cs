namespace LightReasoner.DevCluster.Node;

/// <summary>The order to end a Pod: first SIGTERM to its containers, SIGKILL when the grace period is over.</summary>
internal sealed class PodStop(TimeProvider clock) : IDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource requested = new();
    private readonly CancellationTokenSource kill = new();
    private DateTimeOffset? deadline;
    private ITimer? timer;

    /// <summary>Cancelled when the Pod is to end.</summary>
    public CancellationToken Requested => requested.Token;

    /// <summary>Cancelled when its grace period is over.</summary>
    public CancellationToken Kill => kill.Token;

    /// <summary>Ends the Pod within so much time. A later order can shorten the time, not lengthen it.</summary>
    public void Order(TimeSpan grace)
    {
        lock (gate)
        {
            var due = clock.GetUtcNow() + grace;
            if (deadline is not null && due >= deadline) return;
            deadline = due;
            timer?.Dispose();
            timer = clock.CreateTimer(_ => kill.Cancel(), null, grace > TimeSpan.Zero ? grace : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
        requested.Cancel();
    }

    public void Dispose()
    {
        lock (gate) timer?.Dispose();
    }
}
