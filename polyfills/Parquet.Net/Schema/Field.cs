namespace Parquet.Schema;

public enum SchemaType
{
    Data,
    Struct,
    List,
    Map,
}

/// <summary>An element of a schema.</summary>
public abstract class Field
{
    protected Field(string name, SchemaType schemaType)
    {
        Name = name ?? throw new ArgumentNullException(nameof(name));
        SchemaType = schemaType;
        Path = new FieldPath(name);
    }

    public SchemaType SchemaType { get; }

    public string Name { get; }

    /// <summary>Physical path; for lists and maps it ends with the repeated group.</summary>
    public FieldPath Path { get; internal set; }

    public virtual bool IsNullable { get; internal set; }

    public int MaxRepetitionLevel { get; internal set; }

    public int MaxDefinitionLevel { get; internal set; }

    internal virtual IReadOnlyList<Field> Children => [];

    internal abstract FieldPath? PathPrefix { set; }

    /// <summary>Sets the levels of this field and those below it.</summary>
    internal abstract void PropagateLevels(int parentRepetitionLevel, int parentDefinitionLevel);

    public override string ToString() => $"{Path} ({SchemaType})";

    public override bool Equals(object? obj) =>
        obj is Field other && SchemaType == other.SchemaType && Name == other.Name && Path.Equals(other.Path) && Children.SequenceEqual(other.Children);

    public override int GetHashCode() => Path.GetHashCode();
}
