using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LightReasoner.Worker.Inspect;

/// <summary>The loop of the small tools: a JSON object per line in, a JSON object per line out, the first bad line ends it.</summary>
internal static class JsonLines
{
    /// <summary>sysexits EX_DATAERR: a line is not what the tool expects.</summary>
    internal const int BadData = 65;

    /// <summary>sysexits EX_NOINPUT: a file or folder is missing.</summary>
    internal const int MissingInput = 66;

    /// <summary>Handles every line; returns the exit code. A <see cref="FormatException"/> of the handler is bad data in that line.</summary>
    internal static int Run(TextReader input, TextWriter output, TextWriter errors, Action<JsonElement, Utf8JsonWriter> handle)
    {
        var buffer = new MemoryStream();
        for (var number = 1; ; number++)
        {
            try
            {
                if (input.ReadLine() is not { } line)
                    return 0;
                buffer.SetLength(0);
                using (var document = JsonDocument.Parse(line))
                using (var writer = new Utf8JsonWriter(buffer))
                {
                    if (document.RootElement.ValueKind != JsonValueKind.Object)
                        throw new FormatException($"expected a JSON object, found {document.RootElement.ValueKind.ToString().ToLowerInvariant()}");
                    handle(document.RootElement, writer);
                }
                output.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
            }
            catch (Exception e) when (e is FormatException or JsonException or DecoderFallbackException)
            {
                errors.WriteLine($"line {number}: {(e is JsonException ? "not valid JSON: " : e is DecoderFallbackException ? "not valid UTF-8: " : "")}{e.Message}");
                return BadData;
            }
        }
    }

    /// <summary>Runs a tool on standard input and output, in UTF-8 whatever the locale is; a missing file is exit code 66, a damaged one 65.</summary>
    internal static int RunOnConsole(Func<TextReader, TextWriter, TextWriter, int> tool)
    {
        var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        using var input = new StreamReader(Console.OpenStandardInput(), strict);
        using var output = new StreamWriter(Console.OpenStandardOutput(), strict) { AutoFlush = true };
        try
        {
            return tool(input, output, Console.Error);
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine(e.Message);
            return BadData;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            Console.Error.WriteLine(e.Message);
            return MissingInput;
        }
    }

    /// <summary>A tree of a value. Of equal names the last counts, and text may hold lone surrogates.</summary>
    internal static JsonNode? Node(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var properties = new JsonObject();
                foreach (var property in value.EnumerateObject())
                    properties[property.Name] = Node(property.Value);
                return properties;
            case JsonValueKind.Array:
                return new JsonArray([.. value.EnumerateArray().Select(Node)]);
            case JsonValueKind.String:
                return JsonValue.Create(Text(value, "text"));
            case JsonValueKind.Null:
                return null;
            default:
                return JsonValue.Create(value);
        }
    }

    /// <summary>A string as it is, lone surrogates included (which JSON can spell and .NET's reader refuses).</summary>
    internal static string Text(JsonElement value, string field)
    {
        if (value.ValueKind != JsonValueKind.String)
            throw new FormatException($"field '{field}': expected a string, found {value.ValueKind.ToString().ToLowerInvariant()}");
        var raw = value.GetRawText();
        if (!raw.Contains("\\u", StringComparison.Ordinal))
            return value.GetString()!;
        var text = new StringBuilder(raw.Length);
        for (var i = 1; i < raw.Length - 1; i++)
        {
            if (raw[i] != '\\')
            {
                text.Append(raw[i]);
                continue;
            }
            text.Append(raw[++i] switch
            {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\b',
                'f' => '\f',
                'u' => (char)ushort.Parse(raw.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                var c => c,
            });
            i += raw[i] == 'u' ? 4 : 0;
        }
        return text.ToString();
    }
}
