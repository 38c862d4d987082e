using System.Numerics;
using Parquet;
using Parquet.Data;
using Parquet.Schema;
using Encoding = Parquet.Meta.Encoding;

namespace LightReasoner.Polyfills.Tests.Parquet;

public class RoundTripTests
{
    private static readonly Guid Id = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    public static TheoryData<string, DataField, Array> Columns => new()
    {
        { "bool", new DataField<bool>("c"), new[] { true, false, true, true, false, false, true, false, true } },
        { "bool?", new DataField<bool?>("c"), new bool?[] { true, null, false, null } },
        { "sbyte", new DataField<sbyte>("c"), new sbyte[] { -128, 0, 127 } },
        { "byte", new DataField<byte>("c"), new byte[] { 0, 255 } },
        { "short", new DataField<short>("c"), new short[] { short.MinValue, 0, short.MaxValue } },
        { "ushort", new DataField<ushort>("c"), new ushort[] { 0, ushort.MaxValue } },
        { "int", new DataField<int>("c"), new[] { int.MinValue, -1, 0, 1, int.MaxValue } },
        { "int?", new DataField<int?>("c"), new int?[] { null, 1, null, int.MinValue } },
        { "uint", new DataField<uint>("c"), new uint[] { 0, uint.MaxValue } },
        { "long", new DataField<long>("c"), new[] { long.MinValue, -1, 0, 1, long.MaxValue } },
        { "ulong", new DataField<ulong>("c"), new ulong[] { 0, ulong.MaxValue } },
        { "float", new DataField<float>("c"), new[] { float.NaN, -0.0f, 1.5f, float.PositiveInfinity } },
        { "double?", new DataField<double?>("c"), new double?[] { double.NaN, null, double.Epsilon, double.MinValue } },
        { "string", new DataField<string>("c"), new[] { "", "é漢😀", null, "\uFEFFbom", "\0", "a\r\nb" } },
        { "string, required", new DataField<string>("c", false), new[] { "x", "x", "", "y" } },
        { "byte[]", new DataField<byte[]>("c"), new byte[]?[] { [1, 2], null, [] } },
        { "Guid", new DataField<Guid>("c"), new[] { Id, Guid.Empty } },
        { "decimal", new DataField<decimal>("c"), new[] { 1.5m, -79_228_162_514.264337593543950335m, 0m } },
        { "decimal(9,2)", new DecimalDataField("c", 9, 2), new[] { 1234567.89m, -0.01m } },
        { "decimal(18,3)", new DecimalDataField("c", 18, 3), new[] { 123456789012345.678m, -1m } },
        { "decimal(20,0)", new DecimalDataField("c", 20, 0, isNullable: true), new decimal?[] { 12345678901234567890m, null } },
        { "decimal(5,1), bytes", new DecimalDataField("c", 5, 1, forceByteArrayEncoding: true), new[] { -9999.9m, 9999.9m } },
        { "DateTime as INT96", new DataField<DateTime>("c"), new[] { Utc(2024, 2, 29), Utc(1969, 12, 31).AddTicks(7) } },
        { "millis", new DateTimeDataField("c", DateTimeFormat.DateAndTime), new[] { Utc(1, 1, 1), Utc(9999, 12, 31).AddMilliseconds(1) } },
        { "micros", new DateTimeDataField("c", DateTimeFormat.DateAndTimeMicros), new[] { Utc(1960, 1, 1).AddMicroseconds(1), Utc(2030, 1, 1) } },
        { "nanos", new DateTimeDataField("c", DateTimeFormat.Timestamp, true, DateTimeTimeUnit.Nanos), new[] { Utc(1970, 1, 1).AddTicks(1), Utc(2030, 1, 1) } },
        { "date", new DateTimeDataField("c", DateTimeFormat.Date), new[] { Utc(1, 1, 1), Utc(1969, 12, 31), Utc(9999, 12, 31) } },
        { "time, millis", new TimeSpanDataField("c", TimeSpanFormat.MilliSeconds), new[] { TimeSpan.Zero, TimeSpan.FromMilliseconds(86_399_999) } },
        { "time, micros", new TimeSpanDataField("c", TimeSpanFormat.MicroSeconds), new[] { TimeSpan.FromMicroseconds(1) } },
        { "TimeSpan?", new DataField<TimeSpan?>("c"), new TimeSpan?[] { TimeSpan.FromMicroseconds(5), null } },
    };

    [Theory]
    [MemberData(nameof(Columns), DisableDiscoveryEnumeration = true)]
    public async Task Column_WrittenAndRead_IsTheSame(string name, DataField field, Array data)
    {
        Assert.NotEmpty(name);
        DataColumn read = await Files.RoundTripAsync(field, data);
        Assert.Equal(data, read.Data);
        DataColumn plain = await Files.RoundTripAsync(field, data, CompressionMethod.None, new ParquetOptions { UseDeltaBinaryPackedEncoding = false, UseDictionaryEncoding = false });
        Assert.Equal(data, plain.Data);
        Assert.Equal(field.ClrType, plain.Field.ClrType);
    }

    [Fact]
    public async Task Dates_ReadAsDateOnlyAndTimeOnly_WhereAsked()
    {
        var options = new ParquetOptions { UseDateOnlyTypeForDates = true, UseTimeOnlyTypeForTimeMillis = true };
        DataColumn date = await Files.RoundTripAsync(new DataField<DateOnly>("c"), new[] { new DateOnly(2024, 2, 29) }, read: options);
        Assert.Equal(new[] { new DateOnly(2024, 2, 29) }, date.Data);
        DataColumn time = await Files.RoundTripAsync(new TimeSpanDataField("c", TimeSpanFormat.MilliSeconds), new[] { TimeSpan.FromHours(23) }, read: options);
        Assert.Equal(new[] { new TimeOnly(23, 0) }, time.Data);
    }

    [Fact]
    public async Task SmallUnsigned_AreStoredWithoutASign()
    {
        var bytes = new DataField<byte>("a");
        var shorts = new DataField<ushort>("b");
        byte[] file = await Files.WriteAsync(new ParquetSchema(bytes, shorts), CompressionMethod.None, null,
            [new DataColumn(bytes, new byte[] { 255 }), new DataColumn(shorts, new ushort[] { 65_535 })]);
        using ParquetReader reader = await ParquetReader.CreateAsync(new MemoryStream(file));
        var stored = new ParquetSchema(new DataField<int>("a"), new DataField<int>("b"));
        Assert.Equal(new[] { 255 }, (await reader.OpenRowGroupReader(0).ReadColumnAsync(stored.DataFields[0])).Data);
        Assert.Equal(new[] { 65_535 }, (await reader.OpenRowGroupReader(0).ReadColumnAsync(stored.DataFields[1])).Data);
    }

    [Fact]
    public async Task Int96_ReadAsNumber_HasAllItsBits()
    {
        DataColumn read = await Files.RoundTripAsync(new DataField<DateTime>("c"), new[] { DateTime.UnixEpoch.AddTicks(1) }, read: new ParquetOptions { TreatBigIntegersAsDates = false });
        Assert.Equal(new[] { (new BigInteger(2_440_588) << 64) + 100 }, read.Data);
    }

    [Theory]
    [InlineData(CompressionMethod.None)]
    [InlineData(CompressionMethod.Snappy)]
    [InlineData(CompressionMethod.Gzip)]
    [InlineData(CompressionMethod.Brotli)]
    [InlineData(CompressionMethod.Zstd)]
    [InlineData(CompressionMethod.Lz4Raw)]
    public async Task Strings_InSeveralGroupsAndPages_AreTheSame(CompressionMethod method)
    {
        var prompt = new DataField<string>("prompt", false);
        var target = new DataField<string>("target");
        var schema = new ParquetSchema(prompt, target);
        var random = new Random(1);
        var groups = new List<(string[] Prompts, string?[] Targets)>();
        foreach (int rows in new[] { 1, 70_000, 0, 333 })
            groups.Add(([.. Enumerable.Range(0, rows).Select(i => $"question {random.Next()} {i}")], [.. Enumerable.Range(0, rows).Select(i => i % 7 == 0 ? null : $"answer {i % 50}")]));
        byte[] file = await Files.WriteAsync(schema, method, null,
            [.. groups.Select(group => new[] { new DataColumn(prompt, group.Prompts), new DataColumn(target, group.Targets) })]);

        using ParquetReader reader = await ParquetReader.CreateAsync(new MemoryStream(file));
        Assert.Equal("a test", reader.CustomMetadata["made by"]);
        Assert.Equal(70_334, reader.Metadata!.NumRows);
        Assert.True(schema.Equals(reader.Schema), schema.ToString());
        for (int i = 0; i < groups.Count; i++)
        {
            ParquetRowGroupReader group = reader.OpenRowGroupReader(i);
            Assert.Equal(groups[i].Prompts.Length, group.RowCount);
            Assert.Equal(groups[i].Targets, (await group.ReadColumnAsync(target)).Data);
            Assert.Equal(groups[i].Prompts, (await group.ReadColumnAsync(prompt)).Data);
        }
        Assert.Contains(Encoding.RLE_DICTIONARY, reader.RowGroups[1].GetMetadata(target)!.MetaData!.Encodings);
        Assert.DoesNotContain(Encoding.RLE_DICTIONARY, reader.RowGroups[1].GetMetadata(prompt)!.MetaData!.Encodings);
    }

    [Fact]
    public async Task Messages_AsListOfStruct_KeepTheirLevels()
    {
        var role = new DataField<string>("role");
        var content = new DataField<string>("content");
        var schema = new ParquetSchema(new ListField("messages", new StructField("element", role, content)));
        Assert.Equal("messages/list/element/role", role.Path.ToString());
        Assert.Equal((1, 4), (role.MaxRepetitionLevel, role.MaxDefinitionLevel));
        // [{user, hi}, {assistant, null}], null, [], [null]
        int[] repetition = [0, 1, 0, 0, 0], roles = [4, 4, 0, 1, 2], contents = [4, 3, 0, 1, 2];
        byte[] file = await Files.WriteAsync(schema, CompressionMethod.Zstd, null,
            [new DataColumn(role, new[] { "user", "assistant" }, roles, repetition), new DataColumn(content, new[] { "hi" }, contents, repetition)]);
        DataColumn[] read = Assert.Single(await Files.ReadAsync(file));
        Assert.Equal(new[] { "user", "assistant", null, null, null }, read[0].Data);
        Assert.Equal(new[] { "hi" }, read[1].DefinedData);
        Assert.Equal(contents, read[1].DefinitionLevels);
        Assert.Equal(repetition, read[1].RepetitionLevels);
    }

    [Fact]
    public async Task ListsMapsAndArrays_KeepTheirLevels()
    {
        var item = new DataField<int>("element");
        var key = new DataField<string>("key");
        var value = new DataField<double?>("value");
        var array = new DataField<long[]>("array");
        var schema = new ParquetSchema(new ListField("list", item), new MapField("map", key, value), array);
        byte[] file = await Files.WriteAsync(schema, CompressionMethod.Snappy, null,
        [
            new DataColumn(item, new[] { 1, 2, 3 }, [0, 1, 0]),
            new DataColumn(key, new[] { "a", "b" }, [2, 2], [0, 0]),
            new DataColumn(value, new[] { 0.5 }, [3, 2], [0, 0]),
            new DataColumn(array, new[] { 7L, 8L, 9L }, [0, 0, 1]),
        ]);
        using ParquetReader reader = await ParquetReader.CreateAsync(new MemoryStream(file));
        Assert.Equal([SchemaType.List, SchemaType.Map, SchemaType.Data], reader.Schema.Fields.Select(field => field.SchemaType));
        DataColumn[] read = await reader.ReadEntireRowGroupAsync();
        Assert.Equal(new[] { 1, 2, 3 }, read[0].Data);
        Assert.Equal(new[] { 0, 1, 0 }, read[0].RepetitionLevels!);
        Assert.Equal(new[] { "a", "b" }, read[1].Data);
        Assert.Equal(new double?[] { 0.5, null }, read[2].Data);
        Assert.True(read[3].Field.IsArray);
        Assert.Equal(new[] { 7L, 8L, 9L }, read[3].Data);
    }

    [Fact]
    public async Task Footer_OfAnIncompleteGroup_IsNotWritten()
    {
        var a = new DataField<int>("a");
        var b = new DataField<int>("b");
        var schema = new ParquetSchema(a, b);
        using var output = new MemoryStream();
        ParquetWriter writer = await ParquetWriter.CreateAsync(schema, output);
        ParquetRowGroupWriter group = writer.CreateRowGroup();
        await Assert.ThrowsAsync<ArgumentException>(() => group.WriteColumnAsync(new DataColumn(b, new[] { 1 })));
        await group.WriteColumnAsync(new DataColumn(a, new[] { 1 }));
        await Assert.ThrowsAsync<ArgumentException>(() => group.WriteColumnAsync(new DataColumn(b, new[] { 1, 2 })));
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(writer.Dispose);
        Assert.Contains("1 of 2 columns", error.Message);
    }

    private static DateTime Utc(int year, int month, int day) => new(year, month, day, 0, 0, 0, DateTimeKind.Utc);
}
