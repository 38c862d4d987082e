using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Schema;

/// <summary>The table of built-in types (builtin.txt), read once.</summary>
internal static class BuiltInTypes
{
    private static readonly Lazy<Dictionary<string, TypeSchema>> Table = new(Read);

    /// <summary>The type of a short name of the table (<c>Pod</c>).</summary>
    public static TypeSchema Get(string shortName) => Table.Value[shortName];

    private static Dictionary<string, TypeSchema> Read()
    {
        using var resource = typeof(BuiltInTypes).Assembly.GetManifestResourceStream("builtin.txt")!;
        var lines = new StreamReader(resource).ReadToEnd().Split('\n');
        var types = new Dictionary<string, TypeSchema>(StringComparer.Ordinal);
        var package = "";
        var fields = new List<(TypeSchema Owner, string Line)>();
        TypeSchema? current = null;
        foreach (var line in lines)
        {
            if (line.StartsWith("package ", StringComparison.Ordinal))
            {
                package = line["package ".Length..];
            }
            else if (line.StartsWith("type ", StringComparison.Ordinal))
            {
                // "type EventsEvent = Event": a short name of ours for a type whose name another package has too.
                var comment = line.Split(" // ", 2);
                var names = comment[0]["type ".Length..].Split(" = ");
                current = new TypeSchema { Name = $"{package}.{names[^1]}", Type = "object", Description = comment.Length > 1 ? comment[1] : null };
                types.Add(names[0], current);
            }
            else if (line.StartsWith("  @atomic", StringComparison.Ordinal))
            {
                current!.AtomicMap = true;
            }
            else if (line.StartsWith("  ", StringComparison.Ordinal))
            {
                fields.Add((current!, line.Trim()));
            }
        }

        foreach (var (owner, line) in fields)
            AddField(types, owner, line);
        return types;
    }

    private static void AddField(Dictionary<string, TypeSchema> types, TypeSchema owner, string line)
    {
        var description = "";
        if (line.IndexOf(" // ", StringComparison.Ordinal) is > 0 and var comment)
        {
            description = line[(comment + 4)..];
            line = line[..comment];
        }

        var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var name = parts[0].TrimEnd('!');
        if (parts[0].EndsWith('!'))
            owner.Required.Add(name);
        var schema = Named(types, parts[1]);
        if (description.Length > 0)
            schema.Description = description;
        foreach (var attribute in parts[2..])
        {
            var (key, value) = attribute.Split('=', 2) is [var k, var v] ? (k, v) : (attribute, "");
            switch (key)
            {
                case "merge":
                    schema.MergeKey = value;
                    break;
                case "keys":
                    schema.ListType = "map";
                    schema.ListMapKeys = value.Split(',');
                    break;
                case "set":
                    schema.ListType = "set";
                    break;
                case "atomic":
                    schema.AtomicMap = true;
                    break;
                case "strategy":
                    schema.MergeStrategy = value;
                    break;
                case "default":
                    schema.Default = JsonReading.Parse(value);
                    break;
            }
        }

        owner.Properties[name] = schema;
    }

    private static TypeSchema Named(Dictionary<string, TypeSchema> types, string type)
    {
        if (type.StartsWith("[]", StringComparison.Ordinal))
            return new TypeSchema { Type = "array", Items = Named(types, type[2..]) };
        if (type.StartsWith("map:", StringComparison.Ordinal))
            return new TypeSchema { Type = "object", Values = Named(types, type[4..]) };
        return type switch
        {
            "string" => new TypeSchema { Type = "string" },
            "bytes" => new TypeSchema { Type = "string", Format = "byte" },
            "time" => new TypeSchema { Type = "string", Format = "date-time" },
            "microTime" => new TypeSchema { Type = "string", Format = "micro-time" },
            "quantity" => new TypeSchema { IntOrString = true, Format = "quantity" },
            "intOrString" => new TypeSchema { IntOrString = true },
            "bool" => new TypeSchema { Type = "boolean" },
            "int32" or "int64" => new TypeSchema { Type = "integer", Format = type },
            "double" => new TypeSchema { Type = "number", Format = "double" },
            "object" => new TypeSchema { PreserveUnknown = true },
            _ => types[type],
        };
    }
}
