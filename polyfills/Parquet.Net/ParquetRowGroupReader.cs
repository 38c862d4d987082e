using Parquet.Data;
using Parquet.File;
using Parquet.Meta;
using Parquet.Schema;

namespace Parquet;

/// <summary>What a row group offers.</summary>
public interface IParquetRowGroupReader
{
    RowGroup RowGroup { get; }

    long RowCount { get; }

    bool ColumnExists(DataField field);

    /// <summary>Reads a column; any order will do.</summary>
    /// <exception cref="ParquetException">There is no such column, or its data is damaged.</exception>
    Task<DataColumn> ReadColumnAsync(DataField field, CancellationToken cancellationToken = default);

    ColumnChunk? GetMetadata(DataField field);
}

/// <inheritdoc/>
public class ParquetRowGroupReader : IDisposable, IParquetRowGroupReader
{
    private readonly IReadOnlyList<SchemaLeaf> _leaves;
    private readonly Stream _stream;
    private readonly int _index;
    private readonly Dictionary<int, long> _sizes = [];

    internal ParquetRowGroupReader(RowGroup group, int index, IReadOnlyList<SchemaLeaf> leaves, Stream stream)
    {
        RowGroup = group;
        _index = index;
        _leaves = leaves;
        _stream = stream;
        if (group.Columns.Count != leaves.Count)
            throw new ParquetException($"row group {index} has {group.Columns.Count} columns where the schema has {leaves.Count}");
        if (group.NumRows < 0) throw new ParquetException($"row group {index} claims {group.NumRows} rows");
    }

    public RowGroup RowGroup { get; }

    public long RowCount => RowGroup.NumRows;

    public bool ColumnExists(DataField field) => GetMetadata(field) is not null;

    public ColumnChunk? GetMetadata(DataField field)
    {
        ArgumentNullException.ThrowIfNull(field);
        int column = Find(field);
        return column < 0 ? null : RowGroup.Columns[column];
    }

    /// <inheritdoc/>
    public async Task<DataColumn> ReadColumnAsync(DataField field, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(field);
        int column = Find(field);
        if (column < 0) throw new ParquetException($"'{field.Path}' does not exist in this file");
        SchemaLeaf leaf = _leaves[column];
        try
        {
            ColumnMetaData meta = Checked(RowGroup.Columns[column], leaf);
            _sizes[column] = meta.TotalUncompressedSize;
            Limits.CheckRowGroup(_sizes.Values.Sum());
            ReadOnlyMemory<byte> chunk = await ReadChunkAsync(meta, cancellationToken).ConfigureAwait(false);
            return new ColumnReader(leaf, field, meta, RowCount).Read(chunk, cancellationToken);
        }
        catch (ParquetException e)
        {
            throw new ParquetException($"column '{string.Join('.', leaf.Path.ToList())}', row group {_index}: {e.Message}", e.InnerException ?? e);
        }
    }

    /// <summary>Nothing to dispose of; kept for callers that do.</summary>
    public void Dispose() => GC.SuppressFinalize(this);

    private static ColumnMetaData Checked(ColumnChunk chunk, SchemaLeaf leaf)
    {
        if (chunk.IsEncrypted) throw new ParquetException("the column is encrypted");
        if (chunk.FilePath is not null) throw new ParquetException($"the column lies in another file, '{chunk.FilePath}'");
        ColumnMetaData meta = chunk.MetaData ?? throw new ParquetException("the column has no metadata (is it encrypted?)");
        if (meta.Type != leaf.Element.Type) throw new ParquetException($"the column holds {meta.Type} where the schema says {leaf.Element.Type}");
        if (meta.NumValues < 0 || meta.TotalUncompressedSize < 0) throw new ParquetException($"the column claims {meta.NumValues} values in {meta.TotalUncompressedSize} bytes");
        Limits.CheckChunk(meta.TotalUncompressedSize);
        return meta;
    }

    private async Task<ReadOnlyMemory<byte>> ReadChunkAsync(ColumnMetaData meta, CancellationToken cancellation)
    {
        if (meta.NumValues == 0) return default;
        // Some writers give 0 for "no dictionary".
        long start = meta.DictionaryPageOffset is > 0 and { } offset && offset < meta.DataPageOffset ? offset : meta.DataPageOffset;
        long size = meta.TotalCompressedSize;
        if (start < 4 || size <= 0 || size > _stream.Length - start)
            throw new ParquetException($"the column claims bytes {start} to {start + size} of a file of {_stream.Length}");
        Limits.CheckChunk(size);
        var data = new byte[size];
        _stream.Position = start;
        await _stream.ReadExactlyAsync(data, cancellation).ConfigureAwait(false);
        return data;
    }

    private int Find(DataField field)
    {
        for (int i = 0; i < _leaves.Count; i++)
            if (_leaves[i].Path.Equals(field.Path)) return i;
        return -1;
    }
}
