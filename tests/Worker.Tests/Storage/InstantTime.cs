namespace LightReasoner.Worker.Tests.Storage;

/// <summary>A clock on which no wait takes any time.</summary>
/// <param name="waited">Told how long each should have been.</param>
internal sealed class InstantTime(Action<TimeSpan>? waited = null) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        waited?.Invoke(dueTime);
        return System.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
