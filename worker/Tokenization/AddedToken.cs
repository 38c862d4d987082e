namespace LightReasoner.Worker.Tokenization;

/// <summary>A token that is cut out of the text before the model sees it.</summary>
/// <param name="Special">Left out when special tokens are skipped.</param>
/// <param name="Normalized">Searched in the normalized text, by its normalized content.</param>
/// <param name="StripLeft">Takes the white space before it along.</param>
/// <param name="StripRight">Takes the white space after it along.</param>
/// <param name="SingleWord">Only counts where no word character touches it.</param>
internal sealed record AddedToken(
    string Content, bool Special, bool Normalized, bool StripLeft = false, bool StripRight = false, bool SingleWord = false)
{
    /// <summary>Reads an AddedToken object, or a text as a special token.</summary>
    internal static AddedToken Parse(JsonNode? node, string where, bool special = false)
    {
        if (node is JsonValue)
            return new AddedToken(Json.Text(node, where), Special: true, Normalized: false);
        var json = Json.Object(node, where);
        special |= Flag("special", false);
        return new AddedToken(
            Json.Text(json["content"], $"{where}.content"), special,
            Flag("normalized", !special), Flag("lstrip", false), Flag("rstrip", false), Flag("single_word", false));

        bool Flag(string name, bool absent) => Json.Flag(json[name], $"{where}.{name}") ?? absent;
    }

    internal JsonObject ToJson(int id) => new()
    {
        ["id"] = id,
        ["content"] = Content,
        ["single_word"] = SingleWord,
        ["lstrip"] = StripLeft,
        ["rstrip"] = StripRight,
        ["normalized"] = Normalized,
        ["special"] = Special,
    };
}
