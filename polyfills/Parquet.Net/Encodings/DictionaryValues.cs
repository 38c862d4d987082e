using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Parquet.Meta;

namespace Parquet.Encodings;

/// <summary>Strings as indices into a dictionary of the distinct ones, in the order of their first use.</summary>
internal sealed class DictionaryValues : ValueEncoder
{
    private const int MaxDictionaryBytes = 16 << 20;
    private readonly int[] _indices;
    private readonly byte[] _entries;
    private readonly int _count;

    private DictionaryValues(int[] indices, byte[] entries, int count)
    {
        _indices = indices;
        _entries = entries;
        _count = count;
    }

    public override Encoding Encoding => Encoding.RLE_DICTIONARY;

    public override (byte[] Bytes, int Count)? Dictionary => (_entries, _count);

    /// <summary>Null where the values are too many different ones for a dictionary to pay.</summary>
    public static DictionaryValues? TryCreate(string[] values, double threshold)
    {
        if (values.Length == 0) return null;
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        var indices = new int[values.Length];
        using var entries = new MemoryStream();
        var length = new byte[4];
        for (int i = 0; i < values.Length; i++)
        {
            ref int index = ref CollectionsMarshal.GetValueRefOrAddDefault(known, values[i], out bool exists);
            if (!exists)
            {
                index = known.Count - 1;
                byte[] bytes = System.Text.Encoding.UTF8.GetBytes(values[i]);
                BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
                entries.Write(length);
                entries.Write(bytes);
                if (known.Count > values.Length * threshold || entries.Length > MaxDictionaryBytes) return null;
            }
            indices[i] = index;
        }
        return new DictionaryValues(indices, entries.ToArray(), known.Count);
    }

    public override int SizeOf(int index) => 4;

    public override void Encode(int start, int count, Stream output)
    {
        int width = Bits.Width(_count - 1);
        output.WriteByte((byte)width);
        RleBitPackedHybrid.Encode(_indices.AsSpan(start, count), width, output);
    }
}
