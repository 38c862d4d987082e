using System.Text;

namespace LightReasoner.Api.Tests;

/// <summary>Damaged and hostile manifests: a manifest or our own exception, never a crash, a hang or memory without bound.</summary>
public class ManifestFuzzTests(ITestOutputHelper output)
{
    private static readonly string[] Scraps =
    [
        ": ", "- ", "? ", "|\n", ">\n", "&a ", "*a", "!!int ", "!x ", "{", "}", "[", "]", ",", "#", "'", "\"", "\\", "%", "@", "`", "\t",
            "\n", "\r", "  ", "---\n", "...\n",
        "null", "~", "true", "no", "1e999", ".nan", "-0", "0x1F", "99999999999999999999", "\0", "\uD800", "\uFEFF", "é", "\U0001F600",
            "<<: *a", "spec:", "kind: FineTuneRun",
        "runRef: {kind: SamplingRun, name: a}", "uri: ftp://x", "shards: 0",
    ];

    private static readonly string[] Manifests = [.. Directory.GetFiles(Path.Combine(RepositoryFolder.Path, "examples"), "*.yaml",
        SearchOption.AllDirectories).Select(File.ReadAllText)];

    [Fact]
    public void Read_MutatedManifest_IsReadOrRefusedWithOurError()
    {
        Assert.NotEmpty(Manifests);
        var random = new Random(5);
        var (read, refused) = (0, 0);
        for (var round = 0; round < 4000; round++)
        {
            var text = Manifests[random.Next(Manifests.Length)];
            for (var edits = random.Next(1, 5); edits > 0; edits--)
            {
                var at = random.Next(text.Length + 1);
                text = random.Next(4) switch
                {
                    0 => text.Insert(at, Scraps[random.Next(Scraps.Length)]),
                    1 => text.Remove(at, Math.Min(random.Next(12), text.Length - at)),
                    2 => text[..at] + text[random.Next(text.Length)..],
                    _ => text[..at],
                };
            }
            _ = Refusal(text) is null ? read++ : refused++;
        }
        output.WriteLine($"{read} read, {refused} refused");
        Assert.True(refused > 0);
    }

    [Fact]
    public void Read_AliasesOfAliases_AreRefusedBeforeTheyFillMemory()
    {
        var text = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++)
            text.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 9))}]\n");
        AssertRefusedQuickly(text + Manifests[0]);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    public void Read_DeepNesting_IsRefused(string repeated) =>
        AssertRefusedQuickly("spec: " + string.Concat(Enumerable.Repeat(repeated, 100_000)));

    [Theory]
    [InlineData("")]
    [InlineData("\0")]
    [InlineData("- a")]
    [InlineData("a: *missing")]
    [InlineData("a: &a [*a]")]
    [InlineData("kind: SamplingRun\nkind: SamplingRun")]
    [InlineData("apiVersion: [lightreasoner.io/v1alpha1]\nkind: {a: b}")]
    public void Read_NoManifest_IsRefused(string text) => Assert.NotNull(Refusal(text));

    private static void AssertRefusedQuickly(string text)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.NotNull(Refusal(text));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1L << 30);
    }

    private static ManifestException? Refusal(string text)
    {
        var error = Record.Exception(() => ManifestReader.Read(text, "fuzz.yaml"));
        Assert.True(error is null or ManifestException, $"{error}\n{text[..Math.Min(text.Length, 2000)]}");
        return (ManifestException?)error;
    }
}
