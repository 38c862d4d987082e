namespace LightReasoner.Worker.Storage;

/// <summary>
/// Names what a file really is where it is not what its name says: stand-ins and pages that a download can leave in its place, and
/// archives.
/// </summary>
public static class ContentKind
{
    /// <summary>Bytes of a file's beginning that are enough to tell.</summary>
    public const int HeadBytes = 512;

    /// <summary>What a file that begins so is, with the remedy; null where nothing is known against it.</summary>
    public static string? NameOf(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("version https://git-lfs"u8))
            return "a Git LFS pointer and not the file itself; run 'git lfs pull' where it was cloned, and copy it again";
        ReadOnlySpan<byte> text = head.TrimStart(" \t\r\n\uFEFF"u8);
        if (StartsWith(text, "<!doctype html"u8) || StartsWith(text, "<html"u8))
            return "an HTML page (of a login or an error, perhaps) and not the file itself; look at the address with a browser";
        if (StartsWith(text, "<?xml"u8)) return "an XML document (a storage service's error, perhaps) and not the file itself";
        return Archive(head) is { } archive ? $"{archive}; unpack it and name the file in it" : null;
    }

    /// <summary>The same for a file of this machine.</summary>
    public static string? NameOf(string path)
    {
        Span<byte> head = stackalloc byte[HeadBytes];
        using FileStream file = File.OpenRead(path);
        return NameOf(head[..file.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false)]);
    }

    private static string? Archive(ReadOnlySpan<byte> head) =>
        head.StartsWith("PK\x03\x04"u8) ? "a zip archive (or a PyTorch file, which is one)"
        : head.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]) ? "compressed by gzip"
        : head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]) ? "compressed by zstd"
        : head.StartsWith((ReadOnlySpan<byte>)[0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z']) ? "compressed by xz"
        : head.StartsWith("BZh"u8) ? "compressed by bzip2"
        : head.Length > 262 && head[257..].StartsWith("ustar"u8) ? "a tar archive"
        : null;

    private static bool StartsWith(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lowerCase)
    {
        if (text.Length < lowerCase.Length) return false;
        for (int i = 0; i < lowerCase.Length; i++)
            if ((text[i] is >= (byte)'A' and <= (byte)'Z' ? text[i] | 0x20 : text[i]) != lowerCase[i]) return false;
        return true;
    }
}
