using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Data;

/// <summary>What a data file is by its first bytes.</summary>
internal enum FileKind
{
    /// <summary>Text, or anything else.</summary>
    Other,

    /// <summary>A Parquet file.</summary>
    Parquet,

    /// <summary>Compressed with gzip.</summary>
    Gzip,
}

/// <summary>Looks at the first bytes of a data file.</summary>
internal static class FileStart
{
    private static readonly (byte[] Start, string What)[] Refused =
    [
        ([0x28, 0xB5, 0x2F, 0xFD], "is compressed with zstd; only gzip is read"),
        ("BZh"u8.ToArray(), "is compressed with bzip2; only gzip is read"),
        ([0xFD, .. "7zXZ"u8], "is compressed with xz; only gzip is read"),
        ("PK\x03\x04"u8.ToArray(), "is a ZIP archive; unpack it"),
        ([0xFF, 0xFE], "is text in UTF-16; convert it to UTF-8"),
        ([0xFE, 0xFF], "is text in UTF-16; convert it to UTF-8"),
        ("version https://git-lfs"u8.ToArray(), "is a pointer of Git LFS, not the data; fetch that with git lfs pull"),
        ("<"u8.ToArray(), "is a web page or XML, not data; is its address the one for downloads?"),
    ];

    /// <summary>The kind of a file, which is then at its start again.</summary>
    /// <exception cref="WorkerException">Its records cannot be read.</exception>
    public static async Task<FileKind> KindAsync(Stream file, string uri, CancellationToken cancellation)
    {
        var start = new byte[32];
        start = start[..await file.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellation)];
        file.Position = 0;
        if (Array.Find(Refused, known => start.AsSpan().StartsWith(known.Start)).What is { } what)
            throw new WorkerException(ExitCode.BadData, $"{uri}: {what}");
        return start.AsSpan().StartsWith("PAR1"u8) ? FileKind.Parquet : start is [0x1F, 0x8B, ..] ? FileKind.Gzip : FileKind.Other;
    }
}
