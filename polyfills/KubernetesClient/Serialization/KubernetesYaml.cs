using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace k8s;

/// <summary>YAML in and out. The document is turned into JSON first, so that both formats follow the same rules for every type.</summary>
public static class KubernetesYaml
{
    public static TValue Deserialize<TValue>(string yaml, bool strict = false)
    {
        var options = strict ? new JsonSerializerOptions(KubernetesJson.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow } : null;
        return KubernetesJson.Deserialize<TValue>(Documents(yaml).FirstOrDefault()?.ToJsonString() ?? "null", options);
    }

    public static TValue LoadFromString<TValue>(string content, bool strict = false) => Deserialize<TValue>(content, strict);

    public static async Task<T> LoadFromFileAsync<T>(string file, bool strict = false) =>
        Deserialize<T>(await File.ReadAllTextAsync(file).ConfigureAwait(false), strict);

    public static string Serialize(object value)
    {
        var text = new StringWriter(new StringBuilder(), CultureInfo.InvariantCulture) { NewLine = "\n" };
        var emitter = new Emitter(text, new EmitterSettings().WithIndentedSequences());
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, true));
        Write(emitter, JsonNode.Parse(KubernetesJson.Serialize(value)));
        emitter.Emit(new DocumentEnd(true));
        emitter.Emit(new StreamEnd());
        return text.ToString().TrimEnd('\n');
    }

    internal static IEnumerable<JsonNode> Documents(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return stream.Documents.Select(d => ToJson(d.RootNode)).Where(d => d is not null);
    }

    private static JsonNode ToJson(YamlNode node)
    {
        switch (node)
        {
            case YamlMappingNode map:
                var result = new JsonObject();
                foreach (var (key, value) in map.Children)
                {
                    result[((YamlScalarNode)key).Value ?? ""] = ToJson(value);
                }

                return result;
            case YamlSequenceNode list:
                return new JsonArray(list.Children.Select(ToJson).ToArray());
            default:
                return Scalar((YamlScalarNode)node);
        }
    }

    private static JsonNode Scalar(YamlScalarNode node)
    {
        var text = node.Value ?? "";
        if (node.Style is ScalarStyle.SingleQuoted or ScalarStyle.DoubleQuoted or ScalarStyle.Literal or ScalarStyle.Folded
            || node.Tag is { IsEmpty: false, Value: "tag:yaml.org,2002:str" })
        {
            return JsonValue.Create(text);
        }

        return text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            "true" or "True" or "TRUE" => JsonValue.Create(true),
            "false" or "False" or "FALSE" => JsonValue.Create(false),
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
            _ when LooksLikeNumber(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) => JsonValue.Create(real),
            _ => JsonValue.Create(text),
        };
    }

    private static bool LooksLikeNumber(string text) => text[0] is (>= '0' and <= '9') or '-' or '+' or '.' && text.Any(char.IsAsciiDigit);

    private static void Write(Emitter emitter, JsonNode node)
    {
        switch (node)
        {
            case JsonObject map:
                emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, true, map.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
                foreach (var (key, value) in map)
                {
                    WriteString(emitter, key);
                    Write(emitter, value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonArray list:
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, true, list.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block));
                foreach (var item in list)
                {
                    Write(emitter, item);
                }

                emitter.Emit(new SequenceEnd());
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                WriteString(emitter, value.GetValue<string>());
                break;
            default:
                emitter.Emit(new Scalar(node?.ToJsonString() ?? "null"));
                break;
        }
    }

    private static void WriteString(Emitter emitter, string text)
    {
        var plain = Scalar(new YamlScalarNode(text)) is JsonValue v && v.GetValueKind() == JsonValueKind.String
            && text is not ("y" or "Y" or "n" or "N" or "yes" or "Yes" or "YES" or "no" or "No" or "NO" or "on" or "On" or "ON" or "off" or "Off" or "OFF");
        var style = text.Contains('\n', StringComparison.Ordinal) ? ScalarStyle.Literal : plain ? ScalarStyle.Any : ScalarStyle.DoubleQuoted;
        emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, style, style is ScalarStyle.Any, true));
    }
}
