using Parquet;
using Parquet.Data;
using Parquet.Meta;
using static LightReasoner.Polyfills.Tests.Parquet.PageFile;
using Encoding = Parquet.Meta.Encoding;
using Type = Parquet.Meta.Type;

namespace LightReasoner.Polyfills.Tests.Parquet;

/// <summary>Every encoding and page kind, from bytes written by hand after the format's specification.</summary>
public class EncodingTests
{
    [Fact]
    public async Task Plain_WithNullsInPagesOfBothVersions_IsRead()
    {
        byte[] file = new PageFile(Type.INT32, optional: true)
            .Page(Encoding.PLAIN, 4, Plain(7, -8), definition: Packed(1, 1, 0, 0, 1))
            .PageV2(Encoding.PLAIN, 5, 3, Plain(1, 2), definition: [.. Run(3, 0), .. Run(2, 1)])
            .Build();
        Assert.Equal(new int?[] { 7, null, null, -8, null, null, null, 1, 2 }, (await Column(file)).Data);
    }

    [Fact]
    public async Task Dictionary_ThenPlain_IsRead()
    {
        byte[] file = new PageFile(Type.BYTE_ARRAY)
            .Dictionary(Plain("no", "yes", "maybe"), 3)
            .Page(Encoding.PLAIN_DICTIONARY, 3, [2, .. Run(3, 2)])
            .Page(Encoding.RLE_DICTIONARY, 10, [2, .. Packed(2, 0, 1, 2, 1, 0, 1, 2, 1), .. Run(2, 0)])
            .Page(Encoding.PLAIN, 1, Plain("else"))
            .Build(ConvertedType.UTF8);
        Assert.Equal(
            new[] { "maybe", "maybe", "maybe", "no", "yes", "maybe", "yes", "no", "yes", "maybe", "yes", "no", "no", "else" },
            (await Column(file)).Data);
    }

    [Fact]
    public async Task Dictionary_OfOneEntryAndNoBits_IsRead()
    {
        byte[] file = new PageFile(Type.INT32).Dictionary(Plain(5), 1).Page(Encoding.RLE_DICTIONARY, 3, [0, .. Run(3)]).Build();
        Assert.Equal(new[] { 5, 5, 5 }, (await Column(file)).Data);
    }

    [Fact]
    public async Task DeltaBinaryPacked_OfTheSpecification_IsRead()
    {
        // 7, 5, 3, 1, 2, 3, 4, 5: the format's own example, one miniblock of 32 values at 2 bits
        byte[] deltas = Packed(2, 0, 0, 0, 3, 3, 3, 3)[1..];
        byte[] page = [.. Varint(128), .. Varint(4), .. Varint(8), .. ZigZag(7), .. ZigZag(-2), 2, 0, 0, 0, .. deltas, .. new byte[6]];
        Assert.Equal(new[] { 7, 5, 3, 1, 2, 3, 4, 5 }, (await Column(new PageFile(Type.INT32).Page(Encoding.DELTA_BINARY_PACKED, 8, page).Build())).Data);
        Assert.Equal(new long[] { 7, 5, 3, 1, 2, 3, 4, 5 }, (await Column(new PageFile(Type.INT64).Page(Encoding.DELTA_BINARY_PACKED, 8, page).Build())).Data);
    }

    [Fact]
    public async Task DeltaBinaryPacked_OfWildValues_IsWhatWasWritten()
    {
        var random = new Random(3);
        var values = new long[1_000];
        for (int i = 0; i < values.Length; i++) values[i] = (i % 5) switch { 0 => random.NextInt64(long.MinValue, long.MaxValue), 1 => long.MinValue, 2 => long.MaxValue, 3 => i, _ => -i };
        DataColumn read = await Files.RoundTripAsync(new global::Parquet.Schema.DataField<long>("c"), values);
        Assert.Equal(values, read.Data);
    }

    [Fact]
    public async Task DeltaByteArrays_AreRead()
    {
        byte[] lengths = Delta(3, 0, 4);
        byte[] file = new PageFile(Type.BYTE_ARRAY).Page(Encoding.DELTA_LENGTH_BYTE_ARRAY, 3, [.. lengths, .. "abcdefg"u8]).Build(ConvertedType.UTF8);
        Assert.Equal(new[] { "abc", "", "defg" }, (await Column(file)).Data);

        byte[] incremental = [.. Delta(0, 2, 5), .. Delta(3, 3, 0), .. "axeisxx"u8];
        file = new PageFile(Type.BYTE_ARRAY).Page(Encoding.DELTA_BYTE_ARRAY, 3, [.. Delta(0, 2, 4), .. Delta(3, 2, 0), .. "axeis"u8]).Build(ConvertedType.UTF8);
        Assert.Equal(new[] { "axe", "axis", "axis" }, (await Column(file)).Data);
        file = new PageFile(Type.BYTE_ARRAY).Page(Encoding.DELTA_BYTE_ARRAY, 3, incremental).Build(ConvertedType.UTF8);
        Assert.Equal(new[] { "axe", "axisx", "axisx" }, (await Column(file)).Data);
    }

    [Fact]
    public async Task ByteStreamSplit_IsRead()
    {
        byte[] split = [1, 5, 2, 6, 3, 7, 4, 8];
        Assert.Equal(new[] { 0x04030201, 0x08070605 }, (await Column(new PageFile(Type.INT32).Page(Encoding.BYTE_STREAM_SPLIT, 2, split).Build())).Data);
        Assert.Equal(new[] { BitConverter.Int32BitsToSingle(0x04030201), BitConverter.Int32BitsToSingle(0x08070605) },
            (await Column(new PageFile(Type.FLOAT).Page(Encoding.BYTE_STREAM_SPLIT, 2, split).Build())).Data);
        Assert.Equal(new byte[][] { [1, 2, 3, 4], [5, 6, 7, 8] },
            (await Column(new PageFile(Type.FIXED_LEN_BYTE_ARRAY, 4).Page(Encoding.BYTE_STREAM_SPLIT, 2, split).Build())).Data);
    }

    [Fact]
    public async Task Booleans_AsBitsAndRuns_AreRead()
    {
        byte[] runs = [.. Run(9, 1), .. Packed(1, 0, 1, 0)];
        byte[] file = new PageFile(Type.BOOLEAN)
            .Page(Encoding.PLAIN, 3, [0b101])
            .Page(Encoding.RLE, 12, [.. BitConverter.GetBytes(runs.Length), .. runs])
            .Build();
        Assert.Equal(new[] { true, false, true, true, true, true, true, true, true, true, true, true, false, true, false }, (await Column(file)).Data);
    }

    [Fact]
    public async Task Checksum_IsHeldAgainstThePage()
    {
        byte[] page = Plain(1, 2, 3);
        int crc = unchecked((int)Crc(page));
        Assert.Equal(new[] { 1, 2, 3 }, (await Column(new PageFile(Type.INT32).Page(Encoding.PLAIN, 3, page, crc: crc).Build())).Data);
        var error = await Assert.ThrowsAsync<ParquetException>(() => Column(new PageFile(Type.INT32).Page(Encoding.PLAIN, 3, page, crc: crc ^ 1).Build()));
        Assert.StartsWith("column 'c', row group 0: page 0: the page is damaged", error.Message);
    }

    [Theory]
    [InlineData(Encoding.DELTA_BINARY_PACKED, new byte[] { 0x80, 1, 4, 0xFF, 0xFF, 0xFF, 0xFF, 7, 0 }, "holds")]
    [InlineData(Encoding.DELTA_BINARY_PACKED, new byte[] { 0, 0, 3, 0 }, "blocks of 0")]
    [InlineData(Encoding.PLAIN, new byte[] { 1, 2, 3 }, "too few")]
    [InlineData(Encoding.RLE_DICTIONARY, new byte[] { 1, 6, 1 }, "no")]
    [InlineData(Encoding.DELTA_BYTE_ARRAY, new byte[0], "cannot be stored")]
    [InlineData((Encoding)99, new byte[0], "cannot be stored")]
    public async Task Page_OfNonsense_SaysWhere(Encoding encoding, byte[] page, string part)
    {
        var error = await Assert.ThrowsAsync<ParquetException>(() => Column(new PageFile(Type.INT32).Page(encoding, 3, page).Build()));
        Assert.StartsWith("column 'c', row group 0: page 0: ", error.Message);
        Assert.Contains(part, error.Message);
    }

    [Fact]
    public async Task Prefixes_ThatMultiplyAPage_AreRefused()
    {
        // One value of 64 KiB that 100,000 others share: 6 GB from a page of 66 kB.
        const int count = 100_000;
        byte[] one = [.. Varint(128), .. Varint(4), .. Varint(count)];
        byte[] Steady(int first, int rest)
        {
            // the first delta is rest − first, all others 0
            var bytes = new List<byte>([.. one, .. ZigZag(first)]);
            for (int start = 1; start < count; start += 128)
            {
                int min = Math.Min(0, rest - first);
                bytes.AddRange(start == 1 ? ZigZag(min) : ZigZag(0));
                if (start > 1) bytes.AddRange([0, 0, 0, 0]);
                else bytes.AddRange([32, 32, 32, 32, .. Enumerable.Range(0, 128).SelectMany(i => BitConverter.GetBytes((i == 0 ? rest - first : 0) - min))]);
            }
            return [.. bytes];
        }
        byte[] file = new PageFile(Type.BYTE_ARRAY).Page(Encoding.DELTA_BYTE_ARRAY, count, [.. Steady(0, 65_536), .. Steady(65_536, 0), .. new byte[65_536]]).Build();
        var error = await Assert.ThrowsAsync<ParquetException>(() => Column(file));
        Assert.Contains("over the limit", error.Message);
    }

    /// <summary>A delta sequence of few values: one miniblock of 8 bits.</summary>
    private static byte[] Delta(params int[] values)
    {
        int[] deltas = [.. values.Skip(1).Zip(values, (next, value) => next - value)];
        int min = deltas.Length == 0 ? 0 : deltas.Min();
        byte[] packed = new byte[32];
        for (int i = 0; i < deltas.Length; i++) packed[i] = (byte)(deltas[i] - min);
        return [.. Varint(128), .. Varint(4), .. Varint((ulong)values.Length), .. ZigZag(values[0]), .. ZigZag(min), 8, 0, 0, 0, .. packed];
    }

    private static uint Crc(byte[] data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }

    private static async Task<DataColumn> Column(byte[] file) => Assert.Single(Assert.Single(await Files.ReadAsync(file)));
}
