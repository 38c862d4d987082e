using System.Collections.Immutable;

namespace LightReasoner.DevCluster.Storage;

/// <summary>All objects of one resource at one moment.</summary>
internal sealed record Snapshot(long Version, ImmutableSortedDictionary<string, StoredObject> Objects);

/// <summary>
/// The objects in memory, with one revision counter, compare-and-swap writes and a bounded history for watches and
/// lists of the past. The lock is held for dictionary operations only; readers work on immutable snapshots.
/// </summary>
internal sealed class Store
{
    /// <summary>Revisions start here, so that a small resource version is always one that has been forgotten.</summary>
    public const long FirstVersion = 1000;

    private const int HistoryLimit = 20_000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, ImmutableSortedDictionary<string, StoredObject>> objects = new(StringComparer.Ordinal);
    private readonly Queue<Change> history = new();
    private readonly List<Subscription> subscriptions = [];
    private long version = FirstVersion;
    private long forgotten = FirstVersion;

    public long Version
    {
        get
        {
            lock (gate)
                return version;
        }
    }

    /// <summary>The newest revision whose changes are no longer known.</summary>
    public long Forgotten
    {
        get
        {
            lock (gate)
                return forgotten;
        }
    }

    public StoredObject? Get(string resource, string ns, string name)
    {
        lock (gate)
            return Of(resource).GetValueOrDefault(StoredObject.KeyOf(ns, name));
    }

    public Snapshot List(string resource)
    {
        lock (gate)
            return new Snapshot(version, Of(resource));
    }

    /// <summary>The objects as they were at <paramref name="at"/>, or null when the history does not reach back that far.</summary>
    public Snapshot? ListAt(string resource, long at)
    {
        ImmutableSortedDictionary<string, StoredObject> now;
        Change[] undo;
        lock (gate)
        {
            if (at < forgotten)
                return null;
            now = Of(resource);
            undo = [.. history.Where(c => c.Version > at && c.Any.Resource == resource)];
        }

        var then = now.ToBuilder();
        foreach (var change in undo.Reverse())
        {
            if (change.Old is null)
                then.Remove(change.Any.Key);
            else
                then[change.Any.Key] = change.Old;
        }

        return new Snapshot(at, then.ToImmutable());
    }

    /// <summary>Stores a new object; null when the name is taken. The document becomes the store's own.</summary>
    public StoredObject? Create(string resource, string ns, string name, JsonObject document)
    {
        lock (gate)
        {
            var all = Of(resource);
            if (all.ContainsKey(StoredObject.KeyOf(ns, name)))
                return null;
            var stored = Stamp(resource, ns, name, document);
            Commit(all.Add(stored.Key, stored), new Change(stored.Version, null, stored));
            return stored;
        }
    }

    /// <summary>Replaces the version <paramref name="expected"/>; null when it is not the current one any more.</summary>
    public StoredObject? Update(StoredObject expected, JsonObject document)
    {
        lock (gate)
        {
            var all = Of(expected.Resource);
            if (all.GetValueOrDefault(expected.Key)?.Version != expected.Version)
                return null;
            var stored = Stamp(expected.Resource, expected.Namespace, expected.Name, document);
            Commit(all.SetItem(stored.Key, stored), new Change(stored.Version, expected, stored));
            return stored;
        }
    }

    /// <summary>Removes the version <paramref name="expected"/>; false when it is not the current one any more.</summary>
    public bool Delete(StoredObject expected)
    {
        lock (gate)
        {
            var all = Of(expected.Resource);
            if (all.GetValueOrDefault(expected.Key)?.Version != expected.Version)
                return false;
            Commit(all.Remove(expected.Key), new Change(++version, expected, null));
            return true;
        }
    }

    /// <summary>
    /// Follows the changes of a resource (all resources: null) after <paramref name="after"/>; null when they have been forgotten.
    /// </summary>
    public Subscription? Subscribe(string? resource, long after)
    {
        lock (gate)
        {
            if (after < forgotten)
                return null;
            var subscription = new Subscription(this, resource);
            foreach (var change in history)
            {
                if (change.Version > after)
                    subscription.Offer(change);
            }

            subscriptions.Add(subscription);
            return subscription;
        }
    }

    private void Remove(Subscription subscription)
    {
        lock (gate)
            subscriptions.Remove(subscription);
    }

    private ImmutableSortedDictionary<string, StoredObject> Of(string resource)
        => objects.GetValueOrDefault(resource) ?? ImmutableSortedDictionary.Create<string, StoredObject>(StringComparer.Ordinal);

    private StoredObject Stamp(string resource, string ns, string name, JsonObject document)
    {
        version++;
        document.Metadata()["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture);
        return new StoredObject(resource, ns, name, version, document);
    }

    private void Commit(ImmutableSortedDictionary<string, StoredObject> all, Change change)
    {
        objects[change.Any.Resource] = all;
        history.Enqueue(change);
        while (history.Count > HistoryLimit)
            forgotten = history.Dequeue().Version;
        foreach (var subscription in subscriptions)
            subscription.Offer(change);
    }

    /// <summary>The changes that one watcher has yet to see.</summary>
    internal sealed class Subscription(Store store, string? resource) : IDisposable
    {
        private readonly Channel<Change> queue = Channel.CreateUnbounded<Change>(new() { SingleReader = true });

        public ChannelReader<Change> Changes => queue.Reader;

        public void Offer(Change change)
        {
            if (resource is null || change.Any.Resource == resource)
                queue.Writer.TryWrite(change);
        }

        public void Dispose() => store.Remove(this);
    }
}
