using System.Text;

namespace Parquet.Thrift;

/// <summary>
/// Reads the Thrift compact protocol from memory. Nothing is allocated on the word of the input alone: lengths and counts are held against the
/// bytes that are left, and nesting is bounded.
/// </summary>
internal ref struct CompactReader(ReadOnlySpan<byte> data)
{
    private const int MaxDepth = 32;
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: false);
    private readonly ReadOnlySpan<byte> _data = data;
    private int _depth;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    private readonly int Left => _data.Length - Position;

    public void EnterStruct()
    {
        if (++_depth > MaxDepth) throw new ParquetException("metadata is nested too deeply");
    }

    /// <summary>The next field of the current struct; false at its end, which also leaves it.</summary>
    public bool NextField(ref short id, out CompactType type)
    {
        byte head = Byte();
        type = (CompactType)(head & 0x0F);
        if (type == CompactType.Stop)
        {
            _depth--;
            return false;
        }
        id = head >> 4 != 0 ? (short)(id + (head >> 4)) : (short)ZigZag(Varint());
        return true;
    }

    public byte Byte() => Left > 0 ? _data[Position++] : throw Cut();

    public int Int32(CompactType type)
    {
        long value = Int64(type);
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw new ParquetException($"metadata holds {value} where a 32-bit number must be");
    }

    public long Int64(CompactType type) => type switch
    {
        CompactType.I16 or CompactType.I32 or CompactType.I64 => ZigZag(Varint()),
        CompactType.Byte => (sbyte)Byte(),
        _ => throw Unexpected(type),
    };

    public static bool Bool(CompactType type) => type switch
    {
        CompactType.True => true,
        CompactType.False => false,
        _ => throw Unexpected(type),
    };

    public string Text(CompactType type)
    {
        if (type != CompactType.Binary) throw Unexpected(type);
        int length = Count(Varint());
        string text = Utf8.GetString(_data.Slice(Position, length));
        Position += length;
        return text;
    }

    /// <summary>Number of elements of a list whose elements must be of <paramref name="element"/>.</summary>
    public int List(CompactType type, CompactType element)
    {
        if (type is not (CompactType.List or CompactType.Set)) throw Unexpected(type);
        int count = ListHead(out CompactType actual);
        return count == 0 || actual == element ? count : throw Unexpected(actual);
    }

    public void Skip(CompactType type)
    {
        switch (type)
        {
            case CompactType.True or CompactType.False:
                break;
            case CompactType.Byte:
                Byte();
                break;
            case CompactType.I16 or CompactType.I32 or CompactType.I64:
                Varint();
                break;
            case CompactType.Double:
                Advance(8);
                break;
            case CompactType.Uuid:
                Advance(16);
                break;
            case CompactType.Binary:
                Advance(Count(Varint()));
                break;
            case CompactType.List or CompactType.Set:
                int count = ListHead(out CompactType element);
                SkipElements(count, element);
                break;
            case CompactType.Map:
                SkipMap();
                break;
            case CompactType.Struct:
                EnterStruct();
                short id = 0;
                while (NextField(ref id, out CompactType field)) Skip(field);
                break;
            default:
                throw Unexpected(type);
        }
    }

    private int ListHead(out CompactType element)
    {
        byte head = Byte();
        element = (CompactType)(head & 0x0F);
        return Count(head >> 4 == 15 ? Varint() : (ulong)(head >> 4));
    }

    private void SkipElements(int count, CompactType element)
    {
        if (++_depth > MaxDepth) throw new ParquetException("metadata is nested too deeply");
        for (int i = 0; i < count; i++) SkipElement(element);
        _depth--;
    }

    private void SkipMap()
    {
        int count = Count(Varint());
        if (count == 0) return;
        byte types = Byte();
        if (++_depth > MaxDepth) throw new ParquetException("metadata is nested too deeply");
        for (int i = 0; i < count; i++)
        {
            SkipElement((CompactType)(types >> 4));
            SkipElement((CompactType)(types & 0x0F));
        }
        _depth--;
    }

    /// <summary>Booleans take a byte as elements, none as fields.</summary>
    private void SkipElement(CompactType type)
    {
        if (type is CompactType.True or CompactType.False) Byte();
        else Skip(type);
    }

    private void Advance(int count)
    {
        if (count > Left) throw Cut();
        Position += count;
    }

    /// <summary>A length or element count: never more than the bytes that are left, since an element takes at least one.</summary>
    private readonly int Count(ulong value) =>
        value <= (ulong)Left ? (int)value : throw new ParquetException($"metadata claims {value} bytes or elements where {Left} bytes are left");

    private ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte b = Byte();
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        throw new ParquetException("metadata holds a number of more than 64 bits");
    }

    private static long ZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    private static ParquetException Cut() => new("metadata ends in the middle of a value");

    private static ParquetException Unexpected(CompactType type) => new($"metadata holds a value of Thrift type {type} where another must be");
}
