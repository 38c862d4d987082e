using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

/// <summary>
/// The output folder of a run, fenced. An attempt claims its part by a conditional write of an owner blob. Every later write reads the
/// target's tag, then checks the claim, then writes on condition of that tag; so an older attempt that wakes up late is refused at its next
/// claim check, and a write that it had already begun cannot replace anything that the newer attempt wrote.
/// </summary>
internal sealed class RunOutput
{
    /// <summary>The marker that a folder is complete; always written last.</summary>
    public const string Complete = "COMPLETE";

    /// <summary>Where attempts say who they are.</summary>
    public const string Owners = "owners/";

    private const int MaxTries = 20;

    private const string Done = "done";

    private readonly string _ownerBlob;
    private readonly JsonObject _owner;
    private string _ownerTag;

    /// <summary>Tags of what this attempt wrote itself, so that writing it again asks for no tag.</summary>
    private readonly Dictionary<string, string> _written = [];

    private RunOutput(IBlobStore store, string ownerBlob, string ownerTag, JsonObject owner) =>
        (Store, _ownerBlob, _ownerTag, _owner, Attempt) = (store, ownerBlob, ownerTag, owner, (string)owner["attempt"]!);

    public IBlobStore Store { get; }

    public string Attempt { get; }

    /// <summary>Earlier attempts that ended before their work was done: killed, stopped or failed.</summary>
    public int Interruptions => (int?)_owner["interruptions"] ?? 0;

    /// <summary>Whether the attempt that had this part before has not said that it ended: it was killed, or is still at work.</summary>
    private bool IsTakenOver { get; init; }

    /// <summary>An output that is looked at only: nothing may be written by it.</summary>
    public static RunOutput Unclaimed(IBlobStore store) => new(store, "", "", new JsonObject { ["attempt"] = "" });

    /// <summary>Claims a part of the output for an attempt.</summary>
    /// <param name="scope">The part: <c>run</c>, or <c>shard-00003</c>.</param>
    /// <param name="warn">Told, before the claim, of an attempt that has this part and has not said that it ended.</param>
    public static async Task<RunOutput> ClaimAsync(IBlobStore store, string scope, string attempt, CancellationToken cancellation,
        Action<string>? warn = null)
    {
        string blob = $"{Owners}{scope}.json", nonce = Guid.NewGuid().ToString("N");
        while (true)
        {
            var before = await store.GetAsync(blob, cancellation);
            JsonObject? owner = before is null ? null : JsonNode.Parse(before.Bytes)!.AsObject();
            var stillOpen = owner is not null && owner["ended"] is null;
            var claim = new JsonObject
            {
                ["attempt"] = attempt,
                ["claim"] = ((long?)owner?["claim"] ?? 0) + 1,
                ["nonce"] = nonce,
                ["host"] = Environment.MachineName,
                ["process"] = Environment.ProcessId,
                ["begun"] = Now(),
                ["interruptions"] = ((int?)owner?["interruptions"] ?? 0) + (owner is not null
                    && (string?)owner["ended"]?["outcome"] != Done ? 1 : 0),
            };
            // A write whose answer was lost on the way and that was therefore repeated finds itself.
            if (before is not null && (string?)owner?["nonce"] == nonce) return new RunOutput(store, blob, before.ETag, owner);
            if (stillOpen) warn?.Invoke(Describe(owner!));
            if (await store.PutAsync(blob, Content(claim.ToJsonString()), PutCondition.IfMatch(before?.ETag), cancellation) is { } tag)
                return new RunOutput(store, blob, tag, claim) { IsTakenOver = stillOpen };
        }
    }

    /// <summary>Says that this attempt has ended, so that the next one knows; does nothing where another has taken over.</summary>
    public async Task ReleaseAsync(bool done, CancellationToken cancellation)
    {
        _owner["ended"] = new JsonObject { ["time"] = Now(), ["outcome"] = done ? Done : "interrupted" };
        if (await Store.PutAsync(_ownerBlob, Content(_owner.ToJsonString()), PutCondition.IfMatch(_ownerTag), cancellation) is { } tag)
            _ownerTag = tag;
    }

    /// <summary>Whether every other attempt, at this part or another, has said that it ended.</summary>
    public async Task<bool> IsAloneAsync(CancellationToken cancellation)
    {
        if (IsTakenOver) return false;
        foreach (var blob in await Store.ListAsync(Owners, cancellation))
            if (blob.Name != _ownerBlob && await Store.GetAsync(blob.Name, cancellation) is { } owner
                && JsonNode.Parse(owner.Bytes)!["ended"] is null) return false;
        return true;
    }

    private static string Describe(JsonObject owner) =>
        $"attempt {owner["attempt"]}"
        + (owner["host"] is { } host ? $" (process {owner["process"]} on {host}, since {owner["begun"]})" : "");

    private static string Now() => DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    /// <summary>Fails if another attempt has claimed this part since.</summary>
    public async Task CheckClaimAsync(CancellationToken cancellation)
    {
        var owner = await Store.GetAsync(_ownerBlob, cancellation);
        if (owner?.ETag == _ownerTag) return;
        var by = owner is null ? "nobody" : (string?)JsonNode.Parse(owner.Bytes)?["attempt"] ?? "another attempt";
        throw new WorkerException(ExitCode.Failure,
            $"{Store.Uri}/{_ownerBlob} now belongs to {by}; this older attempt ({Attempt}) stops and writes nothing more");
    }

    public async Task PutAsync(string name, Stream content, CancellationToken cancellation)
    {
        for (int tries = 0; tries < MaxTries; tries++)
        {
            var seen = _written.TryGetValue(name, out var mine) ? mine : await Store.TagAsync(name, cancellation);
            await CheckClaimAsync(cancellation);
            content.Position = 0;
            if (await Store.PutAsync(name, content, PutCondition.IfMatch(seen), cancellation) is { } tag)
            {
                _written[name] = tag;
                return;
            }
            // A late write of an older attempt came in between, or the answer to our own was lost. While the claim stands, ours is the last
            // word.
            _written.Remove(name);
        }
        throw new IOException($"{Store.Uri}/{name}: changed {MaxTries} times while being written; is another program writing there?");
    }

    public Task PutTextAsync(string name, string text, CancellationToken cancellation) => PutAsync(name, Content(text), cancellation);

    /// <summary>Writes a value as a line of JSON.</summary>
    public Task PutJsonAsync<T>(string name, T value, CancellationToken cancellation) =>
        PutTextAsync(name, JsonSerializer.Serialize(value, ApiJson.Options) + "\n", cancellation);

    /// <summary>Writes a blob only where none is; what an earlier attempt committed stays as it is.</summary>
    public async Task PutOnceAsync(string name, Stream content, CancellationToken cancellation)
    {
        await CheckClaimAsync(cancellation);
        await Store.PutAsync(name, content, PutCondition.IfAbsent, cancellation);
    }

    /// <summary>
    /// Has a folder saved to a temporary place and copies it into the output, its <see cref="Complete"/> marker last (empty where it has
    /// none): complete, or not there as far as a reader can tell.
    /// </summary>
    public async Task PutFolderAsync(string prefix, Action<string> save, CancellationToken cancellation)
    {
        using var staging = new ScratchFolder();
        var folder = staging.Path;
        save(folder);
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var name = Path.GetRelativePath(folder, file);
            if (name == Complete) continue;
            await using var stream = File.OpenRead(file);
            await PutAsync($"{prefix}/{name}", stream, cancellation);
        }
        var marker = Path.Combine(folder, Complete);
        await PutAsync($"{prefix}/{Complete}", new MemoryStream(File.Exists(marker)
            ? await File.ReadAllBytesAsync(marker, cancellation) : []), cancellation);
    }

    public async Task GetFolderAsync(string prefix, string folder, CancellationToken cancellation)
    {
        foreach (var blob in await Store.ListAsync(prefix + "/", cancellation))
        {
            var path = Path.Combine(folder, blob.Name[(prefix.Length + 1)..]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await Store.DownloadAsync(blob.Name, path, null, cancellation);
        }
    }

    /// <summary>Deletes a folder, its <see cref="Complete"/> marker first; what another attempt has written anew stays.</summary>
    public async Task DeleteFolderAsync(string prefix, CancellationToken cancellation)
    {
        var marker = $"{prefix}/{Complete}";
        string[] names = [.. (await Store.ListAsync(prefix + "/", cancellation)).Select(blob => blob.Name).OrderBy(name => name != marker)];
        var tags = new string?[names.Length];
        for (int i = 0; i < names.Length; i++) tags[i] = await Store.TagAsync(names[i], cancellation);
        await CheckClaimAsync(cancellation);
        for (int i = 0; i < names.Length; i++)
        {
            if (tags[i] is { } tag) await Store.DeleteAsync(names[i], tag, cancellation);
            _written.Remove(names[i]);
        }
    }

    private static MemoryStream Content(string text) => new(Encoding.UTF8.GetBytes(text));
}
