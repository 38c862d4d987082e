using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;

namespace LightReasoner.Operator.Watching;

/// <summary>A run as the watch shows it, unread but for its metadata: one that cannot be read must not hide the others.</summary>
internal sealed class RunView : KubernetesObject, IKubernetesObject<V1ObjectMeta>
{
    public V1ObjectMeta Metadata { get; set; } = new();

    public JsonObject? Spec { get; set; }

    public JsonObject? Status { get; set; }
}

/// <summary>A list of them.</summary>
internal sealed class RunViewList : KubernetesObject, IKubernetesObject<V1ListMeta>, IItems<RunView>
{
    public V1ListMeta Metadata { get; set; } = new();

    public IList<RunView> Items { get; set; } = [];
}

/// <summary>A run in short.</summary>
internal sealed record KnownRun
{
    public required string Uid { get; init; }

    public long Generation { get; init; }

    public long ObservedGeneration { get; init; }

    /// <summary>The annotations and labels that a run is reconciled for.</summary>
    public string Marks { get; init; } = "";

    public RunPhase? Phase { get; init; }

    public string? OutputUri { get; init; }

    public string? Message { get; init; }

    public IReadOnlyList<RunReference> References { get; init; } = [];

    /// <summary>Whether its spec has changed since it was last reconciled.</summary>
    public bool IsUnseen => ObservedGeneration != Generation;
}

/// <summary>All runs, in short, as the watches show them.</summary>
internal sealed class RunIndex
{
    private readonly Lock gate = new();
    private readonly Dictionary<RunKey, KnownRun> runs = [];

    public KnownRun? Find(RunKey run)
    {
        lock (gate) return runs.GetValueOrDefault(run);
    }

    /// <summary>Takes a run in.</summary>
    public KnownRun Set(RunKind kind, RunView view)
    {
        var key = Key(kind, view);
        var now = Read(view);
        lock (gate)
        {
            // A status is written far more often than a spec.
            var sameSpec = runs.TryGetValue(key, out var known) && known.Uid == now.Uid && known.Generation == now.Generation;
            return runs[key] = now with { References = sameSpec ? known!.References : References(kind, view.Spec) };
        }
    }

    /// <summary>Takes a status in that was just written, before the watch tells of it.</summary>
    public void Set(RunKey key, string uid, RunStatus status)
    {
        lock (gate)
            if (runs.TryGetValue(key, out var known) && known.Uid == uid)
                runs[key] = known with
                {
                    Phase = status.Phase,
                    OutputUri = status.OutputUri,
                    Message = status.Message,
                    ObservedGeneration = status.ObservedGeneration ?? 0
                };
    }

    public void Remove(RunKey key, string uid)
    {
        lock (gate)
            if (runs.TryGetValue(key, out var known) && known.Uid == uid) runs.Remove(key);
    }

    /// <summary>The runs of a kind that a whole list lacks.</summary>
    public IReadOnlyList<(RunKey Key, string Uid)> Missing(RunKind kind, string? ns, IReadOnlySet<string> uids)
    {
        lock (gate)
            return [.. runs.Where(r => r.Key.Kind == kind && (ns is null || r.Key.Namespace == ns) && !uids.Contains(r.Value.Uid))
                .Select(r => (r.Key, r.Value.Uid))];
    }

    public static RunKey Key(RunKind kind, RunView view) => new(kind, view.Metadata.NamespaceProperty, view.Metadata.Name);

    private static KnownRun Read(RunView view)
    {
        RunPhase? phase = Enum.TryParse((string?)view.Status?["phase"], out RunPhase p) ? p : null;
        return new KnownRun
        {
            Uid = view.Metadata.Uid,
            Generation = view.Metadata.Generation ?? 0,
            ObservedGeneration = view.Status?["observedGeneration"]?.GetValue<long>() ?? 0,
            Marks = RunMarks.Of(view.Metadata),
            Phase = phase,
            OutputUri = (string?)view.Status?["outputUri"],
            // Of a run that succeeded nobody asks.
            Message = phase == RunPhase.Succeeded ? null : (string?)view.Status?["message"],
        };
    }

    private static RunReference[] References(RunKind kind, JsonObject? spec)
    {
        try
        {
            RunSpec? read = kind switch
            {
                RunKind.SamplingRun => spec.Deserialize<SamplingRunSpec>(ApiJson.Options),
                RunKind.FineTuneRun => spec.Deserialize<FineTuneRunSpec>(ApiJson.Options),
                _ => spec.Deserialize<RefineRunSpec>(ApiJson.Options),
            };
            return read is null ? [] : [.. read.References()];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
