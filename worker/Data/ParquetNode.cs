using ParquetSharp;
using ParquetSharp.Schema;

namespace LightReasoner.Worker.Data;

/// <summary>Reads instances of one schema field, one after the other: the record assembly of the Dremel paper.</summary>
internal abstract class ParquetNode
{
    private ParquetNode(IReadOnlyList<ParquetColumn> columns) => Columns = columns;

    /// <summary>The columns below this field; the first one's levels tell whether there is an instance.</summary>
    private IReadOnlyList<ParquetColumn> Columns { get; }

    public abstract JsonNode? Read();

    /// <summary>A reader for the rows of a schema, which takes its columns off the queue.</summary>
    public static ParquetNode OfRows(GroupNode root, Queue<ParquetColumn> columns) => Group(root, 0, 0, columns);

    /// <param name="field">Its annotation says whether it is a list or a map; old files have other shapes of them than new ones.</param>
    /// <param name="definition">Definition level of the field around.</param>
    private static ParquetNode Create(Node field, int definition, int repetition, Queue<ParquetColumn> columns)
    {
        if (field.Repetition == Repetition.Repeated) // no LIST or MAP stands around it: a list of its own
            return new List(Element(field, definition + 1, repetition + 1, columns), definition + 1, repetition + 1, isNullable: false);
        var isNullable = field.Repetition == Repetition.Optional;
        if (isNullable) definition++;
        if (field is GroupNode group && Fields(group) is [{ Repetition: Repetition.Repeated } middle]
            && TypeOf(group) is LogicalTypeEnum.List or LogicalTypeEnum.Map)
            return new List(Item(group, middle, definition + 1, repetition + 1, columns), definition + 1, repetition + 1, isNullable);
        return Element(field, definition, repetition, columns);
    }

    private static ParquetNode Element(Node field, int definition, int repetition, Queue<ParquetColumn> columns) =>
        field is GroupNode group ? Group(group, definition, repetition, columns) : new Leaf(columns.Dequeue());

    /// <summary>The entries of a list or a map, by the format's rules for lists of two and of three levels.</summary>
    private static ParquetNode Item(GroupNode list, Node middle, int definition, int repetition, Queue<ParquetColumn> columns)
    {
        if (middle is not GroupNode group) return new Leaf(columns.Dequeue());
        var fields = Fields(group);
        if (TypeOf(list) == LogicalTypeEnum.Map && fields is [{ Repetition: not Repetition.Repeated } key,
            { Repetition: not Repetition.Repeated } value])
            return new Struct(definition, [("key", Create(key, definition, repetition, columns)),
                ("value", Create(value, definition, repetition, columns))]);
        if (fields is [{ Repetition: not Repetition.Repeated } only] && group.Name != "array" && group.Name != list.Name + "_tuple")
            return Create(only, definition, repetition, columns);
        // The repeated group of an old list of lists is itself annotated as a list.
        if (fields is [{ Repetition: Repetition.Repeated } inner] && TypeOf(group) == LogicalTypeEnum.List)
            return new List(Item(group, inner, definition + 1, repetition + 1, columns), definition + 1, repetition + 1, isNullable: false);
        return Group(group, definition, repetition, columns);
    }

    private static Struct Group(GroupNode group, int definition, int repetition, Queue<ParquetColumn> columns)
    {
        var children = new List<(string Name, ParquetNode Node)>();
        foreach (var field in Fields(group))
        {
            if (children.Exists(child => child.Name == field.Name))
                throw new InvalidDataException($"two fields of a group are named '{field.Name}'");
            children.Add((field.Name, Create(field, definition, repetition, columns)));
        }
        return new Struct(definition, children);
    }

    private static Node[] Fields(GroupNode group) => group.Fields is { Length: > 0 } fields ? fields
        : throw new InvalidDataException($"group '{group.Name}' has no fields");

    private static LogicalTypeEnum? TypeOf(Node node)
    {
        using var type = ParquetValues.Annotation(() => node.LogicalType);
        return type?.Type;
    }

    private void Skip()
    {
        foreach (var column in Columns) column.Skip();
    }

    private sealed class Leaf(ParquetColumn column) : ParquetNode([column])
    {
        public override JsonNode? Read() => column.Read();
    }

    /// <param name="definition">Level from which on there is an instance.</param>
    private sealed class Struct(int definition, List<(string Name, ParquetNode Node)> children)
        : ParquetNode([.. children.SelectMany(child => child.Node.Columns)])
    {
        public override JsonNode? Read()
        {
            if (Columns[0].Definition < definition)
            {
                Skip();
                return null;
            }
            var result = new JsonObject();
            foreach (var (name, node) in children) result.Add(name, node.Read());
            return result;
        }
    }

    /// <param name="definition">Level from which on there is an entry.</param>
    /// <param name="isNullable">Whether there may be no list, rather than an empty one.</param>
    private sealed class List(ParquetNode item, int definition, int repetition, bool isNullable) : ParquetNode(item.Columns)
    {
        public override JsonNode? Read()
        {
            var found = Columns[0].Definition;
            if (found < definition)
            {
                Skip();
                return isNullable && found < definition - 1 ? null : new JsonArray();
            }
            var result = new JsonArray();
            do result.Add(item.Read());
            while (Continues());
            return result;
        }

        private bool Continues()
        {
            var more = Columns[0].Repetition == repetition;
            foreach (var column in Columns)
                if (more ? column.Repetition != repetition : column.Repetition >= repetition) throw column.Contradiction();
            return more;
        }
    }
}
