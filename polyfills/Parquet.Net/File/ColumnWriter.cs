using System.Buffers.Binary;
using System.IO.Compression;
using Parquet.Data;
using Parquet.Encodings;
using Parquet.Meta;
using Parquet.Schema;
using Parquet.Thrift;

namespace Parquet.File;

/// <summary>Writes one column chunk: a dictionary page where it pays, then data pages (v1) that begin at rows.</summary>
internal sealed class ColumnWriter(Stream output, DataColumn column, CompressionMethod method, CompressionLevel level, ParquetOptions options)
{
    private const int PageBytes = 1 << 20, PageValues = 1 << 16;
    private readonly DataField _field = column.Field;
    private long _uncompressed;

    public async Task<ColumnChunk> WriteAsync(CancellationToken cancellation)
    {
        SchemaElement element = SchemaWriter.Element(_field);
        ValueEncoder values = ValueEncoder.Create(_field, element, column.DefinedData, options);
        long start = output.Position;
        long? dictionary = null;
        if (values.Dictionary is var (bytes, count))
        {
            dictionary = start;
            await WritePageAsync(new PageHeader { Type = PageType.DICTIONARY_PAGE, Encoding = Encoding.PLAIN, NumValues = count }, bytes, cancellation).ConfigureAwait(false);
        }
        long data = output.Position;
        for (int entry = 0, value = 0; entry < column.NumValues;)
        {
            cancellation.ThrowIfCancellationRequested();
            (int entries, int defined) = NextPage(values, entry, value);
            var header = new PageHeader { Type = PageType.DATA_PAGE, Encoding = values.Encoding, NumValues = entries };
            await WritePageAsync(header, Page(values, entry, entries, value, defined), cancellation).ConfigureAwait(false);
            entry += entries;
            value += defined;
        }
        return new ColumnChunk
        {
            FileOffset = start,
            MetaData = new ColumnMetaData
            {
                Type = element.Type!.Value,
                Encodings = [.. new[] { Encoding.PLAIN, Encoding.RLE, values.Encoding }.Distinct()],
                PathInSchema = _field.Path.ToList(),
                Codec = (CompressionCodec)method,
                NumValues = column.NumValues,
                TotalUncompressedSize = _uncompressed,
                TotalCompressedSize = output.Position - start,
                DataPageOffset = data,
                DictionaryPageOffset = dictionary,
                NullCount = _field.MaxRepetitionLevel == 0 ? column.NumValues - column.DefinedData.Length : null,
            },
        };
    }

    /// <summary>Entries (nulls counted) and values of the page that starts at an entry.</summary>
    private (int Entries, int Defined) NextPage(ValueEncoder values, int entry, int value)
    {
        long bytes = 0;
        int at = entry, defined = 0;
        for (; at < column.NumValues; at++)
        {
            bool rowStarts = column.RepetitionLevels is null || column.RepetitionLevels[at] == 0;
            if (rowStarts && at > entry && (bytes >= PageBytes || at - entry >= PageValues)) break;
            if (column.DefinitionLevels is null || column.DefinitionLevels[at] == _field.MaxDefinitionLevel) bytes += values.SizeOf(value + defined++);
        }
        return (at - entry, defined);
    }

    private byte[] Page(ValueEncoder values, int entry, int entries, int value, int defined)
    {
        using var page = new MemoryStream();
        WriteLevels(page, column.RepetitionLevels, _field.MaxRepetitionLevel, entry, entries);
        WriteLevels(page, column.DefinitionLevels, _field.MaxDefinitionLevel, entry, entries);
        values.Encode(value, defined, page);
        return page.ToArray();
    }

    private static void WriteLevels(MemoryStream page, int[]? levels, int max, int start, int count)
    {
        if (max == 0) return;
        long at = page.Position;
        page.Write(stackalloc byte[4]);
        RleBitPackedHybrid.Encode(levels.AsSpan(start, count), Bits.Width(max), page);
        BinaryPrimitives.WriteInt32LittleEndian(page.GetBuffer().AsSpan((int)at), (int)(page.Position - at - 4));
    }

    private async Task WritePageAsync(PageHeader header, byte[] body, CancellationToken cancellation)
    {
        byte[] compressed = Codecs.Compress(method, level, body);
        header.UncompressedPageSize = body.Length;
        header.CompressedPageSize = compressed.Length;
        header.Crc = unchecked((int)Crc32.Of(compressed));
        using var head = new MemoryStream();
        MetadataWriter.Write(header, head);
        _uncompressed += head.Length + body.Length;
        await output.WriteAsync(head.GetBuffer().AsMemory(0, (int)head.Length), cancellation).ConfigureAwait(false);
        await output.WriteAsync(compressed, cancellation).ConfigureAwait(false);
    }
}
