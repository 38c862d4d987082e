using System.Text.Json.Nodes;
using Parquet;
using Parquet.Data;
using Parquet.Meta;
using Parquet.Schema;

namespace LightReasoner.Worker.Data;

/// <summary>Assembles the rows of one row group from its columns (the record assembly of the Dremel paper).</summary>
internal sealed class ParquetRows
{
    private readonly List<(string Name, ParquetNode Node)> _fields = [];
    private readonly List<ParquetColumn> _columns = [];
    private readonly long _rows;
    private long _next;

    private ParquetRows(long rows) => _rows = rows;

    /// <summary>Reads a row group's columns.</summary>
    public static async Task<ParquetRows> LoadAsync(ParquetReader reader, int group, CancellationToken cancellation)
    {
        ParquetRowGroupReader source = reader.OpenRowGroupReader(group);
        var rows = new ParquetRows(source.RowCount);
        SchemaElement[] leaves = [.. reader.Metadata!.Schema.Where(element => element.Type is not null)];
        DataField[] fields = reader.Schema.GetDataFields();
        for (int i = 0; i < fields.Length; i++)
        {
            DataColumn data = await source.ReadColumnAsync(AsStored(fields[i].Path, ParquetValues.StoredType(leaves[i])), cancellation);
            rows._columns.Add(new ParquetColumn(data, ParquetValues.ToJson(leaves[i], data.DefinedData), fields[i].MaxDefinitionLevel));
        }
        var columns = new Queue<ParquetColumn>(rows._columns);
        foreach (Field field in reader.Schema.Fields)
        {
            if (rows._fields.Exists(known => known.Name == field.Name)) throw new InvalidDataException($"two columns are named '{field.Name}'");
            rows._fields.Add((field.Name, ParquetNode.Create(field, columns)));
        }
        return rows;
    }

    /// <summary>The next row; null after the last.</summary>
    /// <exception cref="InvalidDataException">The columns contradict each other.</exception>
    public JsonObject? Next()
    {
        if (_next == _rows) return null;
        _next++;
        var row = new JsonObject();
        foreach ((string name, ParquetNode node) in _fields) row.Add(name, node.Read());
        foreach (ParquetColumn column in _columns) column.ExpectRowEnd();
        return row;
    }

    /// <summary>A field that reads a column in its stored type, so that nothing is lost to the range of .NET's own types.</summary>
    private static DataField AsStored(FieldPath path, System.Type type)
    {
        var data = new DataField(path.Length == 0 ? "" : path[path.Length - 1], type, isNullable: true);
        Field field = data;
        for (int i = path.Length - 2; i >= 0; i--) field = new StructField(path[i], field);
        _ = new ParquetSchema(field);
        return data;
    }
}
