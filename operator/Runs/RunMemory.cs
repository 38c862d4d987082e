using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Progress;

namespace LightReasoner.Operator.Runs;

/// <summary>What is kept between reconciles, all of it for comfort: a restarted operator does right without it.</summary>
internal sealed record RunMemory(ProgressStore Progress, StatusPace Pace, Waiters Waiters)
{
    public void Finished(string uid)
    {
        Progress.Forget(uid);
        Pace.Forget(uid);
    }

    /// <summary>Of all runs: another replica reconciles them now.</summary>
    public void Forget()
    {
        Progress.Forget();
        Pace.Forget();
        Waiters.Forget();
    }

    public void Forget(RunKey run, string uid)
    {
        Finished(uid);
        Waiters.Forget(run, uid);
    }
}
