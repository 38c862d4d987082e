using System.Text.Encodings.Web;

namespace LightReasoner.Worker.Inspect;

/// <summary>The form of the small tools: a JSON object per line in and out; the first bad line ends it with exit code 65.</summary>
internal static class JsonLines
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Runs a tool on standard input and output, in UTF-8 whatever the locale is.</summary>
    internal static void OnConsole(Action<TextReader, Stream> tool)
    {
        using var input = new StreamReader(Console.OpenStandardInput(), Utf8);
        using Stream output = new BufferedStream(Console.OpenStandardOutput(), 1 << 16);
        tool(input, output);
    }

    /// <param name="answer">Reads a line and writes the fields of its answer; a FormatException is bad data in that line.</param>
    internal static void Each(TextReader input, Stream output, Action<JsonElement, Utf8JsonWriter> answer)
    {
        foreach (var (number, line) in Read(input))
            In(number, () =>
            {
                Write(output, writer => answer(line, writer));
                return true;
            });
    }

    /// <summary>The JSON objects of a text, one a line. Blank lines may only come at the end.</summary>
    /// <exception cref="WorkerException">A line is something else; the message names it.</exception>
    internal static IEnumerable<(int Number, JsonElement Line)> Read(TextReader input)
    {
        var blank = 0;
        for (int number = 1; In(number, input.ReadLine) is { } text; number++)
        {
            if (string.IsNullOrWhiteSpace(text))
            {
                blank = blank == 0 ? number : blank;
                continue;
            }
            if (blank > 0) throw BadLine(blank, "is blank; every line must hold a JSON object");
            yield return (number, In(number, () => Parse(text)));
        }
    }

    /// <summary>Writes a line: an object. Nothing is written if <paramref name="write"/> fails before it flushes.</summary>
    internal static void Write(Stream output, Action<Utf8JsonWriter> write)
    {
        var writer = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        try
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }
        catch
        {
            writer.Reset();
            throw;
        }
        writer.Dispose();
        output.WriteByte((byte)'\n');
        output.Flush();
    }

    /// <summary>Does something about a line; what goes wrong becomes an error that names the line.</summary>
    internal static T In<T>(int number, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is JsonException or DecoderFallbackException or FormatException or InvalidDataException)
        {
            var format = e switch { JsonException => "not valid JSON: ", DecoderFallbackException => "not valid UTF-8: ", _ => "" };
            throw BadLine(number, format + e.Message, e);
        }
    }

    internal static void Numbers(Utf8JsonWriter writer, string name, IEnumerable<int> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values) writer.WriteNumberValue(value);
        writer.WriteEndArray();
    }

    private static WorkerException BadLine(int number, string what, Exception? inner = null) =>
        new(ExitCode.BadData, $"line {number}: {what}", inner);

    private static JsonElement Parse(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.ValueKind == JsonValueKind.Object
            ? document.RootElement.Clone()
            : throw new FormatException($"expected a JSON object, found {Kind(document.RootElement)}");
    }

    internal static int[] Ids(JsonElement value, string field)
    {
        if (value.ValueKind != JsonValueKind.Array)
            throw new FormatException($"field '{field}': expected an array, found {Kind(value)}");
        return [.. value.EnumerateArray().Select((id, i) =>
            id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var number) && number >= 0 ? number
            : throw new FormatException($"field '{field}[{i}]': expected a token id, found {id.GetRawText()}"))];
    }

    /// <summary>A tree of an object. Of equal names the last counts, and text may hold lone surrogates.</summary>
    internal static JsonObject Tree(JsonElement value)
    {
        var properties = new JsonObject();
        foreach (var property in value.EnumerateObject()) properties[property.Name] = Node(property.Value);
        return properties;

        static JsonNode? Node(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.Object => Tree(value),
            JsonValueKind.Array => new JsonArray([.. value.EnumerateArray().Select(Node)]),
            JsonValueKind.String => JsonValue.Create(Text(value, "text")),
            JsonValueKind.Null => null,
            _ => JsonValue.Create(value),
        };
    }

    /// <summary>A string as it is, lone surrogates included (which JSON can spell and .NET's reader refuses).</summary>
    internal static string Text(JsonElement value, string field)
    {
        if (value.ValueKind != JsonValueKind.String)
            throw new FormatException($"field '{field}': expected a string, found {Kind(value)}");
        return Regex.Unescape(value.GetRawText()[1..^1]); // its escapes include those of JSON
    }

    private static string Kind(JsonElement value) => value.ValueKind.ToString().ToLowerInvariant();
}
