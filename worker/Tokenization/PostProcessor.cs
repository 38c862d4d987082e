namespace LightReasoner.Worker.Tokenization;

/// <summary>The ids put before and after an encoded text when special tokens are wanted.</summary>
internal sealed record PostProcessor(int[] Before, int[] After)
{
    private static readonly PostProcessor None = new([], []);

    internal static PostProcessor Parse(JsonNode? node, string where)
    {
        if (node is null)
            return None;
        var json = Json.Object(node, where);
        switch (Json.Text(json["type"], $"{where}.type"))
        {
            case "ByteLevel":
                return None;
            case "TemplateProcessing":
                return Template(json, where);
            case "BertProcessing" or "RobertaProcessing":
                return new PostProcessor([IdOf(json, "cls", where)], [IdOf(json, "sep", where)]);
            case "Sequence":
                var result = None;
                foreach (var step in Json.Array(json["processors"], $"{where}.processors"))
                {
                    var (before, after) = Parse(step, $"{where}.processors");
                    result = new PostProcessor([.. before, .. result.Before], [.. result.After, .. after]);
                }
                return result;
            case var type:
                throw new InvalidDataException(
                    $"{where}: post-processor '{type}' is not supported "
                    + "(ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing and Sequence are)");
        }
    }

    /// <summary>What add_bos_token and add_eos_token say replaces that side, as in transformers; an undefined token is not added.</summary>
    internal PostProcessor With(bool? addBos, int? bos, bool? addEos, int? eos) => new(Side(addBos, bos, Before), Side(addEos, eos, After));

    private static int[] Side(bool? add, int? id, int[] declared) => add switch
    {
        null => declared,
        true when id is { } token => [token],
        _ => [],
    };

    private static PostProcessor Template(JsonObject json, string where)
    {
        List<int> before = [], after = [];
        var seen = false;
        foreach (var piece in Json.Array(json["single"], $"{where}.single"))
        {
            var part = Json.Object(piece, $"{where}.single");
            if (part.ContainsKey("Sequence"))
            {
                if (seen)
                    throw new InvalidDataException($"{where}.single: the text appears twice, which is not supported");
                seen = true;
                continue;
            }
            var special = Json.Object(part["SpecialToken"], $"{where}.single.SpecialToken");
            var name = Json.Text(special["id"], $"{where}.single.SpecialToken.id");
            var place = $"{where}.special_tokens['{name}']";
            var ids = Json.Object(Json.Object(json["special_tokens"], $"{where}.special_tokens")[name], place)["ids"];
            (seen ? after : before).AddRange(Json.Array(ids, $"{place}.ids").Select(id => Json.Id(id, $"{place}.ids")));
        }
        return seen
            ? new PostProcessor([.. before], [.. after])
            : throw new InvalidDataException($"{where}.single: the place of the text (Sequence A) is missing");
    }

    // Written as ["<s>", 0].
    private static int IdOf(JsonObject json, string name, string where) => json[name] is JsonArray { Count: 2 } pair
        ? Json.Id(pair[1], $"{where}.{name}") : throw new InvalidDataException($"{where}.{name}: expected a token and its id");
}
