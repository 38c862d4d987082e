using System.Numerics;
using Parquet.Meta;

namespace Parquet.Schema;

/// <summary>Turns a footer's flat list of elements into fields, old list and map shapes included.</summary>
internal sealed class SchemaReader
{
    private const int MaxDepth = 64;
    private readonly IReadOnlyList<SchemaElement> _elements;
    private readonly ParquetOptions _options;
    private int _next;

    private SchemaReader(IReadOnlyList<SchemaElement> elements, ParquetOptions options)
    {
        _elements = elements;
        _options = options;
    }

    /// <summary>The leaves in the order of the column chunks.</summary>
    private List<SchemaLeaf> Leaves { get; } = [];

    public static (ParquetSchema Schema, IReadOnlyList<SchemaLeaf> Leaves) Read(IReadOnlyList<SchemaElement> elements, ParquetOptions options)
    {
        var reader = new SchemaReader(elements, options);
        Node root = reader.ReadNode(null, 0, 0, 0);
        if (reader._next != elements.Count) throw new ParquetException($"the schema has {elements.Count} elements, of which its root holds {reader._next}");
        if (root.Children.Count == 0) throw new ParquetException("the schema has no columns");
        var schema = new ParquetSchema(root.Children.Select(reader.Build));
        // Whatever shape the groups were taken for, the columns must come out as the file nests them.
        if (!schema.DataFields.Select(Nesting).SequenceEqual(reader.Leaves.Select(leaf => (leaf.Path, leaf.MaxRepetitionLevel, leaf.MaxDefinitionLevel))))
            throw new ParquetException("the schema has a shape of lists or maps that is not understood");
        return (schema, reader.Leaves);
    }

    private static (FieldPath Path, int Repetition, int Definition) Nesting(DataField field) => (field.Path, field.MaxRepetitionLevel, field.MaxDefinitionLevel);

    private Node ReadNode(Node? parent, int repetitionLevel, int definitionLevel, int depth)
    {
        if (_next >= _elements.Count) throw new ParquetException("the schema ends before its groups are complete");
        if (depth > MaxDepth) throw new ParquetException($"the schema is nested more than {MaxDepth} deep");
        SchemaElement element = _elements[_next++];
        var node = new Node(element, parent);
        if (parent is not null)
        {
            if (node.IsRepeated) repetitionLevel++;
            if (element.RepetitionType is FieldRepetitionType.OPTIONAL or FieldRepetitionType.REPEATED) definitionLevel++;
        }
        if (element.Type is null || parent is null)
        {
            if (element.NumChildren is not > 0) throw new ParquetException($"schema element '{element.Name}' has neither a type nor children");
            for (int i = 0; i < element.NumChildren; i++) node.Children.Add(ReadNode(node, repetitionLevel, definitionLevel, depth + 1));
        }
        else
        {
            if (element.NumChildren > 0) throw new ParquetException($"schema element '{element.Name}' has both a type and children");
            if (element.Type == Meta.Type.FIXED_LEN_BYTE_ARRAY && element.TypeLength is not > 0)
                throw new ParquetException($"column '{element.Name}' is FIXED_LEN_BYTE_ARRAY of length {element.TypeLength?.ToString() ?? "none"}");
            Leaves.Add(new SchemaLeaf(element, new FieldPath(node.Path()), repetitionLevel, definitionLevel));
        }
        return node;
    }

    private Field Build(Node node)
    {
        // A repeated element that no LIST or MAP stands around is a list of its own.
        if (node.IsRepeated && node.IsGroup) return new ListField(node.Name, Structure(node, isNullable: false, atPrefix: true), null, isNullable: false);
        if (!node.IsGroup) return Data(node, isArray: node.IsRepeated);
        bool map = node.Converted is ConvertedType.MAP or ConvertedType.MAP_KEY_VALUE || node.Element.LogicalType?.MAP is not null;
        bool list = node.Converted == ConvertedType.LIST || node.Element.LogicalType?.LIST is not null;
        if ((map || list) && node.Children is [{ IsRepeated: true } middle])
        {
            if (map && middle is { IsGroup: true, Children: [{ IsRepeated: false } key, { IsRepeated: false } value] })
                return new MapField(node.Name, Build(key), Build(value), middle.Name, node.IsOptional);
            return List(node, middle);
        }
        return Structure(node, node.IsOptional, atPrefix: false);
    }

    /// <summary>The backward compatibility rules of the format for two- and three-level lists.</summary>
    private ListField List(Node node, Node middle)
    {
        if (!middle.IsGroup) return new ListField(node.Name, Data(middle, isArray: false), null, node.IsOptional);
        bool middleIsElement = middle.Children.Count > 1 || middle.Children[0].IsRepeated || middle.Name == "array" || middle.Name == node.Name + "_tuple";
        if (!middleIsElement) return new ListField(node.Name, Build(middle.Children[0]), middle.Name, node.IsOptional);
        // The repeated group of an old list of lists is itself annotated as a list.
        Field item = middle.Converted == ConvertedType.LIST && middle.Children is [{ IsRepeated: true } inner]
            ? List(middle, inner)
            : Structure(middle, isNullable: false, atPrefix: false);
        return new ListField(node.Name, item, null, node.IsOptional);
    }

    private StructField Structure(Node node, bool isNullable, bool atPrefix) =>
        new(atPrefix ? "" : node.Name, [.. node.Children.Select(Build)]) { IsNullable = isNullable };

    private DataField Data(Node node, bool isArray)
    {
        SchemaElement e = node.Element;
        bool nullable = node.IsOptional;
        DataField field = e switch
        {
            { LogicalType.TIMESTAMP: { } timestamp, Type: Meta.Type.INT64 } =>
                new DateTimeDataField(e.Name, DateTimeFormat.Timestamp, timestamp.IsAdjustedToUTC, Unit(timestamp.Unit), nullable),
            { ConvertedType: ConvertedType.TIMESTAMP_MILLIS, Type: Meta.Type.INT64 } => new DateTimeDataField(e.Name, DateTimeFormat.DateAndTime, true, DateTimeTimeUnit.Millis, nullable),
            { ConvertedType: ConvertedType.TIMESTAMP_MICROS, Type: Meta.Type.INT64 } => new DateTimeDataField(e.Name, DateTimeFormat.DateAndTimeMicros, true, DateTimeTimeUnit.Micros, nullable),
            { Type: Meta.Type.INT32, ConvertedType: ConvertedType.DATE } when !_options.UseDateOnlyTypeForDates => new DateTimeDataField(e.Name, DateTimeFormat.Date, isNullable: nullable),
            { Type: Meta.Type.INT96 } when _options.TreatBigIntegersAsDates => new DateTimeDataField(e.Name, DateTimeFormat.Impala, isNullable: nullable),
            { ConvertedType: ConvertedType.DECIMAL } when Precision(e) is var (precision, scale) => new DecimalDataField(e.Name, precision, scale, isNullable: nullable),
            _ => new DataField(e.Name, ClrType(e), nullable),
        };
        field.IsArray = isArray;
        return field;
    }

    private System.Type ClrType(SchemaElement e) => e.Type switch
    {
        Meta.Type.BOOLEAN => typeof(bool),
        Meta.Type.INT32 => e.ConvertedType switch
        {
            ConvertedType.INT_8 => typeof(sbyte),
            ConvertedType.UINT_8 => typeof(byte),
            ConvertedType.INT_16 => typeof(short),
            ConvertedType.UINT_16 => typeof(ushort),
            ConvertedType.UINT_32 => typeof(uint),
            ConvertedType.DATE => typeof(DateOnly),
            ConvertedType.TIME_MILLIS => _options.UseTimeOnlyTypeForTimeMillis ? typeof(TimeOnly) : typeof(TimeSpan),
            _ => typeof(int),
        },
        Meta.Type.INT64 => e.ConvertedType switch
        {
            ConvertedType.UINT_64 => typeof(ulong),
            ConvertedType.TIME_MICROS => _options.UseTimeOnlyTypeForTimeMicros ? typeof(TimeOnly) : typeof(TimeSpan),
            _ => typeof(long),
        },
        Meta.Type.INT96 => typeof(BigInteger),
        Meta.Type.FLOAT => typeof(float),
        Meta.Type.DOUBLE => typeof(double),
        Meta.Type.FIXED_LEN_BYTE_ARRAY when e is { TypeLength: 16, LogicalType.UUID: not null } => typeof(Guid),
        _ when IsText(e) || _options.TreatByteArrayAsString => typeof(string),
        _ => typeof(byte[]),
    };

    private static bool IsText(SchemaElement e) =>
        e.ConvertedType == ConvertedType.UTF8 || e.LogicalType?.STRING is not null;

    private static (int Precision, int Scale)? Precision(SchemaElement e)
    {
        int precision = e.Precision ?? 38, scale = e.Scale ?? 0;
        return precision >= 1 && scale >= 0 && scale <= precision ? (precision, scale) : null;
    }

    private static DateTimeTimeUnit Unit(TimeUnit unit) =>
        unit.NANOS is not null ? DateTimeTimeUnit.Nanos : unit.MICROS is not null ? DateTimeTimeUnit.Micros : DateTimeTimeUnit.Millis;

    private sealed class Node(SchemaElement element, Node? parent)
    {
        public SchemaElement Element { get; } = element;
        public List<Node> Children { get; } = [];
        public string Name => Element.Name;
        public ConvertedType? Converted => Element.ConvertedType;
        public bool IsGroup => Children.Count > 0;
        public bool IsRepeated => Element.RepetitionType == FieldRepetitionType.REPEATED;
        public bool IsOptional => Element.RepetitionType == FieldRepetitionType.OPTIONAL;

        public IEnumerable<string> Path() => parent is null ? [] : parent.Path().Append(Name);
    }
}

/// <summary>A column of the file.</summary>
internal sealed record SchemaLeaf(SchemaElement Element, FieldPath Path, int MaxRepetitionLevel, int MaxDefinitionLevel);
