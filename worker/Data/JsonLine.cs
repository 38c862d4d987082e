using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LightReasoner.Worker.Data;

/// <summary>Writes JSON on one line with no more escapes than JSON asks for, and numbers as they were given.</summary>
internal static class JsonLine
{
    public static void Write(JsonNode? node, TextWriter output)
    {
        switch (node)
        {
            case null:
                output.Write("null");
                break;
            case JsonObject fields:
                char before = '{';
                foreach ((string name, JsonNode? value) in fields)
                {
                    output.Write(before);
                    WriteText(name, output);
                    output.Write(':');
                    Write(value, output);
                    before = ',';
                }
                output.Write(fields.Count == 0 ? "{}" : "}");
                break;
            case JsonArray items:
                output.Write('[');
                for (int i = 0; i < items.Count; i++)
                {
                    if (i > 0) output.Write(',');
                    Write(items[i], output);
                }
                output.Write(']');
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                WriteText(value.GetValue<string>(), output);
                break;
            default:
                output.Write(node.ToJsonString());
                break;
        }
    }

    public static string Text(JsonNode? node)
    {
        var text = new StringBuilder();
        using var writer = new StringWriter(text, CultureInfo.InvariantCulture);
        Write(node, writer);
        return text.ToString();
    }

    private static void WriteText(string text, TextWriter output)
    {
        output.Write('"');
        int done = 0;
        for (int i = 0; i < text.Length; i++)
        {
            string? escape = text[i] switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                < ' ' => $"\\u{(int)text[i]:x4}",
                _ => null,
            };
            if (escape is null) continue;
            output.Write(text.AsSpan(done, i - done));
            output.Write(escape);
            done = i + 1;
        }
        output.Write(text.AsSpan(done));
        output.Write('"');
    }
}
