using System.Buffers.Binary;
using Parquet.Data;
using Parquet.File;
using Parquet.Meta;
using Parquet.Schema;
using Parquet.Thrift;

namespace Parquet;

/// <summary>Reads Parquet files, row group by row group and column by column.</summary>
public class ParquetReader : IDisposable, IAsyncDisposable
{
    /// <summary>Length of the footer and the closing magic.</summary>
    private const int TailLength = 8;

    private readonly Stream _input;
    private readonly bool _leaveStreamOpen;
    private readonly List<ParquetRowGroupReader> _groups = [];

    private ParquetReader(Stream input, FileMetaData meta, ParquetOptions options, bool leaveStreamOpen)
    {
        _input = input;
        _leaveStreamOpen = leaveStreamOpen;
        Metadata = meta;
        (Schema, IReadOnlyList<SchemaLeaf> leaves) = SchemaReader.Read(meta.Schema, options);
        for (int i = 0; i < meta.RowGroups.Count; i++) _groups.Add(new ParquetRowGroupReader(meta.RowGroups[i], i, leaves, input));
    }

    /// <summary>Key-value pairs of the footer.</summary>
    public Dictionary<string, string> CustomMetadata
    {
        get
        {
            var result = new Dictionary<string, string>();
            foreach (KeyValue pair in Metadata?.KeyValueMetadata ?? []) result[pair.Key] = pair.Value ?? "";
            return result;
        }
    }

    public int RowGroupCount => _groups.Count;

    public ParquetSchema Schema { get; }

    /// <summary>The footer.</summary>
    public FileMetaData? Metadata { get; }

    public IReadOnlyList<IParquetRowGroupReader> RowGroups => _groups;

    /// <summary>Opens a file; it is closed with the reader.</summary>
    /// <inheritdoc cref="CreateAsync(Stream, ParquetOptions?, bool, CancellationToken)"/>
    public static async Task<ParquetReader> CreateAsync(string filePath, ParquetOptions? parquetOptions = null, CancellationToken cancellationToken = default)
    {
        Stream file = System.IO.File.OpenRead(filePath);
        try
        {
            return await CreateAsync(file, parquetOptions, leaveStreamOpen: false, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await file.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <param name="input">Readable and seekable.</param>
    /// <param name="parquetOptions">Options.</param>
    /// <param name="leaveStreamOpen">Disposing the reader leaves the stream open.</param>
    /// <param name="cancellationToken">Ends reading.</param>
    /// <exception cref="IOException">Not a Parquet file: too short, or without the format's magic at its ends.</exception>
    /// <exception cref="ParquetException">The footer is damaged or encrypted.</exception>
    public static async Task<ParquetReader> CreateAsync(
        Stream input, ParquetOptions? parquetOptions = null, bool leaveStreamOpen = true, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (!input.CanRead || !input.CanSeek) throw new ArgumentException("stream must be readable and seekable", nameof(input));
        FileMetaData meta = await ReadFooterAsync(input, cancellationToken).ConfigureAwait(false);
        return new ParquetReader(input, meta, parquetOptions ?? new ParquetOptions(), leaveStreamOpen);
    }

    /// <summary>The schema of a file.</summary>
    public static async Task<ParquetSchema> ReadSchemaAsync(string filePath)
    {
        using ParquetReader reader = await CreateAsync(filePath).ConfigureAwait(false);
        return reader.Schema;
    }

    /// <inheritdoc cref="ReadSchemaAsync(string)"/>
    public static async Task<ParquetSchema> ReadSchemaAsync(Stream parquetStream)
    {
        using ParquetReader reader = await CreateAsync(parquetStream).ConfigureAwait(false);
        return reader.Schema;
    }

    public ParquetRowGroupReader OpenRowGroupReader(int index) => _groups[index];

    /// <summary>All columns of a row group.</summary>
    public async Task<DataColumn[]> ReadEntireRowGroupAsync(int rowGroupIndex = 0, CancellationToken cancellationToken = default)
    {
        DataField[] fields = Schema.GetDataFields();
        var columns = new DataColumn[fields.Length];
        for (int i = 0; i < fields.Length; i++)
            columns[i] = await OpenRowGroupReader(rowGroupIndex).ReadColumnAsync(fields[i], cancellationToken).ConfigureAwait(false);
        return columns;
    }

    public void Dispose()
    {
        if (!_leaveStreamOpen) _input.Dispose();
        GC.SuppressFinalize(this);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_leaveStreamOpen) await _input.DisposeAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    private static async Task<FileMetaData> ReadFooterAsync(Stream input, CancellationToken cancellation)
    {
        long size = input.Length;
        if (size <= TailLength) throw new IOException($"not a Parquet file (size too small: {size} bytes)");
        var head = new byte[4];
        var tail = new byte[TailLength];
        input.Position = 0;
        await input.ReadExactlyAsync(head, cancellation).ConfigureAwait(false);
        input.Position = size - TailLength;
        await input.ReadExactlyAsync(tail, cancellation).ConfigureAwait(false);
        if (tail.AsSpan(4).SequenceEqual("PARE"u8)) throw new ParquetException("the file is encrypted (its magic is PARE)");
        if (!head.AsSpan().SequenceEqual("PAR1"u8)) throw new IOException($"not a Parquet file (it starts with {Show(head)} instead of PAR1)");
        if (!tail.AsSpan(4).SequenceEqual("PAR1"u8)) throw new IOException($"not a whole Parquet file (it ends with {Show(tail.AsSpan(4))} instead of PAR1; was its upload interrupted?)");

        int length = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (length <= 0 || length > size - TailLength - 4) throw new ParquetException($"the footer claims {length} bytes of a file of {size}");
        if (length > Limits.Footer) throw new ParquetException($"the footer of {length} bytes is over the limit of {Limits.Footer >> 20} MiB");
        var footer = new byte[length];
        input.Position = size - TailLength - length;
        await input.ReadExactlyAsync(footer, cancellation).ConfigureAwait(false);
        try
        {
            return MetadataReader.File(footer);
        }
        catch (ParquetException e)
        {
            throw new ParquetException($"footer: {e.Message}", e);
        }
    }

    private static string Show(ReadOnlySpan<byte> magic)
    {
        foreach (byte b in magic)
            if (b is < 0x20 or > 0x7E) return "0x" + Convert.ToHexString(magic);
        return $"'{System.Text.Encoding.ASCII.GetString(magic)}'";
    }
}
