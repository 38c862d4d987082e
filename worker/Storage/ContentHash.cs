using System.Security.Cryptography;
using System.Text;

namespace LightReasoner.Worker.Storage;

/// <summary>What a file's content must hash to.</summary>
/// <param name="Algorithm">SHA256, SHA1 or MD5.</param>
/// <param name="Hex">The hash in lower case.</param>
/// <param name="IsGitObject">Whether git's header (<c>blob LENGTH</c> and a zero byte) is hashed before the content.</param>
internal sealed record ContentHash(HashAlgorithmName Algorithm, string Hex, bool IsGitObject)
{
    /// <summary>A git object id.</summary>
    public static ContentHash Git(string hex) => new(HashAlgorithmName.SHA1, hex, true);

    /// <summary>The id of a Git LFS object.</summary>
    public static ContentHash Sha256(string hex) => new(HashAlgorithmName.SHA256, hex, false);

    /// <summary>The hash that a fingerprint names; null for one that is a tag.</summary>
    public static ContentHash? Of(Fingerprint fingerprint) => fingerprint.Value.Split(':', 2) switch
    {
        ["sha256", var hex] => Sha256(hex),
        ["git", var hex] => Git(hex),
        ["md5", var hex] => new(HashAlgorithmName.MD5, hex, false),
        _ => null,
    };

    /// <summary>As a fingerprint's value.</summary>
    public override string ToString() => $"{(IsGitObject ? "git" : Algorithm.Name!.ToLowerInvariant())}:{Hex}";

    /// <summary>As the HTTP header <c>Content-MD5</c> gives it.</summary>
    public static ContentHash Md5(byte[] hash) => new(HashAlgorithmName.MD5, Convert.ToHexStringLower(hash), false);

    /// <summary>What is wrong with a file that arrived; null for nothing.</summary>
    /// <param name="length">Length that it must have, if known.</param>
    /// <param name="hash">Hash that it must have, if known.</param>
    public static async Task<string?> ProblemAsync(string path, long? length, ContentHash? hash, CancellationToken cancellation) =>
        new FileInfo(path).Length is var got && length is { } expected && got != expected ? $"{got} bytes arrived, should be {expected}"
        : hash is not null && await hash.OfAsync(path, cancellation) is var found && found != hash.Hex
            ? $"its {hash.Algorithm.Name} is {found}, should be {hash.Hex}" : null;

    /// <summary>The hash of a file's content, to compare with <see cref="Hex"/>.</summary>
    public async Task<string> OfAsync(string path, CancellationToken cancellation)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        using var hash = IncrementalHash.CreateHash(Algorithm);
        if (IsGitObject) hash.AppendData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"blob {file.Length}\0")));
        var buffer = new byte[1 << 20];
        while (await file.ReadAsync(buffer, cancellation) is var read and > 0) hash.AppendData(buffer, 0, read);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
