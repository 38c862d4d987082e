namespace Parquet.Schema;

/// <summary>A group of fields; nullable.</summary>
public class StructField : Field
{
    public StructField(string name, params Field[] elements)
        : base(name, SchemaType.Struct)
    {
        if (elements is null || elements.Length == 0) throw new ArgumentException($"structure '{name}' requires at least one element", nameof(elements));
        Fields = [.. elements];
        IsNullable = true;
        PathPrefix = null;
    }

    public IReadOnlyList<Field> Fields { get; }

    internal override IReadOnlyList<Field> Children => Fields;

    internal override FieldPath? PathPrefix
    {
        set
        {
            Path = value + new FieldPath(Name);
            foreach (Field child in Fields) child.PathPrefix = Path;
        }
    }

    internal override void PropagateLevels(int parentRepetitionLevel, int parentDefinitionLevel)
    {
        MaxRepetitionLevel = parentRepetitionLevel;
        MaxDefinitionLevel = parentDefinitionLevel + (IsNullable ? 1 : 0);
        foreach (Field field in Fields) field.PropagateLevels(MaxRepetitionLevel, MaxDefinitionLevel);
    }
}
