using System.IO.Compression;
using Parquet.File;
using Parquet.Meta;
using Parquet.Schema;
using Parquet.Thrift;

namespace Parquet;

/// <summary>Writes Parquet files. Disposing writes the footer, without which a file cannot be read.</summary>
public class ParquetWriter : IDisposable, IAsyncDisposable
{
    private readonly ParquetSchema _schema;
    private readonly CountingStream _output;
    private readonly ParquetOptions _options;
    private readonly List<ParquetRowGroupWriter> _groups = [];
    private bool _disposed;

    private ParquetWriter(ParquetSchema schema, Stream output, ParquetOptions options)
    {
        _schema = schema;
        _output = new CountingStream(output);
        _options = options;
    }

    /// <value>Default: Snappy.</value>
    public CompressionMethod CompressionMethod { get; set; } = CompressionMethod.Snappy;

    /// <value>Default: Optimal.</value>
    public CompressionLevel CompressionLevel { get; set; } = CompressionLevel.Optimal;

    /// <summary>Key-value pairs of the footer.</summary>
    public IReadOnlyDictionary<string, string> CustomMetadata { get; set; } = new Dictionary<string, string>();

    /// <param name="schema">What is written.</param>
    /// <param name="output">Writable; it need not seek and is left open.</param>
    /// <param name="formatOptions">Options.</param>
    /// <param name="append">Must be false: files are written whole.</param>
    /// <param name="cancellationToken">Ends writing.</param>
    public static async Task<ParquetWriter> CreateAsync(
        ParquetSchema schema, Stream output, ParquetOptions? formatOptions = null, bool append = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(output);
        if (!output.CanWrite) throw new ArgumentException("stream is not writeable", nameof(output));
        if (append) throw new NotSupportedException("appending to a file is not supported; write a new one");
        var writer = new ParquetWriter(schema, output, formatOptions ?? new ParquetOptions());
        await writer._output.WriteAsync("PAR1"u8.ToArray(), cancellationToken).ConfigureAwait(false);
        return writer;
    }

    /// <summary>Starts a row group; the one before must be complete.</summary>
    public ParquetRowGroupWriter CreateRowGroup()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _groups.LastOrDefault()?.CheckComplete();
        var group = new ParquetRowGroupWriter(_schema, _output, CompressionMethod, CompressionLevel, _options);
        _groups.Add(group);
        return group;
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        if (_groups.Exists(group => group.IsBroken)) return;
        _output.Write(Footer());
        _output.Flush();
        GC.SuppressFinalize(this);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        if (_groups.Exists(group => group.IsBroken)) return;
        await _output.WriteAsync(Footer()).ConfigureAwait(false);
        await _output.FlushAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    private byte[] Footer()
    {
        _groups.LastOrDefault()?.CheckComplete();
        var meta = new FileMetaData
        {
            Version = 2,
            Schema = SchemaWriter.Write(_schema),
            NumRows = _groups.Sum(group => group.Group.NumRows),
            RowGroups = [.. _groups.Select(group => group.Group)],
            KeyValueMetadata = CustomMetadata.Count == 0 ? null : [.. CustomMetadata.Select(pair => new KeyValue { Key = pair.Key, Value = pair.Value })],
            CreatedBy = "Parquet.Net stand-in of LightReasoner.K8s",
        };
        using var footer = new MemoryStream();
        MetadataWriter.Write(meta, footer);
        footer.Write(BitConverter.GetBytes((int)footer.Length));
        footer.Write("PAR1"u8);
        return footer.ToArray();
    }
}
