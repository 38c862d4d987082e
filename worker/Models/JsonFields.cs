namespace LightReasoner.Worker.Models;

/// <summary>Reads the fields of a Hugging Face JSON file; every complaint names the file and the field.</summary>
internal sealed class JsonFields(JsonObject json, string file, string prefix = "")
{
    public bool Has(string name) => json[name] is not null;

    public int Int(string name, int min, int? otherwise = null)
    {
        if (json[name] is not { } node)
            return otherwise ?? throw Missing(name);
        if (Number(node) is { } number && number == Math.Floor(number) && number >= min && number <= int.MaxValue)
            return (int)number;
        throw Bad(name, $"must be a whole number from {min} to {int.MaxValue}, is {node.ToJsonString()}");
    }

    public double Positive(string name, double? otherwise = null)
    {
        if (json[name] is not { } node)
            return otherwise ?? throw Missing(name);
        if (Number(node) is { } number && double.IsFinite(number) && number > 0)
            return number;
        throw Bad(name, $"must be a number above 0, is {node.ToJsonString()}");
    }

    public bool Bool(string name, bool otherwise) => json[name] switch
    {
        null => otherwise,
        JsonValue value when value.GetValueKind() == JsonValueKind.True => true,
        JsonValue value when value.GetValueKind() == JsonValueKind.False => false,
        var node => throw Bad(name, $"must be true or false, is {node.ToJsonString()}"),
    };

    public string? Text(string name) => json[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? text) => text,
        var node => throw Bad(name, $"must be a string, is {node.ToJsonString()}"),
    };

    /// <summary>The fields of an object; null where it is missing or empty.</summary>
    public JsonFields? Object(string name) => json[name] switch
    {
        null or JsonObject { Count: 0 } => null,
        JsonObject inner => new JsonFields(inner, file, $"{prefix}{name}."),
        var node => throw Bad(name, $"must be an object, is {node.ToJsonString()}"),
    };

    /// <summary>Names, given as one string or as a list of strings.</summary>
    public string[] Texts(string name) => json[name] switch
    {
        null => [],
        JsonValue value when value.TryGetValue(out string? one) => [one],
        JsonArray list => [.. list.Select(item => item is JsonValue v && v.TryGetValue(out string? s) ? s
            : throw Bad(name, $"must hold strings, holds {item?.ToJsonString() ?? "null"}"))],
        var node => throw Bad(name, $"must be a string or a list of strings, is {node.ToJsonString()}"),
    };

    /// <summary>Token ids, given as one number or as a list of numbers.</summary>
    public int[] Ids(string name)
    {
        return json[name] switch
        {
            null => [],
            JsonValue one => [Id(one)],
            JsonArray list => [.. list.Select(Id)],
            var node => throw Bad(name, $"must be a token id or a list of token ids, is {node.ToJsonString()}"),
        };

        int Id(JsonNode? node) => Number(node) is { } id && id == Math.Floor(id) && id is >= 0 and <= int.MaxValue
            ? (int)id
            : throw Bad(name, $"must hold token ids (whole numbers, 0 or more), holds {node?.ToJsonString() ?? "null"}");
    }

    public InvalidDataException Bad(string name, string problem) => new($"{file}: field '{prefix}{name}' {problem}");

    /// <summary>The value of a JSON number, whichever CLR type it was made from.</summary>
    public static double? Number(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
        && double.TryParse(value.ToJsonString(), NumberStyles.Float, null, out var number) ? number : null;

    private InvalidDataException Missing(string name) => new($"{file}: field '{prefix}{name}' is missing");
}
