using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Tests.Faults;

/// <summary>All that a run wrote, but for who wrote it and how fast.</summary>
internal sealed class OutputSnapshot
{
    private readonly SortedDictionary<string, byte[]> _blobs = new(StringComparer.Ordinal);

    /// <summary>Reads an output.</summary>
    public static async Task<OutputSnapshot> TakeAsync(IBlobStore store)
    {
        var snapshot = new OutputSnapshot();
        foreach (var blob in await store.ListAsync(""))
        {
            // Owners name attempts; results and reports hold speeds.
            if (blob.Name.StartsWith("owners/", StringComparison.Ordinal) || blob.Name.StartsWith("results/", StringComparison.Ordinal))
                continue;
            var content = (await store.GetAsync(blob.Name))!.Bytes;
            if (blob.Name.StartsWith("metrics", StringComparison.Ordinal)) content = WithoutTimes(content);
            else if (!IsFinal(blob.Name)) continue;
            snapshot._blobs[blob.Name] = content;
        }
        return snapshot;
    }

    public int Count => _blobs.Count;

    /// <summary>The blobs in which two outputs differ.</summary>
    /// <param name="other">The other output.</param>
    /// <param name="withCheckpoints">Whether checkpoints count.</param>
    /// <param name="withRemnants">Whether files of a checkpoint count that has no COMPLETE, so that nobody reads them. An attempt that was
    /// stopped within a write and woken after its successor's end leaves one.</param>
    public IReadOnlyList<string> DifferencesFrom(OutputSnapshot other, bool withCheckpoints = true, bool withRemnants = true) =>
    [
        .. _blobs.Keys.Union(other._blobs.Keys)
            .Where(name => withCheckpoints || !name.StartsWith("checkpoints/", StringComparison.Ordinal))
            .Where(name => withRemnants || other._blobs.ContainsKey(name) || !IsRemnant(name))
            .Where(name => !_blobs.TryGetValue(name, out var mine) || !other._blobs.TryGetValue(name, out var theirs)
                || !mine.AsSpan().SequenceEqual(theirs)),
    ];

    private bool IsRemnant(string name) => name.StartsWith("checkpoints/", StringComparison.Ordinal)
        && !_blobs.Keys.Any(other => other == $"{name[..name.LastIndexOf('/')]}/{RunOutput.Complete}");

    private static bool IsFinal(string name) =>
        new[] { "samples/", "figures/", "adapter/", "model/", "checkpoints/", "evaluation-" }.Any(part =>
            name.StartsWith(part, StringComparison.Ordinal));

    private static byte[] WithoutTimes(byte[] lines)
    {
        var text = new StringBuilder();
        foreach (var line in Encoding.UTF8.GetString(lines).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var metrics = JsonNode.Parse(line)!.AsObject();
            metrics.Remove("time");
            metrics.Remove("tokensPerSecond");
            text.Append(metrics.ToJsonString()).Append('\n');
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
