using System.Collections.Concurrent;

namespace LightReasoner.Operator.Runs;

/// <summary>When each unfinished run's status was last written, and how many reconciles in a row have failed. By uid.</summary>
internal sealed class StatusPace(TimeProvider time)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1), LastRetry = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, long> written = new();
    private readonly ConcurrentDictionary<string, int> failures = new();

    public void Written(string uid) => written[uid] = time.GetTimestamp();

    /// <summary>How long until a status that differs in figures only may be written; zero for now.</summary>
    public TimeSpan Wait(string uid, TimeSpan interval)
    {
        if (!written.TryGetValue(uid, out var at)) return TimeSpan.Zero;
        var left = interval - time.GetElapsedTime(at);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>Time until the next try: doubling, with a cap, for ever.</summary>
    public TimeSpan Failed(string uid)
    {
        var count = failures.AddOrUpdate(uid, 1, (_, n) => n + 1);
        var wait = FirstRetry * Math.Pow(2, Math.Min(count - 1, 10));
        return wait < LastRetry ? wait : LastRetry;
    }

    public void Went(string uid) => failures.TryRemove(uid, out _);

    public void Forget()
    {
        written.Clear();
        failures.Clear();
    }

    public void Forget(string uid)
    {
        written.TryRemove(uid, out _);
        failures.TryRemove(uid, out _);
    }
}
