namespace LightReasoner.DevCluster.Node;

/// <summary>What the node's Pods have taken of its resources, and what is free.</summary>
internal sealed class Ledger(IReadOnlyDictionary<string, decimal> capacity)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Dictionary<string, decimal>> taken = [];
    private readonly Dictionary<string, decimal> free = capacity.ToDictionary();

    /// <summary>Books a Pod's requests; again for the same Pod does nothing.</summary>
    public void Take(string uid, Dictionary<string, decimal> requests)
    {
        lock (gate)
        {
            if (!taken.TryAdd(uid, requests)) return;
            foreach (var (resource, amount) in requests) free[resource] = free.GetValueOrDefault(resource) - amount;
        }
    }

    /// <summary>Gives back what a Pod has taken. Returns whether it had taken anything.</summary>
    public bool Return(string uid)
    {
        lock (gate)
        {
            if (!taken.Remove(uid, out var requests)) return false;
            foreach (var (resource, amount) in requests) free[resource] += amount;
            return true;
        }
    }

    public Dictionary<string, decimal> Free()
    {
        lock (gate) return free.ToDictionary();
    }
}
