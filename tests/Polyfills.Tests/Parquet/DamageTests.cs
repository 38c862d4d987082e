using System.Diagnostics;
using Parquet;
using Parquet.Data;
using Parquet.Schema;

namespace LightReasoner.Polyfills.Tests.Parquet;

/// <summary>Damaged files end in <see cref="ParquetException"/> or <see cref="IOException"/>, soon and without taking all memory.</summary>
public class DamageTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(CompressionMethod.None)]
    [InlineData(CompressionMethod.Snappy)]
    [InlineData(CompressionMethod.Zstd)]
    [InlineData(CompressionMethod.Gzip)]
    [InlineData(CompressionMethod.Lz4Raw)]
    [InlineData(CompressionMethod.Brotli)]
    public async Task OwnFile_WithChangedBytes_IsReadOrRefused(CompressionMethod method) => await Mutate(await Sample(method), method.ToString(), 400, (int)method);

    [Fact]
    public async Task FilesOfOtherWriters_WithChangedBytes_AreReadOrRefused()
    {
        string folder = SharedFolder.Of("data/parquet");
        string[] files = [.. new[] { "apache", "writers" }.SelectMany(part => Directory.GetFiles(Path.Combine(folder, part), "*.parquet"))
            .Where(file => new FileInfo(file).Length < 40_000 && !file.Contains("large_string", StringComparison.Ordinal) && !file.Contains("bigstrings", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        Assert.NotEmpty(files);
        for (int i = 0; i < files.Length; i++) await Mutate(await File.ReadAllBytesAsync(files[i]), Path.GetFileName(files[i]), 40, i);
    }

    [Theory]
    [InlineData(new byte[0], "too small")]
    [InlineData(new byte[] { 80, 65, 82, 49, 80, 65, 82, 49 }, "too small")]
    public async Task File_ThatIsTooShort_IsRefused(byte[] file, string part)
    {
        var error = await Assert.ThrowsAsync<IOException>(() => Files.ReadAsync(file));
        Assert.Contains(part, error.Message);
    }

    [Fact]
    public async Task File_CutAnywhere_IsRefused()
    {
        byte[] file = await Sample(CompressionMethod.Snappy);
        for (int length = 0; length < file.Length; length += 7)
            Assert.True(await Try(file[..length]), $"a file of {length} of {file.Length} bytes was read");
    }

    private async Task Mutate(byte[] file, string name, int times, int seed)
    {
        var random = new Random(seed);
        int refused = 0;
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < times; i++)
        {
            byte[] damaged = [.. file];
            // Half of the damage to the footer, where it reaches furthest.
            int footer = Math.Max(0, file.Length - 8 - BitConverter.ToInt32(file, file.Length - 8));
            for (int n = random.Next(1, 5); n > 0; n--)
            {
                int at = random.Next(2) == 0 ? random.Next(footer, file.Length - 8) : random.Next(file.Length);
                damaged[at] = random.Next(3) switch { 0 => (byte)random.Next(256), 1 => (byte)(damaged[at] ^ (1 << random.Next(8))), _ => 0xFF };
            }
            if (await Try(damaged)) refused++;
        }
        output.WriteLine($"{name}: {refused} of {times} refused, {clock.ElapsedMilliseconds} ms");
        Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2), $"{name}: {times} readings took {clock.Elapsed}");
    }

    /// <summary>True where the file is refused; any other exception fails the test.</summary>
    private static async Task<bool> Try(byte[] file)
    {
        try
        {
            await Files.ReadAsync(file);
            return false;
        }
        catch (Exception e) when (e is ParquetException or IOException)
        {
            return true;
        }
    }

    private static async Task<byte[]> Sample(CompressionMethod method)
    {
        var text = new DataField<string>("text");
        var number = new DataField<int>("number");
        var role = new DataField<string>("role", false);
        var schema = new ParquetSchema(text, number, new ListField("messages", new StructField("element", role)));
        string?[] texts = [.. Enumerable.Range(0, 200).Select(i => i % 9 == 0 ? null : $"text {i % 60} of some length that can be compressed")];
        int[] repetition = [.. Enumerable.Range(0, 400).Select(i => i % 2)], definition = [.. Enumerable.Repeat(3, 400)];
        return await Files.WriteAsync(schema, method, null,
        [
            new DataColumn(text, texts), new DataColumn(number, Enumerable.Range(0, 200).ToArray()),
            new DataColumn(role, Enumerable.Range(0, 400).Select(i => i % 2 == 0 ? "user" : "assistant").ToArray(), definition, repetition),
        ]);
    }
}
