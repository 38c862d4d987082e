using System.Text.Json.Nodes;
using Parquet.Schema;

namespace LightReasoner.Worker.Data;

/// <summary>Reads instances of one schema field, one after the other.</summary>
internal abstract class ParquetNode
{
    private ParquetNode(IReadOnlyList<ParquetColumn> columns) => Columns = columns;

    /// <summary>The columns below this field; the first one's levels tell whether there is an instance.</summary>
    private IReadOnlyList<ParquetColumn> Columns { get; }

    /// <summary>The next instance.</summary>
    public abstract JsonNode? Read();

    /// <summary>A reader for a field, which takes its columns off the queue.</summary>
    public static ParquetNode Create(Field field, Queue<ParquetColumn> columns) => field switch
    {
        DataField { IsArray: true } data => new List(data, new Leaf(columns.Dequeue()), isNullable: false),
        DataField => new Leaf(columns.Dequeue()),
        ListField list => new List(list, Create(list.Item, columns), list.IsNullable),
        MapField map => new List(map, Group(map.MaxDefinitionLevel, [("key", map.Key), ("value", map.Value)], columns), map.IsNullable),
        StructField group => Group(group.MaxDefinitionLevel, [.. group.Fields.Select(child => (child.Name, child))], columns),
        _ => throw new InvalidDataException($"field '{field.Name}' is of an unknown kind"),
    };

    private static Struct Group(int definition, IReadOnlyList<(string Name, Field Field)> fields, Queue<ParquetColumn> columns)
    {
        var children = new List<(string Name, ParquetNode Node)>();
        foreach ((string name, Field field) in fields)
        {
            if (children.Exists(child => child.Name == name)) throw new InvalidDataException($"two fields of a group are named '{name}'");
            children.Add((name, Create(field, columns)));
        }
        return new Struct(definition, children);
    }

    private void Skip()
    {
        foreach (ParquetColumn column in Columns) column.Skip();
    }

    private sealed class Leaf(ParquetColumn column) : ParquetNode([column])
    {
        public override JsonNode? Read() => column.Read();
    }

    /// <param name="definition">Level from which on there is an instance.</param>
    /// <param name="children">The fields in schema order.</param>
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
            foreach ((string name, ParquetNode node) in children) result.Add(name, node.Read());
            return result;
        }
    }

    private sealed class List(Field field, ParquetNode item, bool isNullable) : ParquetNode(item.Columns)
    {
        private readonly int _definition = field.MaxDefinitionLevel, _repetition = field.MaxRepetitionLevel;

        public override JsonNode? Read()
        {
            int definition = Columns[0].Definition;
            if (definition < _definition)
            {
                Skip();
                return isNullable && definition < _definition - 1 ? null : new JsonArray();
            }
            var result = new JsonArray();
            do result.Add(item.Read());
            while (Continues());
            return result;
        }

        private bool Continues()
        {
            bool more = Columns[0].Repetition == _repetition;
            foreach (ParquetColumn column in Columns)
                if (more ? column.Repetition != _repetition : column.Repetition >= _repetition) throw column.Contradiction();
            return more;
        }
    }
}
