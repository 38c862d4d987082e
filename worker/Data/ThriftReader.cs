namespace LightReasoner.Worker.Data;

/// <summary>Walks over a structure in Thrift's compact protocol, the form of Parquet's footer and page headers.</summary>
/// <param name="what">What the data is, for messages.</param>
/// <param name="limit">Bytes to read at most.</param>
/// <param name="visit">
/// Gets every integer with its type and the ids of the fields that lead to it (<c>/4[]/1[]/3/7</c>; [] stands for each entry of a list),
/// and likewise every structure when it ends.
/// </param>
/// <param name="structures">Lists whose entries are structures whatever the data says: Arrow does not look at that either.</param>
internal sealed class ThriftReader(string what, Stream data, long limit, Action<string, int, long> visit, params string[] structures)
{
    /// <summary>Types of the protocol.</summary>
    public const int True = 1, False = 2, Int8 = 3, Int16 = 4, Int32 = 5, Int64 = 6, Double = 7, Binary = 8, List = 9, Set = 10, Map = 11,
        Structure = 12;

    private const int MaxDepth = 32;

    private readonly long _end = Math.Min(data.Length, data.Position + limit);

    /// <summary>Walks over the structure that begins here.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or ends after what may be read.</exception>
    public void Walk() => Value(Structure, "", 0);

    private void Value(int type, string path, int depth)
    {
        if (depth > MaxDepth) throw new InvalidDataException("is nested too deeply");
        switch (type)
        {
            case True or False:
                break;
            case Int8:
                Byte();
                break;
            case Int16 or Int32 or Int64:
                visit(path, type, Integer());
                break;
            case Double:
                Advance(8);
                break;
            case Binary:
                Advance(Varint());
                break;
            case List or Set:
                var list = Byte();
                var entries = path + (type == List ? "[]" : "{}");
                var of = structures.Contains(entries) ? Structure : list & 15;
                for (var left = list >> 4 is < 15 and var few ? (ulong)few : Varint(); left > 0; left--) Entry(of, entries, depth + 1);
                break;
            case Map:
                if (Varint() is not (> 0 and var count)) break;
                for (var types = Byte(); count > 0; count--)
                {
                    Entry(types >> 4, path + "{}", depth + 1);
                    Entry(types & 15, path + "{}", depth + 1);
                }
                break;
            case Structure:
                long id = 0;
                for (int head = Byte(); (head & 15) != 0; head = Byte())
                {
                    id = head >> 4 is > 0 and var step ? id + step : Integer();
                    Value(head & 15, $"{path}/{id}", depth + 1);
                }
                visit(path, Structure, 0);
                break;
            default:
                throw new InvalidDataException($"has a value of the unknown type {type}");
        }
    }

    /// <summary>Booleans take a byte in lists and maps, none as fields.</summary>
    private void Entry(int type, string path, int depth) => Value(type is True or False ? Int8 : type, path, depth);

    private byte Byte() => data.Position < _end && data.ReadByte() is >= 0 and var next ? (byte)next : throw EndsEarly();

    private void Advance(ulong bytes) =>
        data.Position += bytes <= (ulong)(_end - data.Position) ? (long)bytes : throw EndsEarly();

    private InvalidDataException EndsEarly() => new($"{what} ends early");

    private long Integer()
    {
        var bits = Varint();
        return (long)(bits >> 1) ^ -(long)(bits & 1);
    }

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
