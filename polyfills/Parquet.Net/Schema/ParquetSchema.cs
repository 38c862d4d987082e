namespace Parquet.Schema;

/// <summary>The fields of a file.</summary>
public class ParquetSchema : IEquatable<ParquetSchema>
{
    private readonly Field[] _fields;

    public ParquetSchema(IEnumerable<Field> fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        _fields = [.. fields];
        if (_fields.Length == 0) throw new ArgumentException("at least one field is required", nameof(fields));
        foreach (Field field in _fields)
        {
            field.PathPrefix = null;
            field.PropagateLevels(0, 0);
        }
    }

    public ParquetSchema(params Field[] fields)
        : this((IEnumerable<Field>)fields)
    {
    }

    public IReadOnlyList<Field> Fields => _fields;

    /// <summary>All columns, those inside groups too, in the order of the file.</summary>
    public DataField[] DataFields => GetDataFields();

    public Field this[int i] => _fields[i];

    /// <inheritdoc cref="DataFields"/>
    public DataField[] GetDataFields()
    {
        var result = new List<DataField>();
        Collect(_fields, result);
        return [.. result];
    }

    /// <exception cref="ArgumentException">There is no such field.</exception>
    public DataField FindDataField(FieldPath path) =>
        DataFields.FirstOrDefault(field => field.Path.Equals(path)) ?? throw new ArgumentException($"data field '{path}' not found", nameof(path));

    public DataField FindDataField(string path) => FindDataField(new FieldPath(path));

    public bool Equals(ParquetSchema? other) => other is not null && DataFields.SequenceEqual(other.DataFields);

    public override bool Equals(object? obj) => Equals(obj as ParquetSchema);

    public override int GetHashCode() => DataFields.Aggregate(17, (hash, field) => HashCode.Combine(hash, field));

    public override string ToString() => string.Join(Environment.NewLine, (object[])_fields);

    private static void Collect(IEnumerable<Field> fields, List<DataField> result)
    {
        foreach (Field field in fields)
        {
            if (field is DataField data) result.Add(data);
            else Collect(field.Children, result);
        }
    }
}
