namespace LightReasoner.Worker.Data;

/// <summary>Walks over structures in Thrift's compact protocol, the form of Parquet's footer and page headers.</summary>
internal ref struct ThriftReader(ReadOnlySpan<byte> data)
{
    private const int MaxDepth = 32;

    private readonly ReadOnlySpan<byte> _data = data;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>The next field of a structure; false at its end.</summary>
    /// <param name="id">Id of the field before, 0 at the start.</param>
    /// <param name="type">Type of its value, which follows.</param>
    public bool Field(ref int id, out ThriftType type)
    {
        var head = Byte();
        type = (ThriftType)(head & 15);
        if (type == ThriftType.Stop) return false;
        id = head >> 4 is > 0 and var step ? id + step : (int)Integer();
        return true;
    }

    /// <summary>The number of entries of a list, which follow.</summary>
    public int List(out ThriftType type)
    {
        var head = Byte();
        type = (ThriftType)(head & 15);
        var count = head >> 4 is < 15 and var few ? (ulong)few : Varint();
        return count <= (ulong)(_data.Length - Position) ? (int)count : throw new EndOfStreamException(); // every entry takes a byte
    }

    /// <summary>A 16-, 32- or 64-bit integer.</summary>
    public long Integer()
    {
        var bits = Varint();
        return (long)(bits >> 1) ^ -(long)(bits & 1);
    }

    /// <summary>Passes over a value.</summary>
    public void Skip(ThriftType type, int depth = 0)
    {
        if (depth > MaxDepth) throw new InvalidDataException("is nested too deeply");
        switch (type)
        {
            case ThriftType.True or ThriftType.False:
                break;
            case ThriftType.Byte:
                Byte();
                break;
            case ThriftType.Int16 or ThriftType.Int32 or ThriftType.Int64:
                Varint();
                break;
            case ThriftType.Double:
                Advance(8);
                break;
            case ThriftType.Binary:
                Advance(Varint());
                break;
            case ThriftType.List or ThriftType.Set:
                for (int left = List(out var entry); left > 0; left--) SkipEntry(entry, depth + 1);
                break;
            case ThriftType.Map:
                if (Varint() is > 0 and var count)
                {
                    var types = Byte();
                    for (; count > 0; count--)
                    {
                        SkipEntry((ThriftType)(types >> 4), depth + 1);
                        SkipEntry((ThriftType)(types & 15), depth + 1);
                    }
                }
                break;
            case ThriftType.Structure:
                for (int id = 0; Field(ref id, out var field);) Skip(field, depth + 1);
                break;
            default:
                throw new InvalidDataException($"has a value of the unknown type {(int)type}");
        }
    }

    /// <summary>Booleans take a byte in lists and maps, none as fields.</summary>
    private void SkipEntry(ThriftType type, int depth) => Skip(type is ThriftType.True or ThriftType.False ? ThriftType.Byte : type, depth);

    private byte Byte() => Position < _data.Length ? _data[Position++] : throw new EndOfStreamException();

    private void Advance(ulong bytes) => Position = bytes <= (ulong)(_data.Length - Position) ? Position + (int)bytes
        : throw new EndOfStreamException();

    private ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 127) << shift;
            if (next < 128) return value;
        }
        throw new InvalidDataException("has a number of more than 64 bits");
    }
}

/// <summary>Types of Thrift's compact protocol.</summary>
internal enum ThriftType
{
    Stop,
    True,
    False,
    Byte,
    Int16,
    Int32,
    Int64,
    Double,
    Binary,
    List,
    Set,
    Map,
    Structure,
}
