using System.Text.Json.Nodes;

namespace LightReasoner.Worker.Tokenization.Normalization;

/// <summary>Reads the normalizer section of tokenizer.json.</summary>
internal static class Normalizers
{
    /// <summary>The function that a section describes, or null when it changes nothing.</summary>
    internal static Func<string, string>? Parse(JsonNode? node, string where)
    {
        if (node is null)
            return null;
        var json = Json.Object(node, where);
        switch (Json.Type(json, where))
        {
            case "NFC":
                return Nfc.Normalize;
            case "Sequence":
                Func<string, string>? all = null;
                var i = 0;
                foreach (var step in Json.Array(json, "normalizers", where))
                {
                    if (Parse(step, $"{where}.normalizers[{i++}]") is not { } next)
                        continue;
                    var previous = all;
                    all = previous is null ? next : text => next(previous(text));
                }
                return all;
            case "Replace":
                var pattern = Json.Object(json["pattern"], $"{where}.pattern");
                var literal = Json.OptionalString(pattern, "String", where);
                var content = Json.String(json, "content", where);
                if (string.IsNullOrEmpty(literal))
                    throw new TokenizerException($"{where}: normalizer 'Replace' is supported with a String pattern only");
                return text => text.Replace(literal, content, StringComparison.Ordinal);
            case "Prepend":
                var prefix = Json.String(json, "prepend", where);
                return text => text.Length == 0 ? text : prefix + text;
            case "Strip":
                var (left, right) = (Json.Flag(json, "strip_left", where), Json.Flag(json, "strip_right", where));
                return text => left ? right ? text.Trim() : text.TrimStart() : right ? text.TrimEnd() : text;
            case var type:
                throw new TokenizerException($"{where}: normalizer '{type}' is not supported (NFC, Replace, Prepend, Strip and Sequence are)");
        }
    }
}
