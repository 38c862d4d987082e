namespace LightReasoner.Worker.Storage;

/// <summary>What tells whether an input is still the same: equal for equal content, different after a change.</summary>
/// <param name="Uri">The file, without credentials.</param>
/// <param name="Value"><c>sha256:…</c>, <c>md5:…</c> or <c>git:…</c> of the content, else the store's tag for it, <c>etag:…</c>.</param>
public sealed record Fingerprint(string Uri, string Value)
{
    /// <summary>Fingerprints of the files that a data set's URI names, globs included.</summary>
    public static async Task<IReadOnlyList<Fingerprint>> OfDatasetAsync(string uri, CancellationToken cancellation)
    {
        var (store, names) = await BlobUri.FindAsync(uri, cancellation);
        return await OfAsync(store, names, cancellation);
    }

    /// <summary>Fingerprints of the files that a model or adapter is loaded from: configuration, tokenizer, weights.</summary>
    public static async Task<IReadOnlyList<Fingerprint>> OfModelAsync(string uri, CancellationToken cancellation)
    {
        var store = BlobUri.Open(uri);
        var names = (await store.ListAsync("", cancellation)).Select(blob => blob.Name);
        return await OfAsync(store, [.. names.Where(LocalFolder.IsModelFile)], cancellation);
    }

    internal static async Task<IReadOnlyList<Fingerprint>> OfAsync(IBlobStore store, IReadOnlyList<string> names,
        CancellationToken cancellation)
    {
        var all = new Fingerprint[names.Count];
        var several = new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellation };
        await Parallel.ForAsync(0, names.Count, several, async (i, stop) =>
            all[i] = new Fingerprint(BlobUri.Join(store.Uri, StorageUri.Escape(names[i])), await store.FingerprintAsync(names[i], stop)
                ?? throw new FileNotFoundException($"{store.Uri}/{names[i]}: there is no such file", names[i])));
        return all;
    }

    /// <summary>What is wrong with a file that arrived; null for nothing.</summary>
    /// <param name="fingerprint">Of what it should hold (<see cref="Value"/>): <c>git:…</c> is the hash of git's objects; a store's tag is
    /// not compared.</param>
    internal static async Task<string?> ProblemAsync(string path, long? length, string? fingerprint, CancellationToken cancellation)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        if (length is { } expected && file.Length != expected) return $"{file.Length} bytes arrived, should be {expected}";
        if (fingerprint?.Split(':') is not [("sha256" or "git" or "md5") and var kind, var hex]) return null;
        using var hash = IncrementalHash.CreateHash(new(kind == "git" ? "SHA1" : kind.ToUpperInvariant()));
        if (kind == "git") hash.AppendData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"blob {file.Length}\0")));
        var buffer = new byte[1 << 20];
        while (await file.ReadAsync(buffer, cancellation) is var read and > 0) hash.AppendData(buffer, 0, read);
        var found = Convert.ToHexStringLower(hash.GetHashAndReset());
        return found == hex ? null : $"its {hash.AlgorithmName.Name} is {found}, should be {hex}";
    }
}
