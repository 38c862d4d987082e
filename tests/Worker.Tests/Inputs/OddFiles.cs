using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;

namespace LightReasoner.Worker.Tests.Inputs;

/// <summary>What the tests with damaged files share.</summary>
internal static partial class OddFiles
{
    /// <summary>The exit codes that docs/troubleshooting.md lists.</summary>
    public static IReadOnlySet<int> DocumentedExitCodes { get; } = ExitCodes()
        .Matches(File.ReadAllText(RepositoryFolder.Of("docs", "troubleshooting.md")))
        .Select(match => int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)).ToHashSet();

    /// <summary>What multiplies the rounds: LIGHTREASONER_FUZZ_FACTOR.</summary>
    public static int FuzzFactor { get; } =
        int.Parse(Environment.GetEnvironmentVariable("LIGHTREASONER_FUZZ_FACTOR") ?? "1", CultureInfo.InvariantCulture);

    /// <summary>A text with one to three edits: a scrap put in, some characters taken out, or its end exchanged for another.</summary>
    public static string Edited(string text, string[] scraps, Random random)
    {
        for (int edits = random.Next(1, 4); edits > 0; edits--)
        {
            var at = random.Next(text.Length + 1);
            text = random.Next(3) switch
            {
                0 => text.Insert(at, scraps[random.Next(scraps.Length)]),
                1 => text.Remove(at, Math.Min(random.Next(8), text.Length - at)),
                _ => text[..at] + text[random.Next(text.Length)..],
            };
        }
        return text;
    }

    public static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true)) stream.Write(content);
        return packed.ToArray();
    }

    [GeneratedRegex(@"^\| (\d+) \|", RegexOptions.Multiline)]
    private static partial Regex ExitCodes();
}
