using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Checkpoints;
using ParquetSharp;

namespace LightReasoner.Worker.Tests.Data;

/// <summary>
/// Parquet files that declare more than they hold, through <c>worker inspect samples</c>: refused with file and reason, and without taking
/// the memory that they ask for.
/// </summary>
public sealed class HostileParquetTests : IDisposable
{
    private const int Int32 = 1, Uncompressed = 0, Gzip = 2;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task Page_LargerThanTheLimit_IsRefused() =>
        AssertRefused(File(2, DataPage(2, int.MaxValue, int.MaxValue), [1, 0, 0, 0, 2, 0, 0, 0], Uncompressed),
            "a page of 2147483647 bytes is over the limit of 256 MiB");

    [Fact]
    public Task Page_ThatUnpacksToTooMuch_IsRefusedThoughTheFooterTellsOfFewBytes()
    {
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed,
            System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
            for (int i = 0; i < 300; i++) gzip.Write(new byte[1 << 20]);
        return AssertRefused(File(2, DataPage(2, 300 << 20, (int)packed.Length), packed.ToArray(), Gzip),
            "a page of 314572800 bytes is over the limit of 256 MiB");
    }

    [Fact]
    public Task Page_OfNegativeSize_IsRefused() => AssertRefused(File(2, DataPage(2, -5, -5), [1, 0, 0, 0], Uncompressed), "negative size");

    [Fact]
    public Task Page_WithFewerValuesThanItsHeaderTells_IsRefused() =>
        AssertRefused(File(1L << 40, DataPage(int.MaxValue, 8, 8), [1, 0, 0, 0, 2, 0, 0, 0], Uncompressed), "Unexpected end of stream");

    [Fact]
    public Task Rows_MoreThanTheColumnHas_AreRefused() =>
        AssertRefused(File(1L << 60, DataPage(2, 8, 8), [1, 0, 0, 0, 2, 0, 0, 0], Uncompressed), "prompt_id");

    /// <summary>A row with a list of two billion nulls, in a few bytes of run lengths.</summary>
    [Fact]
    public Task Row_OfBillionsOfNulls_IsRefused()
    {
        // The first entry starts the row (level 0), all others go on with it (level 1).
        byte[] repetition = [.. Varint(1 << 1), 0, .. Varint((int.MaxValue - 1L) << 1), 1],
            definition = [.. Varint((long)int.MaxValue << 1), 1];
        byte[] page = [.. BitConverter.GetBytes(repetition.Length), .. repetition,
            .. BitConverter.GetBytes(definition.Length), .. definition];
        var schema = List(Element("schema", children: 1), Element("x", repetition: 0, children: 1, converted: 3),
            Element("list", repetition: 2, children: 1), Element("element", Int32, repetition: 1));
        return AssertRefused(File(1, DataPage(int.MaxValue, page.Length, page.Length), page, Uncompressed, schema,
            ["x", "list", "element"]), "more than 64 MiB in one row");
    }

    [Theory]
    [InlineData(65)]
    [InlineData(100_000)]
    public Task Schema_DeeperThanTheStack_IsRefused(int depth)
    {
        var schema = List([Element("schema", children: 1),
            .. Enumerable.Range(0, depth).Select(_ => Element("g", repetition: 1, children: 1)), Element("x", Int32, repetition: 1)]);
        return AssertRefused(File(2, DataPage(2, 8, 8), new byte[8], Uncompressed, schema), "nested more than 64 levels deep");
    }

    [Theory]
    [InlineData(new byte[0], "is not a Parquet file: it has 0 bytes")]
    [InlineData(new byte[] { 80, 65, 82, 49, 80, 65, 82, 49 }, "is not a Parquet file: it has 8 bytes")]
    [InlineData(new byte[] { 80, 65, 82, 49, 0, 255, 255, 255, 127, 80, 65, 82, 49 }, "the footer claims 2147483647 bytes of a file of 13")]
    [InlineData(new byte[] { 80, 65, 82, 49, 0, 255, 255, 255, 255, 80, 65, 82, 49 }, "the footer claims 4294967295 bytes of a file of 13")]
    [InlineData(new byte[] { 80, 65, 82, 49, 0x19, 1, 0, 0, 0, 80, 65, 82, 49 }, "the footer ends early")]
    [InlineData(new byte[] { 80, 65, 82, 49, 0, 0, 0, 0, 0, 0, 0, 0, 80, 65, 82, 69 }, "is encrypted")]
    [InlineData(new byte[] { 80, 65, 82, 49, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, "was its upload interrupted?")]
    public Task File_ThatIsNoParquetFile_IsRefused(byte[] content, string reason) => AssertRefused(content, reason);

    private async Task AssertRefused(byte[] content, string reason)
    {
        var file = _folder["hostile.parquet"];
        await System.IO.File.WriteAllBytesAsync(file, content);
        (int code, _, string errors) = await WorkerProgram.RunAsync("inspect", "samples", file);
        Assert.True(code == (int)ExitCode.BadData, $"{code}: {errors}");
        Assert.StartsWith($"error: file://{file}", errors);
        Assert.Contains(reason, errors);
        var most = MemoryPool.GetDefaultMemoryPool().MaxMemory;
        Assert.True(most < 512 << 20, $"Arrow held {most} bytes");
    }

    /// <summary>A file of one column and one page.</summary>
    private static byte[] File(long rows, byte[] header, byte[] page, int codec, byte[]? schema = null, string[]? path = null)
    {
        path ??= ["prompt_id"];
        var column = Structure((1, Integer(Int32)), (2, List(Integer(0))), (3, List([.. path.Select(Text)])), (4, Integer(codec)),
            (5, Long(rows)), (6, Long(8)), (7, Long(header.Length + page.Length)), (9, Long(4)));
        var group = Structure((1, List(Structure((2, Long(4)), (3, column)))), (2, Long(8)), (3, Long(rows)));
        var footer = Structure((1, Integer(1)), (2, schema
            ?? List(Element("schema", children: 1), Element("prompt_id", Int32, repetition: 0))), (3, Long(rows)), (4, List(group)));
        return [.. "PAR1"u8, .. header[1..], .. page, .. footer[1..], .. BitConverter.GetBytes(footer.Length - 1), .. "PAR1"u8];
    }

    private static byte[] DataPage(int values, int unpacked, int packed) =>
        Structure((1, Integer(0)), (2, Integer(unpacked)), (3, Integer(packed)),
        (5, Structure((1, Integer(values)), (2, Integer(0)), (3, Integer(3)), (4, Integer(3)))));

    private static byte[] Element(string name, int? type = null, int? repetition = null, int? children = null, int? converted = null)
    {
        var fields = new List<(int, byte[])>();
        if (type is { } t) fields.Add((1, Integer(t)));
        if (repetition is { } r) fields.Add((3, Integer(r)));
        fields.Add((4, Text(name)));
        if (children is { } c) fields.Add((5, Integer(c)));
        if (converted is { } v) fields.Add((6, Integer(v)));
        return Structure([.. fields]);
    }

    // Thrift's compact protocol; the first byte of a value here is its type.
    private static byte[] Integer(int value) => [5, .. Varint(Zigzag(value))];

    private static byte[] Long(long value) => [6, .. Varint(Zigzag(value))];

    private static byte[] Text(string value) => [8, .. Varint(value.Length), .. System.Text.Encoding.UTF8.GetBytes(value)];

    private static byte[] List(params byte[][] items) => [9, (byte)(0xF0 | items[0][0]), .. Varint(items.Length),
        .. items.SelectMany(item => item[1..])];

    private static byte[] Structure(params (int Id, byte[] Value)[] fields)
    {
        List<byte> bytes = [12];
        var last = 0;
        foreach (var (id, value) in fields)
        {
            bytes.Add((byte)((id - last) << 4 | value[0]));
            bytes.AddRange(value[1..]);
            last = id;
        }
        return [.. bytes, 0];
    }

    private static long Zigzag(long value) => (value << 1) ^ (value >> 63);

    private static byte[] Varint(long value)
    {
        var bytes = new List<byte>();
        for (var rest = (ulong)value; ; rest >>= 7)
        {
            if (rest < 128) return [.. bytes, (byte)rest];
            bytes.Add((byte)(rest | 128));
        }
    }
}
