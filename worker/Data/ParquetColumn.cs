using ParquetSharp;

namespace LightReasoner.Worker.Data;

/// <summary>A place in one column of a row group: its levels and the next value. A batch of entries is in memory at a time.</summary>
internal sealed class ParquetColumn : IDisposable
{
    private const int BatchSize = 1024, EntryBytes = 16, MaxRowBytes = 64 << 20;

    private readonly ColumnReader _reader;
    private readonly Func<short[], short[], (long Entries, long Values)> _readBatch;
    private readonly Func<int, JsonNode?> _valueAt;
    private readonly Func<int, int> _lengthAt;
    private readonly short[] _definition, _repetition;
    private int _entry, _entries, _value;
    private long _rowBytes;

    /// <param name="readBatch">Reads the next levels and values. The memory that values point to is theirs until the next call.</param>
    private ParquetColumn(ColumnReader reader, Func<short[], short[], (long Entries, long Values)> readBatch,
        Func<int, JsonNode?> valueAt, Func<int, int> lengthAt)
    {
        (_reader, _readBatch, _valueAt, _lengthAt) = (reader, readBatch, valueAt, lengthAt);
        var column = reader.ColumnDescriptor;
        using var path = column.Path;
        Path = path.ToDotString();
        MaxDefinition = column.MaxDefinitionLevel;
        _definition = new short[MaxDefinition > 0 ? BatchSize : 0];
        _repetition = new short[column.MaxRepetitionLevel > 0 ? BatchSize : 0];
    }

    /// <summary>Names of the fields from the root to this column, with dots between.</summary>
    public string Path { get; }

    public int Definition => !HasNext() ? throw new InvalidDataException($"column '{Path}' ends before its rows do") : MaxDefinition > 0
        ? _definition[_entry] : 0;

    /// <summary>Repetition level of the next entry; 0 at the end.</summary>
    public int Repetition => _repetition.Length > 0 && HasNext() ? _repetition[_entry] : 0;

    /// <summary>Level at which there is a value.</summary>
    private int MaxDefinition { get; }

    public static ParquetColumn Open(RowGroupReader group, int index)
    {
        var reader = group.Column(index);
        try
        {
            return reader switch
            {
                ColumnReader<bool> flags => Of<bool>(flags, _ => value => value),
                ColumnReader<int> numbers => Of<int>(numbers, ParquetValues.Int32),
                ColumnReader<long> numbers => Of<long>(numbers, ParquetValues.Int64),
                ColumnReader<Int96> times => Of<Int96>(times, _ => ParquetValues.Int96),
                ColumnReader<float> numbers => Of<float>(numbers, _ => value => ParquetValues.Number(value)),
                ColumnReader<double> numbers => Of<double>(numbers, _ => ParquetValues.Number),
                ColumnReader<ByteArray> bytes => Of<ByteArray>(bytes, ParquetValues.Bytes),
                ColumnReader<FixedLenByteArray> bytes => Of<FixedLenByteArray>(bytes, ParquetValues.FixedBytes),
                _ => throw new InvalidDataException($"column {index} is of an unknown type"),
            };
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>The next value, or null where there is none; moves on.</summary>
    public JsonNode? Read()
    {
        var defined = Definition == MaxDefinition;
        _entry++;
        // A few bytes can stand for a list of billions of nulls, or for a text over and over.
        _rowBytes += EntryBytes + (defined ? _lengthAt(_value) : 0);
        if (_rowBytes > MaxRowBytes) throw new InvalidDataException($"column '{Path}' has more than {MaxRowBytes >> 20} MiB in one row");
        return defined ? _valueAt(_value++) : null;
    }

    public void Skip()
    {
        if (Definition == MaxDefinition) _value++;
        _entry++;
    }

    /// <summary>What is left begins with a row.</summary>
    public void StartRow()
    {
        if (Repetition != 0) throw Contradiction();
        _rowBytes = 0;
    }

    public void ExpectEnd()
    {
        if (HasNext()) throw new InvalidDataException($"column '{Path}' goes on after the last row");
    }

    /// <summary>The columns of a group must have as many entries as each other.</summary>
    public InvalidDataException Contradiction() => new($"column '{Path}' has list entries that other columns of its group do not have");

    public void Dispose() => _reader.Dispose();

    private bool HasNext()
    {
        if (_entry < _entries) return true;
        var (entries, values) = _readBatch(_definition, _repetition);
        (_entries, _entry, _value) = ((int)entries, 0, 0);
        if (values != (MaxDefinition == 0 ? _entries : _definition.AsSpan(0, _entries).Count((short)MaxDefinition)))
            throw new InvalidDataException($"column '{Path}' has another number of values than its levels say");
        return _entries > 0;
    }

    private static ParquetColumn Of<T>(ColumnReader<T> reader, Func<ColumnDescriptor, Func<T, JsonNode?>> form)
        where T : unmanaged
    {
        var batch = new T[BatchSize];
        var toJson = form(reader.ColumnDescriptor);
        return new ParquetColumn(reader,
            (definition, repetition) => (reader.ReadBatch(BatchSize, definition, repetition, batch, out var values), values),
            at => toJson(batch[at]), at => batch[at] is ByteArray bytes ? bytes.Length : 0);
    }
}
