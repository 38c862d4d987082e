using System.IO.Compression;
using Parquet.Data;
using Parquet.File;
using Parquet.Meta;
using Parquet.Schema;

namespace Parquet;

/// <summary>Writes the columns of one row group, in the order of the schema.</summary>
public class ParquetRowGroupWriter : IDisposable
{
    private readonly DataField[] _fields;
    private readonly Stream _output;
    private readonly ParquetOptions _options;
    private readonly CompressionMethod _method;
    private readonly CompressionLevel _level;

    internal ParquetRowGroupWriter(ParquetSchema schema, Stream output, CompressionMethod method, CompressionLevel level, ParquetOptions options)
    {
        _fields = schema.GetDataFields();
        _output = output;
        _method = method;
        _level = level;
        _options = options;
    }

    /// <summary>Columns and rows so far; the row count is that of the first column.</summary>
    internal RowGroup Group { get; } = new();

    /// <summary>A column was begun and not completed, so that the file cannot become whole any more.</summary>
    internal bool IsBroken { get; private set; }

    /// <exception cref="ArgumentException">Not the column whose turn it is, or of another row count than those before.</exception>
    public async Task WriteColumnAsync(DataColumn column, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(column);
        int index = Group.Columns.Count;
        if (index >= _fields.Length) throw new ArgumentException($"cannot write this column, all {_fields.Length} columns are written", nameof(column));
        if (!_fields[index].Equals(column.Field)) throw new ArgumentException($"cannot write this column, expected '{_fields[index]}', passed: '{column.Field}'", nameof(column));
        if (index > 0 && column.RowCount != Group.NumRows)
            throw new ArgumentException($"column '{column.Field.Path}' has {column.RowCount} rows, those before have {Group.NumRows}", nameof(column));
        IsBroken = true;
        ColumnChunk chunk = await new ColumnWriter(_output, column, _method, _level, _options).WriteAsync(cancellationToken).ConfigureAwait(false);
        IsBroken = false;
        Group.NumRows = column.RowCount;
        Group.TotalByteSize += chunk.MetaData!.TotalUncompressedSize;
        Group.Columns.Add(chunk);
    }

    /// <summary>Ends the row group.</summary>
    public void Dispose() => GC.SuppressFinalize(this);

    internal void CheckComplete()
    {
        if (Group.Columns.Count != _fields.Length)
            throw new InvalidOperationException($"a row group has {Group.Columns.Count} of {_fields.Length} columns; the next one is '{_fields[Group.Columns.Count].Path}'");
    }
}
