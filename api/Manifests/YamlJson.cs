using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api.Validation;
using SharpYaml;
using SharpYaml.Events;

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
            if (Lines.TryGetValue(part, out var line)) return line;
            if (part.LastIndexOf('.') <= 0 && part.LastIndexOf('[') <= 0) return null;
        }
    }
}

/// <summary>
/// Between YAML text and JSON nodes, with the values that kubectl sees: YAML 1.1, where the last of two equal keys counts and a merge
/// overrides what stands before it.
/// </summary>
public static class YamlJson
{
    /// <summary>The documents of a text as JSON values; empty documents are left out.</summary>
    /// <exception cref="ManifestException">The text is not YAML; the message names the line.</exception>
    public static IReadOnlyList<JsonNode?> ToJson(string text, string source) => [.. Parse(text, source).Select(document => document.Root)];

    /// <summary>A JSON value as block-style YAML.</summary>
    public static string Write(JsonNode node)
    {
        var text = new StringWriter { NewLine = "\n" };
        var emitter = new Emitter(text, bestIndent: 2, bestWidth: int.MaxValue, isCanonical: false, forceIndentLess: false);
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Emit(node, emitter);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    internal static IReadOnlyList<YamlDocument> Parse(string text, string source)
    {
        var documents = new List<YamlDocument>();
        try
        {
            var events = new EventReader(Parser.CreateParser(new StringReader(text)));
            events.Expect<StreamStart>();
            while (events.Allow<DocumentStart>() is not null)
            {
                var document = new Composer(events).Compose();
                if (document.Root is not null) documents.Add(document);
                events.Expect<DocumentEnd>();
            }
            return documents;
        }
        catch (YamlException) when (Json(text) is { } document)
        {
            return [document];
        }
        catch (YamlException e)
        {
            var message = e.Message[(e.Message.IndexOf("): ", StringComparison.Ordinal) is >= 0 and var at ? at + 3 : 0)..];
            throw new ManifestException(source,
                [new FieldError("", $"cannot be read as YAML: {message} (column {e.Start.Column + 1})", e.Start.Line + 1)]);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // YamlDotNet's scanner trips over some broken texts rather than naming what is wrong with them.
            throw new ManifestException(source,
                [new FieldError("", "is not YAML that can be read; look for unclosed braces, brackets or quotes")]);
        }
    }

    /// <summary>JSON whose texts have escapes that YAML lacks; null where the text is none.</summary>
    private static YamlDocument? Json(string text)
    {
        try
        {
            return text.TrimStart() is ['{', ..] ? new YamlDocument(JsonNode.Parse(text), new Dictionary<string, int>()) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Emit(JsonNode? node, Emitter emitter)
    {
        switch (node)
        {
            case JsonObject fields:
                emitter.Emit(new MappingStart(null, null, isImplicit: true, fields.Count > 0 ? YamlStyle.Block : YamlStyle.Flow));
                foreach (var (name, value) in fields)
                {
                    EmitText(name);
                    Emit(value, emitter);
                }
                emitter.Emit(new MappingEnd());
                break;
            case JsonArray items:
                emitter.Emit(new SequenceStart(null, null, isImplicit: true, items.Count > 0 ? YamlStyle.Block : YamlStyle.Flow));
                foreach (var item in items) Emit(item, emitter);
                emitter.Emit(new SequenceEnd());
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                EmitText(value.GetValue<string>());
                break;
            default:
                emitter.Emit(new Scalar(null, null, YamlScalar.Text(node), ScalarStyle.Plain, true, false));
                break;
        }

        void EmitText(string text) =>
            emitter.Emit(new Scalar(null, null, text, YamlScalar.IsText(text) && !text.Any(c => char.IsControl(c) && c != '\n')
            ? ScalarStyle.Any : ScalarStyle.DoubleQuoted, true, true));
    }

    /// <summary>Makes the values of one document from the events of its text.</summary>
    private sealed class Composer(EventReader events)
    {
        /// <summary>Nodes that a text may hold once its aliases are followed; far above any manifest.</summary>
        private const int MaxNodes = 200_000;

        private const int MaxDepth = 100;

        private readonly Dictionary<string, (JsonNode? Value, int Nodes)> _anchors = [];
        private readonly Dictionary<string, int> _lines = [];
        private int _nodes;

        public YamlDocument Compose() => new(Node("", 0), _lines);

        private JsonNode? Node(string path, int depth)
        {
            var start = events.Peek<ParsingEvent>()!;
            if (depth > MaxDepth) throw Error(start, $"more than {MaxDepth} levels of nesting");
            Count(1, start);
            _lines[path] = start.Start.Line + 1;
            var before = _nodes;
            JsonNode? value;
            switch (start)
            {
                case AnchorAlias alias:
                    events.Expect<AnchorAlias>();
                    if (!_anchors.TryGetValue(alias.Value, out var known))
                        throw Error(alias, $"unknown anchor '{alias.Value}'");
                    Count(known.Nodes, alias);
                    return known.Value?.DeepClone();
                case Scalar:
                    value = YamlScalar.Value(events.Expect<Scalar>());
                    break;
                case SequenceStart:
                    value = Sequence(path, depth);
                    break;
                default:
                    value = Mapping(path, depth);
                    break;
            }
            if (start is NodeEvent { Anchor: { } anchor }) _anchors[anchor] = (value, _nodes - before);
            return value;
        }

        private JsonArray Sequence(string path, int depth)
        {
            events.Expect<SequenceStart>();
            var list = new JsonArray();
            while (events.Allow<SequenceEnd>() is null) list.Add(Node($"{path}[{list.Count}]", depth + 1));
            return list;
        }

        private JsonObject Mapping(string path, int depth)
        {
            events.Expect<MappingStart>();
            var mapping = new JsonObject();
            while (events.Allow<MappingEnd>() is null)
            {
                var key = events.Peek<ParsingEvent>()!;
                if (key is Scalar { Value: "<<", Style: ScalarStyle.Plain })
                {
                    events.Expect<Scalar>();
                    Merge(mapping, Node($"{path}.<<", depth + 1), key);
                    continue;
                }
                var name = YamlScalar.Key(Node($"{path}.?", depth + 1)) ?? throw Error(key, "a key that is not text");
                var child = path.Length == 0 ? name : $"{path}.{name}";
                mapping[name] = Node(child, depth + 1);
                _lines[child] = key.Start.Line + 1;
            }
            return mapping;
        }

        /// <summary>Of several mappings, earlier ones take precedence.</summary>
        private static void Merge(JsonObject mapping, JsonNode? merged, ParsingEvent at)
        {
            JsonNode?[] sources = merged is JsonArray list ? [.. list.Reverse()] : [merged];
            foreach (var source in sources)
            {
                if (source is not JsonObject fields) throw Error(at, "<< takes a mapping or a list of mappings");
                foreach (var (name, value) in fields) mapping[name] = value?.DeepClone();
            }
        }

        private void Count(int nodes, ParsingEvent at)
        {
            _nodes += nodes;
            if (_nodes > MaxNodes) throw Error(at, "too many values once its aliases expand");
        }

        private static YamlException Error(ParsingEvent at, string message) => new(at.Start, at.End, message);
    }
}
