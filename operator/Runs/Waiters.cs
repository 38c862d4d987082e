using LightReasoner.Api;
using LightReasoner.Operator.Entities;

namespace LightReasoner.Operator.Runs;

/// <summary>Which runs wait for which, so that they are looked at as soon as what they wait for has ended.</summary>
internal sealed class Waiters
{
    private readonly Lock gate = new();
    private readonly Dictionary<RunKey, (string Uid, HashSet<RunKey> Targets)> waiting = [];
    private readonly Dictionary<RunKey, HashSet<RunKey>> byTarget = [];

    /// <summary>Replaces what a run waits for; nothing for a run that does not wait.</summary>
    public void Set(RunKey waiter, string uid, IEnumerable<RunReference> references)
    {
        HashSet<RunKey> targets = [.. references.Select(r => new RunKey(r.Kind!.Value, waiter.Namespace, r.Name))];
        lock (gate)
        {
            if (waiting.Remove(waiter, out var before))
                foreach (var target in before.Targets)
                    if (byTarget.TryGetValue(target, out var others) && others.Remove(waiter) && others.Count == 0)
                        byTarget.Remove(target);
            if (targets.Count == 0) return;
            waiting[waiter] = (uid, targets);
            foreach (var target in targets)
            {
                if (!byTarget.TryGetValue(target, out var others)) byTarget[target] = others = [];
                others.Add(waiter);
            }
        }
    }

    /// <summary>Of a run that is gone, not of a later one of its name.</summary>
    public void Forget(RunKey waiter, string uid)
    {
        lock (gate)
            if (waiting.TryGetValue(waiter, out var entry) && entry.Uid == uid) Set(waiter, uid, []);
    }

    public void Forget()
    {
        lock (gate)
        {
            waiting.Clear();
            byTarget.Clear();
        }
    }

    public IReadOnlyList<(RunKey Run, string Uid)> For(RunKey target)
    {
        lock (gate)
        {
            return byTarget.TryGetValue(target, out var waiters)
                ? [.. waiters.Select(waiter => (waiter, waiting[waiter].Uid))] : [];
        }
    }
}
