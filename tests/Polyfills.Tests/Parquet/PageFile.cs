using System.Buffers.Binary;
using Parquet.Meta;
using Encoding = Parquet.Meta.Encoding;
using Type = Parquet.Meta.Type;

namespace LightReasoner.Polyfills.Tests.Parquet;

/// <summary>
/// Builds files of one column byte by byte, so that every page kind and encoding can be read, those too that the writer does not write.
/// The Thrift is written here anew: reader and test share no code.
/// </summary>
internal sealed class PageFile(Type type, int typeLength = 0, bool optional = false)
{
    private readonly MemoryStream _data = new();
    private int _values;
    private long? _dictionary;

    /// <summary>Adds a dictionary page of PLAIN values.</summary>
    public PageFile Dictionary(byte[] values, int count)
    {
        _dictionary = 4 + _data.Length;
        _data.Write(Struct((1, Int(2)), (2, Int(values.Length)), (3, Int(values.Length)), (7, Struct((1, Int(count)), (2, Int(0))))));
        _data.Write(values);
        return this;
    }

    /// <summary>Adds a data page (v1).</summary>
    public PageFile Page(Encoding encoding, int count, byte[] values, byte[]? definition = null, int? crc = null)
    {
        byte[] body = definition is null ? values : [.. BitConverter.GetBytes(definition.Length), .. definition, .. values];
        var fields = new List<(int, object)> { (1, Int(0)), (2, Int(body.Length)), (3, Int(body.Length)) };
        if (crc is not null) fields.Add((4, Int(crc.Value)));
        fields.Add((5, Struct((1, Int(count)), (2, Int((int)encoding)), (3, Int(3)), (4, Int(3)))));
        _data.Write(Struct([.. fields]));
        _data.Write(body);
        _values += count;
        return this;
    }

    /// <summary>Adds a data page (v2).</summary>
    public PageFile PageV2(Encoding encoding, int count, int nulls, byte[] values, byte[]? definition = null)
    {
        definition ??= [];
        int size = definition.Length + values.Length;
        _data.Write(Struct((1, Int(3)), (2, Int(size)), (3, Int(size)),
            (8, Struct((1, Int(count)), (2, Int(nulls)), (3, Int(count)), (4, Int((int)encoding)), (5, Int(definition.Length)), (6, Int(0)), (7, false)))));
        _data.Write(definition);
        _data.Write(values);
        _values += count;
        return this;
    }

    public byte[] Build(ConvertedType? converted = null)
    {
        var leaf = new List<(int, object)> { (1, Int((int)type)) };
        if (typeLength > 0) leaf.Add((2, Int(typeLength)));
        leaf.AddRange([(3, Int(optional ? 1 : 0)), (4, Text("c"))]);
        if (converted is not null) leaf.Add((6, Int((int)converted)));
        var column = new List<(int, object)>
        {
            (1, Int((int)type)), (2, List(5, Int(0))), (3, List(8, Text("c"))), (4, Int(0)), (5, Int(_values)), (6, Int((int)_data.Length)), (7, Int((int)_data.Length)),
            (9, Int(4)),
        };
        if (_dictionary is not null) column.Add((11, Int((int)_dictionary)));
        byte[] group = Struct((1, List(12, Struct((2, Int(4)), (3, Struct([.. column]))))), (2, Int((int)_data.Length)), (3, Int(_values)));
        byte[] footer = Struct((1, Int(1)), (2, List(12, Struct((4, Text("root")), (5, Int(1))), Struct([.. leaf]))), (3, Int(_values)), (4, List(12, group)));
        return [.. "PAR1"u8, .. _data.ToArray(), .. footer, .. BitConverter.GetBytes(footer.Length), .. "PAR1"u8];
    }

    public static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        return [.. bytes, (byte)value];
    }

    public static byte[] ZigZag(long value) => Varint((ulong)((value << 1) ^ (value >> 63)));

    /// <summary>A run of equal values.</summary>
    public static byte[] Run(int count, params byte[] value) => [.. Varint((ulong)count << 1), .. value];

    /// <summary>Bit-packed values, eight to a group.</summary>
    public static byte[] Packed(int width, params int[] values)
    {
        int groups = (values.Length + 7) / 8;
        var bytes = new byte[groups * width];
        for (int i = 0; i < values.Length; i++)
            for (int bit = 0; bit < width; bit++)
                if ((values[i] >> bit & 1) != 0) bytes[((i * width) + bit) / 8] |= (byte)(1 << (((i * width) + bit) % 8));
        return [.. Varint(((ulong)groups << 1) | 1), .. bytes];
    }

    public static byte[] Plain(params int[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    public static byte[] Plain(params string[] values) =>
        [.. values.SelectMany(value => BitConverter.GetBytes(System.Text.Encoding.UTF8.GetByteCount(value)).Concat(System.Text.Encoding.UTF8.GetBytes(value)))];

    // Values of the compact protocol are boxed in types of their own, so that Struct knows their codes; a struct is a byte[].
    private static I32 Int(int value) => new(value);

    private static Binary Text(string text) => new([.. Varint((ulong)System.Text.Encoding.UTF8.GetByteCount(text)), .. System.Text.Encoding.UTF8.GetBytes(text)]);

    private static ThriftList List(byte type, params object[] items) => new(type, items);

    private static byte[] Struct(params (int Id, object Value)[] fields)
    {
        var bytes = new List<byte>();
        int last = 0;
        foreach ((int id, object value) in fields)
        {
            (int code, byte[] content) = value switch
            {
                I32 number => (5, ZigZag(number.Value)),
                bool flag => (flag ? 1 : 2, Array.Empty<byte>()),
                ThriftList list => (9, list.Bytes()),
                Binary binary => (8, binary.Bytes),
                byte[] group => (12, group),
                _ => throw new InvalidOperationException(),
            };
            bytes.Add((byte)(((id - last) << 4) | code));
            bytes.AddRange(content);
            last = id;
        }
        bytes.Add(0);
        return [.. bytes];
    }

    private readonly record struct I32(int Value);

    private sealed record Binary(byte[] Bytes);

    private sealed record ThriftList(byte Type, object[] Items)
    {
        public byte[] Bytes() => [(byte)((Items.Length << 4) | Type), .. Items.SelectMany(Element)];

        private static byte[] Element(object item) => item switch
        {
            I32 number => ZigZag(number.Value),
            Binary binary => binary.Bytes,
            _ => (byte[])item,
        };
    }
}
