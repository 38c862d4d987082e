namespace Parquet.Schema;

/// <summary>A map; nullable.</summary>
public class MapField : Field
{
    public MapField(string name, Field keyField, Field valueField)
        : this(name, keyField, valueField, "key_value", isNullable: true)
    {
        keyField.IsNullable = false;
    }

    internal MapField(string name, Field key, Field value, string containerName, bool isNullable)
        : base(name, SchemaType.Map)
    {
        Key = key;
        Value = value;
        ContainerName = containerName;
        IsNullable = isNullable;
        PathPrefix = null;
    }

    public Field Key { get; }

    public Field Value { get; }

    internal string ContainerName { get; }

    internal override IReadOnlyList<Field> Children => [Key, Value];

    internal override FieldPath? PathPrefix
    {
        set
        {
            Path = value + new FieldPath(Name, ContainerName);
            Key.PathPrefix = Path;
            Value.PathPrefix = Path;
        }
    }

    internal override void PropagateLevels(int parentRepetitionLevel, int parentDefinitionLevel)
    {
        MaxRepetitionLevel = parentRepetitionLevel + 1;
        MaxDefinitionLevel = parentDefinitionLevel + (IsNullable ? 2 : 1);
        Key.PropagateLevels(MaxRepetitionLevel, MaxDefinitionLevel);
        Value.PropagateLevels(MaxRepetitionLevel, MaxDefinitionLevel);
    }
}
