namespace Parquet.Schema;

/// <summary>A list of values or of structures; nullable.</summary>
public class ListField : Field
{
    public ListField(string name, Field item)
        : this(name, item, "list", isNullable: true)
    {
    }

    /// <param name="name">Field name.</param>
    /// <param name="item">What the list holds.</param>
    /// <param name="containerName">Name of the repeated group; null where the item itself is the repeated element (the old two-level form).</param>
    /// <param name="isNullable">The list may be null.</param>
    internal ListField(string name, Field item, string? containerName, bool isNullable)
        : base(name, SchemaType.List)
    {
        Item = item ?? throw new ArgumentNullException(nameof(item));
        ContainerName = containerName;
        IsNullable = isNullable;
        PathPrefix = null;
    }

    public Field Item { get; }

    internal string? ContainerName { get; }

    internal override IReadOnlyList<Field> Children => [Item];

    internal override FieldPath? PathPrefix
    {
        set
        {
            Path = value + new FieldPath(Name) + (ContainerName is null ? null : new FieldPath(ContainerName));
            Item.PathPrefix = Path;
        }
    }

    internal override void PropagateLevels(int parentRepetitionLevel, int parentDefinitionLevel)
    {
        MaxRepetitionLevel = parentRepetitionLevel + 1;
        MaxDefinitionLevel = parentDefinitionLevel + (IsNullable ? 2 : 1);
        Item.PropagateLevels(MaxRepetitionLevel, MaxDefinitionLevel);
    }
}
