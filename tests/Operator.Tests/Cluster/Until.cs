using System.Text.Json;
using KubeOps.KubernetesClient;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>Bounded waits on watches.</summary>
internal static class Until
{
    /// <summary>Much longer than anything takes, also on a machine that is busy: only what never comes runs into it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan ListAgain = TimeSpan.FromSeconds(2);

    /// <summary>Waits until the object of a name (null: there is none) is as it should be, and gives it.</summary>
    public static async Task<T> HoldsAsync<T>(IKubernetesClient client, string? ns, string name, Func<T?, bool> condition, string what,
        TimeSpan? patience = null)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var all = await SetHoldsAsync<T>(client, ns, null, set => condition(Named(set)),
            $"{typeof(T).Name} {name}: {what}", patience);
        return Named(all)!;

        T? Named(IEnumerable<T> set) => set.FirstOrDefault(o => o.Metadata.Name == name);
    }

    /// <summary>Waits until the objects of a selector are, together, as they should be.</summary>
    public static async Task<IReadOnlyCollection<T>> SetHoldsAsync<T>(
        IKubernetesClient client, string? ns, string? selector, Func<IReadOnlyCollection<T>, bool> condition, string what,
            TimeSpan? patience = null)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        using var limit = new CancellationTokenSource(patience ?? Patience);
        var known = new Dictionary<string, T>();
        try
        {
            while (true)
            {
                // A watch from the beginning tells what exists, not what went away since the list: so the list is read again now and then.
                using var again = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
                known.Clear();
                foreach (var o in await client.ListAsync<T>(ns, selector, cancellationToken: limit.Token)) known[o.Metadata.Name] = o;
                if (condition([.. known.Values])) return [.. known.Values];
                again.CancelAfter(ListAgain);
                try
                {
                    await foreach (var (type, o) in client.WatchAsync<T>(ns, null, selector, cancellationToken: again.Token))
                    {
                        if (type == WatchEventType.Deleted) known.Remove(o.Metadata.Name);
                        else if (type is WatchEventType.Added or WatchEventType.Modified) known[o.Metadata.Name] = o;
                        if (condition([.. known.Values])) return [.. known.Values];
                    }
                }
                catch (OperationCanceledException) when (!limit.IsCancellationRequested)
                {
                    // Time for the next list.
                }
            }
        }
        catch (Exception) when (limit.IsCancellationRequested)
        {
            var last = string.Join("\n", known.Values.Select(o =>
                JsonSerializer.Serialize(o, new JsonSerializerOptions
                {
                    WriteIndented = true,
                    DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull
                })));
            throw new TimeoutException($"{what}: not so within {(patience ?? Patience).TotalSeconds} s; at last:\n{last}");
        }
    }
}
