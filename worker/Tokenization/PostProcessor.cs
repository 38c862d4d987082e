using System.Text.Json.Nodes;

namespace LightReasoner.Worker.Tokenization;

/// <summary>The ids put before and after an encoded text when special tokens are wanted.</summary>
internal sealed record PostProcessor(int[] Before, int[] After)
{
    internal static readonly PostProcessor None = new([], []);

    /// <summary>Reads post_processor: null, ByteLevel (which changes no ids), TemplateProcessing, or a Sequence of them.</summary>
    internal static PostProcessor Parse(JsonNode? node, string where)
    {
        if (node is null)
            return None;
        var json = Json.Object(node, where);
        switch (Json.Type(json, where))
        {
            case "ByteLevel":
                return None;
            case "TemplateProcessing":
                return Template(json, where);
            case "Sequence":
                var result = None;
                var i = 0;
                foreach (var step in Json.Array(json, "processors", where))
                {
                    var (before, after) = Parse(step, $"{where}.processors[{i++}]");
                    result = new PostProcessor([.. before, .. result.Before], [.. result.After, .. after]);
                }
                return result;
            case var type:
                throw new TokenizerException($"{where}: post-processor '{type}' is not supported (ByteLevel, TemplateProcessing and Sequence are)");
        }
    }

    private static PostProcessor Template(JsonObject json, string where)
    {
        var tokens = Json.Object(json["special_tokens"], $"{where}.special_tokens");
        List<int> before = [], after = [];
        var seen = false;
        foreach (var piece in Json.Array(json, "single", where))
        {
            var part = Json.Object(piece, $"{where}.single");
            if (part.ContainsKey("Sequence"))
            {
                if (seen)
                    throw new TokenizerException($"{where}.single: the text appears twice, which is not supported");
                seen = true;
                continue;
            }
            var id = Json.String(Json.Object(part["SpecialToken"], $"{where}.single.SpecialToken"), "id", where);
            var token = Json.Object(tokens[id], $"{where}.special_tokens['{id}']");
            foreach (var value in Json.Array(token, "ids", where))
                (seen ? after : before).Add(Json.Integer(value, $"{where}.special_tokens['{id}'].ids"));
        }
        if (!seen)
            throw new TokenizerException($"{where}.single: the place of the text (Sequence A) is missing");
        return new PostProcessor([.. before], [.. after]);
    }
}
