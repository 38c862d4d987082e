namespace Parquet.Thrift;

/// <summary>Writes the Thrift compact protocol. Fields must be written in ascending order of their ids.</summary>
internal sealed class CompactWriter(Stream output)
{
    private readonly Stack<short> _outer = new();
    private short _last;

    public void BeginStruct()
    {
        _outer.Push(_last);
        _last = 0;
    }

    public void EndStruct()
    {
        output.WriteByte(0);
        _last = _outer.Pop();
    }

    public void Struct(short id, Action write)
    {
        Field(id, CompactType.Struct);
        BeginStruct();
        write();
        EndStruct();
    }

    public void EmptyStruct(short id) => Struct(id, static () => { });

    public void Int32(short id, int? value)
    {
        if (value is null) return;
        Field(id, CompactType.I32);
        Varint(ZigZag(value.Value));
    }

    public void Int64(short id, long? value)
    {
        if (value is null) return;
        Field(id, CompactType.I64);
        Varint(ZigZag(value.Value));
    }

    public void SByte(short id, sbyte value)
    {
        Field(id, CompactType.Byte);
        output.WriteByte((byte)value);
    }

    public void Bool(short id, bool value) => Field(id, value ? CompactType.True : CompactType.False);

    public void Text(short id, string? value)
    {
        if (value is null) return;
        Field(id, CompactType.Binary);
        Text(value);
    }

    public void List<T>(short id, CompactType element, IReadOnlyCollection<T>? items, Action<T> write)
    {
        if (items is null) return;
        Field(id, CompactType.List);
        if (items.Count < 15)
        {
            output.WriteByte((byte)((items.Count << 4) | (byte)element));
        }
        else
        {
            output.WriteByte((byte)(0xF0 | (byte)element));
            Varint((ulong)items.Count);
        }
        foreach (T item in items)
        {
            if (element == CompactType.Struct) BeginStruct();
            write(item);
            if (element == CompactType.Struct) EndStruct();
        }
    }

    /// <summary>A list element.</summary>
    public void Int32(int value) => Varint(ZigZag(value));

    /// <summary>A list element.</summary>
    public void Text(string value)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(value);
        Varint((ulong)bytes.Length);
        output.Write(bytes);
    }

    private void Field(short id, CompactType type)
    {
        int delta = id - _last;
        if (delta is > 0 and <= 15)
        {
            output.WriteByte((byte)((delta << 4) | (byte)type));
        }
        else
        {
            output.WriteByte((byte)type);
            Varint(ZigZag(id));
        }
        _last = id;
    }

    private void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            output.WriteByte((byte)(value | 0x80));
            value >>= 7;
        }
        output.WriteByte((byte)value);
    }

    private static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));
}
