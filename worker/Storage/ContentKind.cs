namespace LightReasoner.Worker.Storage;

/// <summary>Names what a file really is: stand-ins and pages that a download can leave in its place, and archives.</summary>
public static class ContentKind
{
    /// <summary>Bytes of a file's beginning that are enough to tell.</summary>
    public const int HeadBytes = 512;

    private const string Page =
        "an HTML page (of a login or an error, perhaps) and not the file itself; look at the address with a browser",
        Utf16 = "text in UTF-16; convert it to UTF-8", Unpack = "; unpack it and name the file in it";

    /// <summary>Beginnings, each byte as a character, and what begins so.</summary>
    private static readonly (string Start, string Kind)[] Known =
    [
        ("version https://git-lfs", "a Git LFS pointer and not the file itself; run 'git lfs pull' where it was cloned, and copy it again"),
        ("<!doctype html", Page),
        ("<html", Page),
        ("<?xml", "an XML document (a storage service's error, perhaps) and not the file itself"),
        ("\u00ff\u00fe", Utf16),
        ("\u00fe\u00ff", Utf16),
        ("PK\u0003\u0004", "a zip archive (or a PyTorch file, which is one)" + Unpack),
        ("\u001f\u008b", "compressed with gzip" + Unpack),
        ("\u0028\u00b5\u002f\u00fd", "compressed with zstd" + Unpack),
        ("\u00fd7zXZ", "compressed with xz" + Unpack),
        ("BZh", "compressed with bzip2" + Unpack),
    ];

    /// <summary>What a file that begins so is, with the remedy; null where nothing is known against it.</summary>
    public static string? NameOf(ReadOnlySpan<byte> head)
    {
        var text = Encoding.Latin1.GetString(head);
        if (text.Length > 262 && text[257..].StartsWith("ustar", StringComparison.Ordinal)) return "a tar archive" + Unpack;
        text = text.TrimStart(' ', '\t', '\r', '\n', '\u00ef', '\u00bb', '\u00bf'); // the last three are a byte order mark
        return Array.Find(Known, known => text.StartsWith(known.Start, StringComparison.OrdinalIgnoreCase)).Kind;
    }

    /// <summary>The same for a file of this machine.</summary>
    public static string? NameOf(string path)
    {
        Span<byte> head = stackalloc byte[HeadBytes];
        using var file = File.OpenRead(path);
        return NameOf(head[..file.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false)]);
    }
}
