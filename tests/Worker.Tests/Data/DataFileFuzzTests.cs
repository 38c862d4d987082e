using System.Text;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Checkpoints;
using LightReasoner.Worker.Tests.Inputs;

namespace LightReasoner.Worker.Tests.Data;

/// <summary>
/// Data files of random, truncated and mutated bytes, through the program: read, or refused in one sentence with an exit code that
/// docs/troubleshooting.md lists.
/// </summary>
public sealed class DataFileFuzzTests(ITestOutputHelper output)
{
    private const string Lines = """
        {"prompt_id": "q1", "step": 3, "prefix": "So", "tokens": [" a", "é"], "token_ids": [5, 300], "weights": [0.25, 0.75], "kl_divergence": 0.9, "question": "q", "answer": "#### 4"}
        {"prompt_id": "q2", "step": 1, "prefix": "x", "tokens": ["\ud83d\ude00"], "token_ids": [7], "weights": [1.0], "kl_divergence": 1e-3, "question": "r", "answer": "4", "prefix_ids": [1, 2]}

        """;

    private static readonly string[] Scraps =
        ["{", "}", "[", "]", ",", ":", "\"", "\\u", "\\ud800", "null", "true", "1e999", "-1", "NaN", "9999999999", "0.5", "{}", "[]", "\n",
            "\r\n", "\0", "é", "\"step\":", "\"weights\":", "\"token_ids\": \"x\"", " ", "\uFEFF", "[[[[[[[["];

    [Theory]
    [InlineData("jsonl", 80)]
    [InlineData("gz", 80)]
    [InlineData("parquet", 80)]
    [InlineData("noise", 60)]
    public async Task Program_OnDamagedFiles_ReadsThemOrSaysWhatIsWrong(string kind, int rounds)
    {
        using var folder = new TemporaryFolder();
        var whole = kind switch
        {
            "gz" => OddFiles.Gzip(Encoding.UTF8.GetBytes(Lines)),
            "parquet" => await ParquetAsync(folder["samples.jsonl"]),
            _ => Encoding.UTF8.GetBytes(Lines),
        };
        var random = new Random(kind.Length);
        var (read, refused) = (0, 0);
        for (int round = 0; round < rounds * OddFiles.FuzzFactor; round++)
        {
            var content = kind switch
            {
                "jsonl" => Encoding.UTF8.GetBytes(OddFiles.Edited(Lines, Scraps, random)),
                "gz" when round % 2 == 0 => OddFiles.Gzip(Encoding.UTF8.GetBytes(OddFiles.Edited(Lines, Scraps, random))),
                "noise" => Noise(random),
                _ => Damaged(whole, random),
            };
            var file = folder[kind == "noise" && round % 3 == 0 ? "data.parquet" : kind == "noise" && round % 3 == 1
                ? "data.jsonl.gz" : "data." + kind];
            await File.WriteAllBytesAsync(file, content);
            foreach (var command in (string[][])[["inspect", "samples", file], ["prepare", "gsm8k", file, folder["out.jsonl"]]])
            {
                (int code, _, string errors) = await WorkerProgram.RunAsync(command);
                var what = $"{string.Join(' ', command)}: {code} {errors}\n{Convert.ToBase64String(content)}";
                Assert.True(OddFiles.DocumentedExitCodes.Contains(code), what);
                Assert.DoesNotContain("   at ", errors);
                if (code != 0) Assert.True(code == (int)ExitCode.BadData && errors.StartsWith("error: ", StringComparison.Ordinal)
                    && errors.Contains(file, StringComparison.Ordinal), what);
                _ = code == 0 ? read++ : refused++;
            }
        }
        output.WriteLine($"{kind}: {read} read, {refused} refused");
        Assert.True(refused > 0);
    }

    /// <summary>Files of other writers, too: their encodings, codecs and nested columns are others than ours.</summary>
    [Fact]
    public async Task Program_OnDamagedFilesOfOtherWriters_ReadsThemOrSaysWhatIsWrong()
    {
        using var folder = new TemporaryFolder();
        var shared = SharedFolder.Of("data/parquet");
        string[] files = [.. new[] { "apache", "writers" }.SelectMany(part => Directory.GetFiles(Path.Combine(shared, part), "*.parquet"))
            .Where(file => new FileInfo(file).Length < 40_000).Order(StringComparer.Ordinal)];
        var random = new Random(9);
        var (read, refused) = (0, 0);
        foreach (var source in files)
        {
            var whole = await File.ReadAllBytesAsync(source);
            for (int round = 0; round < 3 * OddFiles.FuzzFactor; round++)
            {
                var file = folder["data.parquet"];
                await File.WriteAllBytesAsync(file, Damaged(whole, random));
                try
                {
                    await foreach (var record in RecordReader.ReadAsync("file://" + file, null, default)) _ = record.Fields.Count;
                    read++;
                }
                catch (WorkerException e) when (e.Code == ExitCode.BadData)
                {
                    Assert.StartsWith($"file://{file}", e.Message, StringComparison.Ordinal);
                    refused++;
                }
            }
        }
        output.WriteLine($"{files.Length} files: {read} read, {refused} refused");
        Assert.True(read > 0 && refused > 0);
    }

    /// <summary>Some bytes changed, half of them near the end, where a footer reaches furthest; or the end cut off.</summary>
    private static byte[] Damaged(byte[] whole, Random random)
    {
        if (random.Next(4) == 0) return whole[..random.Next(whole.Length)];
        byte[] damaged = [.. whole];
        for (int edits = random.Next(1, 5); edits > 0; edits--)
        {
            var at = random.Next(2) == 0 ? random.Next(damaged.Length) : Math.Max(0, damaged.Length - 1 - random.Next(800));
            damaged[at] = random.Next(3) switch
            {
                0 => (byte)random.Next(256),
                1 => (byte)(damaged[at] ^ (1 << random.Next(8))),
                _ => 0xFF,
            };
        }
        return damaged;
    }

    private static byte[] Noise(Random random)
    {
        var bytes = new byte[random.Next(200)];
        random.NextBytes(bytes);
        return random.Next(4) switch
        {
            0 => [0x1F, 0x8B, 8, .. bytes],
            1 => [.. "PAR1"u8, .. bytes, .. BitConverter.GetBytes(random.Next(bytes.Length + 1)), .. "PAR1"u8],
            2 => [.. "{\""u8, .. bytes],
            _ => bytes,
        };
    }

    /// <summary>The samples of the lines as a Parquet file.</summary>
    private static async Task<byte[]> ParquetAsync(string file)
    {
        await File.WriteAllTextAsync(file, Lines);
        using var samples = await Datasets.SamplesAsync("file://" + file, null, default);
        using var content = new MemoryStream();
        await SampleFile.WriteAsync(samples, Api.RecordFormat.Parquet, content);
        return content.ToArray();
    }
}
