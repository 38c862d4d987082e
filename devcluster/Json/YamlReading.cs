using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace LightReasoner.DevCluster.Json;

/// <summary>YAML 1.1 as the API server reads it (a bare <c>y</c>, <c>on</c> or <c>No</c> is a boolean).</summary>
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
}
