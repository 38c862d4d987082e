using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.Api.Validation;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;
using YamlDotNet.Serialization;

namespace LightReasoner.Api;

/// <summary>A parsed YAML document as JSON, with the lines its fields stand in.</summary>
/// <param name="Root">The value.</param>
/// <param name="Lines">First line of each field, by path.</param>
internal sealed record YamlDocument(JsonNode? Root, IReadOnlyDictionary<string, int> Lines)
{
    /// <summary>The line of a field, or of the nearest object around it that the text names.</summary>
    public int? LineOf(string path)
    {
        for (string part = path; ; part = part[..Math.Max(part.LastIndexOf('.'), part.LastIndexOf('['))])
        {
            if (Lines.TryGetValue(part, out int line)) return line;
            if (part.LastIndexOf('.') <= 0 && part.LastIndexOf('[') <= 0) return null;
        }
    }
}

/// <summary>Between YAML text and JSON nodes, by the core schema of YAML 1.2 with the booleans that Kubernetes accepts.</summary>
public static class YamlJson
{
    /// <summary>Nodes that a text may hold once its aliases are followed; far above any manifest.</summary>
    private const int MaxNodes = 200_000;

    private const int MaxDepth = 100;

    /// <summary>The documents of a text as JSON values; empty documents are left out.</summary>
    /// <exception cref="ManifestException">The text is not YAML; the message names the line.</exception>
    public static IReadOnlyList<JsonNode?> ToJson(string text, string source) => [.. Parse(text, source).Select(document => document.Root)];

    /// <summary>A JSON value as block-style YAML.</summary>
    public static string Write(JsonNode node) => new SerializerBuilder()
        .WithQuotingNecessaryStrings(quoteYaml1_1Strings: true)
        .WithIndentedSequences()
        .DisableAliases()
        .Build()
        .Serialize(Plain(JsonNode.Parse(node.ToJsonString()))!)
        .ReplaceLineEndings("\n");

    internal static IReadOnlyList<YamlDocument> Parse(string text, string source)
    {
        var stream = new YamlStream();
        try
        {
            CheckDepth(text, source);
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw new ManifestException(source, [new FieldError("", $"is not YAML: {e.Message} (column {e.Start.Column})", (int)e.Start.Line)]);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // YamlDotNet's scanner trips over some broken texts rather than naming what is wrong with them.
            throw new ManifestException(source, [new FieldError("", "is not YAML that can be read; look for unclosed braces, brackets or quotes")]);
        }

        var documents = new List<YamlDocument>();
        foreach (YamlNode root in stream.Documents.Select(d => d.RootNode))
        {
            if (root is YamlScalarNode { Value: null or "", Style: ScalarStyle.Plain }) continue;
            var lines = new Dictionary<string, int>();
            int nodes = 0;
            documents.Add(new YamlDocument(Convert(root, "", 0), lines));

            JsonNode? Convert(YamlNode node, string path, int depth)
            {
                if (++nodes > MaxNodes || depth > MaxDepth)
                    throw new ManifestException(source, [new FieldError(path, "is nested too deeply, or its aliases expand to too much", (int)node.Start.Line)]);
                lines.TryAdd(path, (int)node.Start.Line);
                switch (node)
                {
                    case YamlScalarNode scalar:
                        return Scalar(scalar);
                    case YamlSequenceNode sequence:
                        return new JsonArray([.. sequence.Children.Select((child, i) => Convert(child, $"{path}[{i}]", depth + 1))]);
                    case YamlMappingNode mapping:
                        var result = new JsonObject();
                        foreach ((YamlNode key, YamlNode value) in mapping.Children)
                        {
                            string name = (key as YamlScalarNode)?.Value
                                ?? throw new ManifestException(source, [new FieldError(path, "has a key that is not text", (int)key.Start.Line)]);
                            string childPath = path.Length == 0 ? name : $"{path}.{name}";
                            lines.TryAdd(childPath, (int)key.Start.Line);
                            if (!result.TryAdd(name, Convert(value, childPath, depth + 1)))
                                throw new ManifestException(source, [new FieldError(childPath, "is given twice", (int)key.Start.Line)]);
                        }
                        return result;
                    default:
                        throw new ManifestException(source, [new FieldError(path, $"is not a value ({node.NodeType})", (int)node.Start.Line)]);
                }
            }
        }
        return documents;
    }

    /// <summary>Refuses deep nesting before the tree is built, which takes a stack frame a level.</summary>
    private static void CheckDepth(string text, string source)
    {
        var parser = new Parser(new StringReader(text));
        for (int depth = 0; parser.MoveNext();)
        {
            depth += parser.Current!.NestingIncrease;
            if (depth > MaxDepth + 2) // the stream and the document are levels too
                throw new ManifestException(source, [new FieldError("", $"is nested more than {MaxDepth} levels deep", (int)parser.Current.Start.Line)]);
        }
    }

    private static JsonValue? Scalar(YamlScalarNode node)
    {
        string text = node.Value ?? "";
        if (node.Style is not (ScalarStyle.Plain or ScalarStyle.Any) || (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific && node.Tag.Value == "tag:yaml.org,2002:str"))
            return JsonValue.Create(text);
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL": return null;
            case "true" or "True" or "TRUE": return JsonValue.Create(true);
            case "false" or "False" or "FALSE": return JsonValue.Create(false);
        }
        if (text[0] is not ('-' or '+' or '.' or (>= '0' and <= '9'))) return JsonValue.Create(text);
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer)) return JsonValue.Create(integer);
        return double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double number)
               && double.IsFinite(number)
            ? JsonValue.Create(number)
            : JsonValue.Create(text);
    }

    /// <summary>The value as dictionaries, lists and scalars, which the YAML serialiser writes without type tags.</summary>
    private static object? Plain(JsonNode? node) => node switch
    {
        JsonObject o => o.ToDictionary(p => p.Key, p => Plain(p.Value)),
        JsonArray a => a.Select(Plain).ToList(),
        JsonValue v when v.TryGetValue(out string? s) => s,
        JsonValue v when v.TryGetValue(out bool b) => b,
        JsonValue v when v.TryGetValue(out long i) => i,
        // Without an exponent, which not every YAML reader takes for a number where it has no point before it.
        JsonValue v when v.GetValue<double>() is var d => Math.Abs(d) is >= 1e-9 and < 1e15 ? (decimal)d : d,
        null => null,
        _ => throw new InvalidOperationException($"Unexpected JSON node {node.GetType()}."),
    };
}
