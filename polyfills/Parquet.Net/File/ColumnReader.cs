using System.Buffers.Binary;
using Parquet.Data;
using Parquet.Encodings;
using Parquet.Meta;
using Parquet.Schema;
using Parquet.Thrift;

namespace Parquet.File;

/// <summary>Reads one column chunk: its dictionary page and its data pages.</summary>
internal sealed class ColumnReader(SchemaLeaf leaf, DataField field, ColumnMetaData meta, long rows)
{
    private readonly ColumnValues _values = ColumnValues.Create(leaf.Element, field);
    private readonly List<int[]> _repetition = [], _definition = [];
    private long _read, _bytes;
    private int _page;

    /// <summary>The column from the bytes of its chunk.</summary>
    public DataColumn Read(ReadOnlyMemory<byte> chunk, CancellationToken cancellation)
    {
        Limits.CheckValues(meta.NumValues);
        bool hasDictionary = false;
        try
        {
            while (_read < meta.NumValues)
            {
                cancellation.ThrowIfCancellationRequested();
                PageHeader header = MetadataReader.Page(chunk.Span, out int length);
                if (header.CompressedPageSize > chunk.Length - length)
                    throw new ParquetException($"the page claims {header.CompressedPageSize} bytes where the column has {chunk.Length - length} left");
                ReadOnlyMemory<byte> body = chunk.Slice(length, header.CompressedPageSize);
                Check(header, body.Span);
                switch (header.Type)
                {
                    case PageType.DICTIONARY_PAGE:
                        if (hasDictionary || _read > 0) throw new ParquetException("a dictionary page must be the first page of its column");
                        if (header.Encoding is not (Encoding.PLAIN or Encoding.PLAIN_DICTIONARY)) throw new ParquetException($"a dictionary cannot be stored as {header.Encoding}");
                        _values.ReadDictionary(Codecs.Decompress(meta.Codec, body, header.UncompressedPageSize), header.NumValues);
                        hasDictionary = true;
                        break;
                    case PageType.DATA_PAGE:
                        ReadDataPage(header, Codecs.Decompress(meta.Codec, body, header.UncompressedPageSize));
                        break;
                    case PageType.DATA_PAGE_V2:
                        ReadDataPageV2(header, body);
                        break;
                }
                chunk = chunk[(length + body.Length)..];
                _page++;
            }
            return Column();
        }
        catch (Exception e) when (e is ParquetException or ArgumentException or OverflowException or IndexOutOfRangeException or InvalidOperationException)
        {
            throw new ParquetException($"page {_page}: {e.Message}", e);
        }
    }

    private void Check(PageHeader header, ReadOnlySpan<byte> body)
    {
        Limits.CheckPage(header.UncompressedPageSize);
        _bytes += header.UncompressedPageSize;
        Limits.CheckChunk(_bytes);
        if (header.Type is PageType.DATA_PAGE or PageType.DATA_PAGE_V2 && header.NumValues > meta.NumValues - _read)
            throw new ParquetException($"the page has {header.NumValues} values where the column has {meta.NumValues - _read} left");
        // A dictionary entry takes at least a byte but for those of zero length, which need no second entry.
        if (header.Type == PageType.DICTIONARY_PAGE && header.NumValues > (long)header.UncompressedPageSize * 8)
            throw new ParquetException($"a dictionary of {header.NumValues} entries in {header.UncompressedPageSize} bytes");
        if (header.Crc is { } crc && unchecked((int)Crc32.Of(body)) != crc)
            throw new ParquetException($"the page is damaged: its checksum is {unchecked((int)Crc32.Of(body)):x8}, its header says {crc:x8}");
    }

    private void ReadDataPage(PageHeader header, ReadOnlyMemory<byte> data)
    {
        int position = 0;
        int[]? repetition = Levels(data.Span, ref position, header.RepetitionLevelEncoding, leaf.MaxRepetitionLevel, header.NumValues);
        int[]? definition = Levels(data.Span, ref position, header.DefinitionLevelEncoding, leaf.MaxDefinitionLevel, header.NumValues);
        Take(header, repetition, definition, data[position..]);
    }

    private void ReadDataPageV2(PageHeader header, ReadOnlyMemory<byte> body)
    {
        int repetitionBytes = header.RepetitionLevelsByteLength, definitionBytes = header.DefinitionLevelsByteLength;
        if (repetitionBytes < 0 || definitionBytes < 0 || (long)repetitionBytes + definitionBytes > Math.Min(body.Length, header.UncompressedPageSize))
            throw new ParquetException($"{repetitionBytes} and {definitionBytes} bytes of levels in a page of {body.Length}");
        int[]? repetition = LevelRuns(body.Span[..repetitionBytes], leaf.MaxRepetitionLevel, header.NumValues);
        int[]? definition = LevelRuns(body.Span.Slice(repetitionBytes, definitionBytes), leaf.MaxDefinitionLevel, header.NumValues);
        ReadOnlyMemory<byte> data = body[(repetitionBytes + definitionBytes)..];
        int size = header.UncompressedPageSize - repetitionBytes - definitionBytes;
        // Some writers leave an empty body as it is instead of compressing nothing.
        Take(header, repetition, definition, header.IsCompressed && data.Length > 0 ? Codecs.Decompress(meta.Codec, data, size) : data);
    }

    private void Take(PageHeader header, int[]? repetition, int[]? definition, ReadOnlyMemory<byte> data)
    {
        if (_read == 0 && repetition is [not 0, ..]) throw new ParquetException($"the first repetition level of the column must be 0, is {repetition[0]}");
        int defined = header.NumValues;
        if (definition is not null)
        {
            defined = 0;
            foreach (int level in definition) defined += level == leaf.MaxDefinitionLevel ? 1 : 0;
        }
        _values.ReadPage(header.Encoding, data, defined);
        if (repetition is not null) _repetition.Add(repetition);
        if (definition is not null) _definition.Add(definition);
        _read += header.NumValues;
    }

    private static int[]? Levels(ReadOnlySpan<byte> data, ref int position, Encoding encoding, int max, int count)
    {
        if (max == 0) return null;
        ReadOnlySpan<byte> rest = data[position..];
        if (encoding == Encoding.BIT_PACKED)
        {
            var levels = new int[count];
            position += RleBitPackedHybrid.DecodeBitPacked(rest, Bits.Width(max), max, levels);
            return levels;
        }
        if (encoding != Encoding.RLE) throw new ParquetException($"levels cannot be stored as {encoding}");
        int length = rest.Length >= 4 ? BinaryPrimitives.ReadInt32LittleEndian(rest) : -1;
        if (length < 0 || length > rest.Length - 4) throw new ParquetException($"{length} bytes of levels in a page with {rest.Length} left");
        position += 4 + length;
        return LevelRuns(rest.Slice(4, length), max, count);
    }

    private static int[]? LevelRuns(ReadOnlySpan<byte> data, int max, int count)
    {
        if (max == 0) return null;
        var levels = new int[count];
        RleBitPackedHybrid.Decode(data, Bits.Width(max), max, levels);
        return levels;
    }

    private DataColumn Column()
    {
        int[]? repetition = leaf.MaxRepetitionLevel > 0 ? [.. _repetition.SelectMany(levels => levels)] : null;
        int[]? definition = leaf.MaxDefinitionLevel > 0 ? [.. _definition.SelectMany(levels => levels)] : null;
        long got = repetition?.LongCount(level => level == 0) ?? _read;
        if (got != rows) throw new ParquetException($"the column has {got} rows where the row group has {rows}");
        field.MaxRepetitionLevel = leaf.MaxRepetitionLevel;
        field.MaxDefinitionLevel = leaf.MaxDefinitionLevel;
        return new DataColumn(field, _values.ToArray(), definition, repetition);
    }
}
