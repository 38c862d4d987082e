using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace LightReasoner.DevCluster.Json;

/// <summary>YAML 1.1 as the API server reads it (a bare <c>y</c>, <c>on</c> or <c>No</c> is a boolean) and the YAML it writes.</summary>
internal static partial class YamlReading
{
    [GeneratedRegex("^[-+]?[0-9][0-9_]*$")]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?([0-9][0-9_]*)?\.?[0-9]+([eE][-+]?[0-9]+)?$|^[-+]?[0-9]+\.([eE][-+]?[0-9]+)?$")]
    private static partial Regex Real();

    public static JsonNode? Parse(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return stream.Documents.Count == 0 ? null : Convert(stream.Documents[0].RootNode);
    }

    public static string Write(JsonNode? node)
    {
        var builder = new StringBuilder();
        WriteNode(builder, node, 0, inList: false);
        return builder.ToString();
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode map => Mapping(map),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
        YamlScalarNode scalar => Scalar(scalar),
        _ => null,
    };

    private static JsonObject Mapping(YamlMappingNode map)
    {
        var o = new JsonObject();
        foreach (var (key, value) in map.Children)
            o[((YamlScalarNode)key).Value ?? ""] = Convert(value);
        return o;
    }

    private static JsonNode? Scalar(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any) || scalar.Tag.ToString() == "tag:yaml.org,2002:str")
            return JsonValue.Create(text);
        switch (text.ToLowerInvariant())
        {
            case "" or "~" or "null":
                return null;
            case "y" or "yes" or "true" or "on":
                return JsonValue.Create(true);
            case "n" or "no" or "false" or "off":
                return JsonValue.Create(false);
        }

        if (Integer().IsMatch(text) && long.TryParse(text.Replace("_", ""), CultureInfo.InvariantCulture, out var l))
            return JsonValue.Create(l);
        if (Real().IsMatch(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var d))
            return JsonValue.Create(d);
        return JsonValue.Create(text);
    }

    private static void WriteNode(StringBuilder b, JsonNode? node, int indent, bool inList)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } o:
                var first = true;
                foreach (var (key, value) in o.OrderBy(p => p.Key, StringComparer.Ordinal))
                {
                    if (!(first && inList))
                        b.Append(' ', indent);
                    first = false;
                    b.Append(ScalarText(JsonValue.Create(key))).Append(':');
                    WriteChild(b, value, indent);
                }

                break;
            case JsonArray { Count: > 0 } a:
                foreach (var item in a)
                {
                    b.Append(' ', indent).Append("- ");
                    if (item is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
                        WriteNode(b, item, indent + 2, inList: item is JsonObject);
                    else
                        b.Append(ScalarText(item)).Append('\n');
                }

                break;
            default:
                b.Append(ScalarText(node)).Append('\n');
                break;
        }
    }

    private static void WriteChild(StringBuilder b, JsonNode? value, int indent)
    {
        if (value is JsonObject { Count: > 0 })
        {
            b.Append('\n');
            WriteNode(b, value, indent + 2, inList: false);
        }
        else if (value is JsonArray { Count: > 0 })
        {
            b.Append('\n');
            WriteNode(b, value, indent, inList: false);
        }
        else
        {
            b.Append(' ').Append(ScalarText(value)).Append('\n');
        }
    }

    // JSON strings are YAML strings; plain style only where it cannot be read as anything else.
    private static string ScalarText(JsonNode? node)
    {
        if (node.AsString() is not { } text)
            return node is JsonArray ? "[]" : node is JsonObject ? "{}" : node.Text();
        var plain = text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "-_./".Contains(c)) && char.IsAsciiLetter(text[0])
            && Scalar(new YamlScalarNode(text))?.AsString() is not null;
        return plain ? text : JsonValue.Create(text).Text();
    }
}
