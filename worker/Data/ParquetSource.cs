using System.Buffers.Binary;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Data;

/// <summary>
/// A Parquet file on its way to Arrow, which believes what a file says of its own sizes: a few bytes can stand for gigabytes, or for a
/// schema that is deeper than the stack. The footer is looked at first, and every page header as it passes by.
/// </summary>
internal sealed class ParquetSource : ReadOnlyStream
{
    private const int MaxFooter = 64 << 20, MaxPageHeader = 16 << 20, MaxSchemaDepth = 64, MaxPage = 256 << 20;
    private const long MaxPages = 2L << 30;

    private readonly Stream _file;
    private readonly List<List<Chunk>> _groups = [];
    private List<Chunk> _chunks = [];

    /// <param name="file">Seeks; it is not closed.</param>
    /// <exception cref="InvalidDataException">It is not a Parquet file, or its footer is damaged or hostile.</exception>
    public ParquetSource(Stream file)
    {
        _file = file;
        ReadFooter(Footer());
        _file.Position = 0;
    }

    /// <summary>The error that ended a read; the reader's own error tells less.</summary>
    public Exception? Failure { get; private set; }

    public override bool CanSeek => true;

    public override long Length => _file.Length;

    public override long Position
    {
        get => _file.Position;
        set => _file.Position = value;
    }

    /// <summary>A row group is about to be read, and no other is any more.</summary>
    public void Enter(int group) => _chunks = _groups[group];

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override int Read(Span<byte> buffer)
    {
        try
        {
            var start = _file.Position;
            var read = _file.Read(buffer);
            foreach (var chunk in _chunks)
            {
                while (chunk.Next < chunk.End && chunk.Next >= start && chunk.Next < start + read) PassPage(chunk);
            }
            _file.Position = start + read;
            return read;
        }
        catch (Exception e)
        {
            Failure ??= e;
            throw;
        }
    }

    private byte[] Footer()
    {
        var size = _file.Length;
        if (size < 12) throw new InvalidDataException($"is not a Parquet file: it has {size} bytes");
        var magic = new byte[4];
        var tail = new byte[8];
        _file.Position = 0;
        _file.ReadExactly(magic);
        _file.Position = size - tail.Length;
        _file.ReadExactly(tail);
        if (tail.AsSpan(4).SequenceEqual("PARE"u8)) throw new InvalidDataException("is encrypted");
        if (!magic.AsSpan().SequenceEqual("PAR1"u8)) throw new InvalidDataException("is not a Parquet file: it does not start with PAR1");
        if (!tail.AsSpan(4).SequenceEqual("PAR1"u8))
            throw new InvalidDataException("is not a whole Parquet file: it does not end with PAR1; was its upload interrupted?");
        long length = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (length > size - 12) throw new InvalidDataException($"the footer claims {length} bytes of a file of {size}");
        if (length > MaxFooter) throw new InvalidDataException($"the footer of {length} bytes is over the limit of {MaxFooter >> 20} MiB");
        var footer = new byte[length];
        _file.Position = size - tail.Length - length;
        _file.ReadExactly(footer);
        return footer;
    }

    // Ids of fields as in parquet-format's parquet.thrift.
    private void ReadFooter(byte[] footer)
    {
        // The schema is a tree, written in depth-first order with the number of each node's children.
        var open = new Stack<long>(); // children to come of each group around
        var chunks = new List<Chunk>();
        long children = 0, length = 0, data = 0, dictionary = 0;
        var reader = new ThriftReader("the footer", new MemoryStream(footer), footer.Length, (path, type, value) =>
        {
            if (type == ThriftReader.Int32 && path == "/2[]/5") children = value;
            else if (type == ThriftReader.Int64 && path == "/4[]/1[]/3/7") length = value;
            else if (type == ThriftReader.Int64 && path == "/4[]/1[]/3/9") data = value;
            else if (type == ThriftReader.Int64 && path == "/4[]/1[]/3/11") dictionary = value;
            else if (type == ThriftReader.Structure && path == "/2[]")
            {
                while (open.TryPeek(out var none) && none == 0) open.Pop();
                if (open.TryPop(out var more)) open.Push(more - 1);
                if (children > 0) open.Push(children);
                if (open.Count > MaxSchemaDepth)
                    throw new InvalidDataException($"the schema is nested more than {MaxSchemaDepth} levels deep");
                children = 0;
            }
            else if (type == ThriftReader.Structure && path == "/4[]/1[]/3")
            {
                var start = dictionary > 0 && dictionary < data ? dictionary : data;
                chunks.Add(new Chunk(start, start + Math.Max(0, length)));
                (length, data, dictionary) = (0, 0, 0);
            }
            else if (type == ThriftReader.Structure && path == "/4[]")
            {
                _groups.Add(chunks);
                chunks = [];
            }
        }, "/2[]", "/4[]", "/4[]/1[]");
        reader.Walk();
    }

    private void PassPage(Chunk chunk)
    {
        chunk.Pass(_file);
        if (_chunks.Sum(column => column.Held) > MaxPages)
            throw new InvalidDataException($"the pages of a row are larger than {MaxPages >> 30} GiB; write smaller pages");
    }

    private sealed class Chunk(long start, long end)
    {
        private long _dictionary, _page;

        /// <summary>Where its next page header lies.</summary>
        public long Next { get; private set; } = start;

        public long End => end;

        /// <summary>Bytes of its pages that Arrow holds, decompressed.</summary>
        public long Held => _dictionary + _page;

        /// <summary>Looks at the next page's header, and goes behind the page.</summary>
        public void Pass(Stream file)
        {
            long kind = -1, decompressed = 0, compressed = 0;
            file.Position = Next;
            var header = new ThriftReader("a page header", file, MaxPageHeader, (path, type, value) =>
            {
                if (type != ThriftReader.Int32) return;
                if (path == "/1") kind = value;
                else if (path == "/2") decompressed = value;
                else if (path == "/3") compressed = value;
            });
            header.Walk();
            if (compressed < 0 || decompressed < 0) throw new InvalidDataException("a page has a negative size");
            if (Math.Max(compressed, decompressed) is > MaxPage and var size)
                throw new InvalidDataException($"a page of {size} bytes is over the limit of {MaxPage >> 20} MiB");
            if (kind == 2) _dictionary = decompressed;
            else _page = Math.Max(_page, decompressed);
            Next = file.Position + compressed;
        }
    }
}
