using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

/// <summary>
/// The output folder of a run, fenced: an attempt claims its part by writing an owner blob over the one it read, and every later write first checks
/// that the claim still stands. An older attempt that wakes up late is refused and ends.
/// </summary>
public sealed class RunOutput
{
    /// <summary>The marker that a folder is complete; always written last.</summary>
    public const string Complete = "COMPLETE";

    private readonly string _ownerBlob;
    private string _ownerTag = "";

    private RunOutput(IBlobStore store, string scope, string attempt) =>
        (Store, _ownerBlob, Attempt) = (store, $"owners/{scope}.json", attempt);

    /// <summary>The store at the run's output URI.</summary>
    public IBlobStore Store { get; }

    /// <summary>Names the attempt that writes.</summary>
    public string Attempt { get; }

    /// <summary>Claims a part of the output for an attempt.</summary>
    /// <param name="store">The store at the run's output URI.</param>
    /// <param name="scope">The part: <c>run</c>, or <c>shard-00003</c>.</param>
    /// <param name="attempt">Names the attempt; unique among attempts.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<RunOutput> ClaimAsync(IBlobStore store, string scope, string attempt, CancellationToken cancellation)
    {
        var output = new RunOutput(store, scope, attempt);
        while (true)
        {
            BlobContent? before = await store.GetAsync(output._ownerBlob, cancellation);
            long claims = before is null ? 0 : JsonNode.Parse(before.Bytes)?["claim"]?.GetValue<long>() ?? 0;
            byte[] mine = Encoding.UTF8.GetBytes(new JsonObject { ["attempt"] = attempt, ["claim"] = claims + 1 }.ToJsonString());
            if (!await store.PutAsync(output._ownerBlob, new MemoryStream(mine), before is null ? PutCondition.IfAbsent : PutCondition.IfMatch(before.ETag), cancellation))
                continue;
            output._ownerTag = (await store.GetAsync(output._ownerBlob, cancellation))?.ETag ?? "";
            return output;
        }
    }

    /// <summary>Fails if another attempt has claimed this part since.</summary>
    /// <exception cref="WorkerException">It has.</exception>
    public async Task CheckClaimAsync(CancellationToken cancellation)
    {
        BlobContent? owner = await Store.GetAsync(_ownerBlob, cancellation);
        if (owner?.ETag == _ownerTag) return;
        string by = owner is null ? "nobody" : (string?)JsonNode.Parse(owner.Bytes)?["attempt"] ?? "another attempt";
        throw new WorkerException(ExitCode.Failure,
            $"{Store.Uri}/{_ownerBlob} now belongs to {by}; this older attempt ({Attempt}) stops and writes nothing more");
    }

    /// <summary>Writes a blob over what is there.</summary>
    public async Task PutAsync(string name, Stream content, CancellationToken cancellation)
    {
        await CheckClaimAsync(cancellation);
        await Store.PutAsync(name, content, PutCondition.None, cancellation);
    }

    /// <summary>Writes a text over what is there.</summary>
    public Task PutTextAsync(string name, string text, CancellationToken cancellation) =>
        PutAsync(name, new MemoryStream(Encoding.UTF8.GetBytes(text)), cancellation);

    /// <summary>Writes a blob only where none is; what an earlier attempt committed stays as it is.</summary>
    public async Task PutOnceAsync(string name, byte[] content, CancellationToken cancellation)
    {
        await CheckClaimAsync(cancellation);
        await Store.PutAsync(name, new MemoryStream(content), PutCondition.IfAbsent, cancellation);
    }

    /// <summary>Copies a local folder into the output, its <see cref="Complete"/> marker last (an empty one where the folder has none).</summary>
    public async Task PutFolderAsync(string folder, string prefix, CancellationToken cancellation)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string name = Path.GetRelativePath(folder, file);
            if (name == Complete) continue;
            await using FileStream stream = File.OpenRead(file);
            await PutAsync($"{prefix}/{name}", stream, cancellation);
        }
        string marker = Path.Combine(folder, Complete);
        byte[] content = File.Exists(marker) ? await File.ReadAllBytesAsync(marker, cancellation) : [];
        await PutAsync($"{prefix}/{Complete}", new MemoryStream(content), cancellation);
    }

    /// <summary>Copies a folder of the output to a local one.</summary>
    public async Task GetFolderAsync(string prefix, string folder, CancellationToken cancellation)
    {
        foreach (BlobInfo blob in await Store.ListAsync(prefix + "/", cancellation))
        {
            string path = Path.Combine(folder, blob.Name[(prefix.Length + 1)..]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await using Stream from = await Store.OpenReadAsync(blob.Name, cancellation: cancellation);
            await using FileStream to = File.Create(path);
            await from.CopyToAsync(to, cancellation);
        }
    }

    /// <summary>Deletes a folder of the output, its <see cref="Complete"/> marker first.</summary>
    public async Task DeleteFolderAsync(string prefix, CancellationToken cancellation)
    {
        await CheckClaimAsync(cancellation);
        await Store.DeleteAsync($"{prefix}/{Complete}", cancellation);
        foreach (BlobInfo blob in await Store.ListAsync(prefix + "/", cancellation)) await Store.DeleteAsync(blob.Name, cancellation);
    }
}
