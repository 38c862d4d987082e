namespace LightReasoner.DevCluster.Json;

/// <summary>
/// Reads JSON the way the API server does: the last of several equal keys wins, and the paths of the others are remembered.
/// </summary>
internal static class JsonReading
{
    public static JsonNode? Parse(ReadOnlySpan<byte> utf8, List<string>? duplicates = null)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 256 });
        if (!reader.Read())
            throw new JsonException("unexpected end of JSON input");
        var value = Value(ref reader, "", duplicates);
        if (reader.Read())
            throw new JsonException("invalid data after top-level value");
        return value;
    }

    public static JsonNode? Parse(string text) => Parse(Encoding.UTF8.GetBytes(text));

    private static JsonNode? Value(ref Utf8JsonReader reader, string path, List<string>? duplicates)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var o = new JsonObject();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var key = reader.GetString()!;
                    var child = path.Length == 0 ? key : path + "." + key;
                    reader.Read();
                    if (o.ContainsKey(key))
                        duplicates?.Add(child);
                    o[key] = Value(ref reader, child, duplicates);
                }

                return o;
            case JsonTokenType.StartArray:
                var a = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    a.Add(Value(ref reader, $"{path}[{a.Count}]", duplicates));
                return a;
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString()!);
            case JsonTokenType.Number:
                return reader.TryGetInt64(out var l) ? JsonValue.Create(l) : JsonValue.Create(reader.GetDouble());
            case JsonTokenType.True:
                return JsonValue.Create(true);
            case JsonTokenType.False:
                return JsonValue.Create(false);
            default:
                return null;
        }
    }
}
