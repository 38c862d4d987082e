namespace LightReasoner.Worker.Storage;

/// <summary>Compares files with hashes of their content: <c>sha256:…</c> (Git LFS), <c>md5:…</c>, <c>git:…</c>.</summary>
internal static class ContentHash
{
    /// <summary>What is wrong with a file that arrived; null for nothing.</summary>
    /// <param name="fingerprint">Of what the file should hold (<see cref="Fingerprint.Value"/>); a store's tag is not compared.</param>
    public static async Task<string?> ProblemAsync(string path, long? length, string? fingerprint, CancellationToken cancellation)
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
