namespace LightReasoner.Worker.Storage;

/// <summary>What a file's content must hash to.</summary>
/// <param name="Kind">sha256 (Git LFS), md5, or git: the SHA-1 of <c>blob LENGTH</c>, a zero byte and the content.</param>
/// <param name="Hex">The hash in lower case.</param>
internal sealed record ContentHash(string Kind, string Hex)
{
    private HashAlgorithmName Algorithm => new(Kind == "git" ? "SHA1" : Kind.ToUpperInvariant());

    /// <summary>The hash that a fingerprint names; null for one that is a tag.</summary>
    public static ContentHash? Of(Fingerprint fingerprint) =>
        fingerprint.Value.Split(':', 2) is [("sha256" or "git" or "md5") and var kind, var hex] ? new(kind, hex) : null;

    /// <summary>As the HTTP header <c>Content-MD5</c> gives it.</summary>
    public static ContentHash Md5(byte[] hash) => new("md5", Convert.ToHexStringLower(hash));

    public override string ToString() => $"{Kind}:{Hex}";

    /// <summary>What is wrong with a file that arrived; null for nothing.</summary>
    public static async Task<string?> ProblemAsync(string path, long? length, ContentHash? hash, CancellationToken cancellation) =>
        new FileInfo(path).Length is var got && length is { } expected && got != expected ? $"{got} bytes arrived, should be {expected}"
        : hash is not null && await hash.OfAsync(path, cancellation) is var found && found != hash.Hex
            ? $"its {hash.Algorithm.Name} is {found}, should be {hash.Hex}" : null;

    private async Task<string> OfAsync(string path, CancellationToken cancellation)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        using var hash = IncrementalHash.CreateHash(Algorithm);
        if (Kind == "git") hash.AppendData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"blob {file.Length}\0")));
        var buffer = new byte[1 << 20];
        while (await file.ReadAsync(buffer, cancellation) is var read and > 0) hash.AppendData(buffer, 0, read);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
