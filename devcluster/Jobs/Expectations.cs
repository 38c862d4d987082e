namespace LightReasoner.DevCluster.Jobs;

/// <summary>
/// What the controller has done to a Job's Pods and its copy of them may not show yet. A look at a Job with open expectations
/// must not create or remove Pods, or it would do so twice. Expectations that nothing fulfils are dropped after a while.
/// </summary>
internal sealed class Expectations(TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly HashSet<string> deletions = [];
    private readonly HashSet<string> releases = [];
    private long version;
    private DateTimeOffset since;

    /// <summary>A Pod was created: the copy must reach this resource version.</summary>
    public void Created(long resourceVersion)
    {
        lock (gate)
        {
            version = Math.Max(version, resourceVersion);
            since = clock.GetUtcNow();
        }
    }

    /// <summary>A Pod is about to be deleted.</summary>
    public void Deleting(string uid)
    {
        lock (gate)
        {
            deletions.Add(uid);
            since = clock.GetUtcNow();
        }
    }

    /// <summary>A Pod is about to lose its finalizer.</summary>
    public void Releasing(string uid)
    {
        lock (gate) releases.Add(uid);
    }

    /// <summary>The write failed after all.</summary>
    public void NotDeleted(string uid)
    {
        lock (gate) deletions.Remove(uid);
    }

    public void NotReleased(string uid)
    {
        lock (gate) releases.Remove(uid);
    }

    /// <summary>The copy shows this state of a Pod; null: it is gone.</summary>
    public void Observed(string uid, Pod? pod)
    {
        lock (gate)
        {
            if (pod is null || pod.Deleting) deletions.Remove(uid);
            if (pod is null || !pod.Tracked) releases.Remove(uid);
        }
    }

    public bool Met(long seen)
    {
        lock (gate)
        {
            if (seen >= version && deletions.Count == 0) return true;
            if (clock.GetUtcNow() - since < Patience) return false;
            version = 0;
            deletions.Clear();
            return true;
        }
    }

    public HashSet<string> Released()
    {
        lock (gate) return [.. releases];
    }
}
