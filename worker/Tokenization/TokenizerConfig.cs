using LightReasoner.Worker.Checkpoints;

namespace LightReasoner.Worker.Tokenization;

/// <summary>
/// What the files beside tokenizer.json say, read as transformers reads them: tokenizer_config.json and, where that has no
/// added_tokens_decoder, special_tokens_map.json (whose values win) and added_tokens.json.
/// </summary>
internal sealed class TokenizerConfig
{
    private static readonly string[] Roles = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    private readonly OrderedDictionary<string, AddedToken> _byRole = new(StringComparer.Ordinal);
    private readonly List<AddedToken> _additional = [];

    internal TokenizerConfig(JsonObject config, string where, JsonObject? map = null, JsonObject? added = null)
    {
        var beside = Path.GetDirectoryName(where) ?? "";
        var mapFile = Path.Combine(beside, "special_tokens_map.json");
        if (config.ContainsKey("added_tokens_decoder"))
            (map, added) = (null, null);
        foreach (var role in Roles)
        {
            var (token, file) = map?[role] is { } mapped ? (mapped, mapFile) : (config[role], where);
            if (token is not null)
                _byRole.Add(role, AddedToken.Parse(token, $"{file}: {role}", special: true));
        }
        AddSpecial(config["extra_special_tokens"], $"{where}: extra_special_tokens");
        AddSpecial(config["additional_special_tokens"], $"{where}: additional_special_tokens");
        AddSpecial(map?["additional_special_tokens"], $"{mapFile}: additional_special_tokens");
        Special = [.. _byRole.Values, .. _additional];
        Added = config.ContainsKey("added_tokens_decoder")
            ? ById(config["added_tokens_decoder"], $"{where}: added_tokens_decoder")
            : [.. (added ?? []).OrderBy(token => Json.Id(token.Value, $"{Path.Combine(beside, "added_tokens.json")}: '{token.Key}'"))
                .Select(token => new AddedToken(token.Key, IsSpecial(token.Key), !IsSpecial(token.Key)))];
        AddBos = Json.Flag(config["add_bos_token"], $"{where}: add_bos_token");
        AddEos = Json.Flag(config["add_eos_token"], $"{where}: add_eos_token");
        AddPrefixSpace = Json.Flag(config["add_prefix_space"], $"{where}: add_prefix_space");
        SplitSpecialTokens = Json.Flag(config["split_special_tokens"], $"{where}: split_special_tokens") ?? false;
        ChatTemplate = config["chat_template"];
    }

    /// <summary>Every special token: bos, eos, unk, sep, pad, cls, mask, and further ones.</summary>
    internal IReadOnlyList<AddedToken> Special { get; }

    /// <summary>Tokens to add to those of tokenizer.json, by id.</summary>
    internal IReadOnlyList<AddedToken> Added { get; }

    // Null where the file does not say.
    internal bool? AddBos { get; }
    internal bool? AddEos { get; }
    internal bool? AddPrefixSpace { get; }

    /// <summary>Special tokens that stand in a text are ordinary text.</summary>
    internal bool SplitSpecialTokens { get; }

    /// <summary>The chat template: a string, or a list of named ones.</summary>
    internal JsonNode? ChatTemplate { get; }

    internal string? this[string role] => _byRole.GetValueOrDefault(role)?.Content;

    internal bool IsSpecial(string content) => Special.Any(token => token.Content == content);

    internal JsonObject TemplateVariables()
    {
        var variables = new JsonObject(_byRole.Select(role => KeyValuePair.Create(role.Key, (JsonNode?)role.Value.Content)));
        if (_additional.Count > 0)
            variables["additional_special_tokens"] = new JsonArray([.. _additional.Select(token => (JsonNode)token.Content)]);
        return variables;
    }

    /// <summary>Reads the files of a model folder; a missing one says nothing.</summary>
    internal static TokenizerConfig Read(string directory)
    {
        var file = Path.Combine(directory, "tokenizer_config.json");
        return new TokenizerConfig(JsonFile.ReadIfPresent(file) ?? [], file,
            JsonFile.ReadIfPresent(Path.Combine(directory, "special_tokens_map.json")),
            JsonFile.ReadIfPresent(Path.Combine(directory, "added_tokens.json")));
    }

    /// <summary>Takes a list of further tokens, or an object of further roles (image_token, …).</summary>
    private void AddSpecial(JsonNode? node, string where)
    {
        if (node is JsonObject roles)
        {
            foreach (var (role, token) in roles)
                _byRole.TryAdd(role, AddedToken.Parse(token, $"{where}.{role}", special: true));
        }
        else if (node is not null)
        {
            foreach (var token in Json.Array(node, where).Select(token => AddedToken.Parse(token, where, special: true)))
                if (!_additional.Any(known => known.Content == token.Content))
                    _additional.Add(token);
        }
    }

    private static AddedToken[] ById(JsonNode? node, string where)
    {
        var byId = Json.Object(node, where).OrderBy(token => Id(token.Key));
        return [.. byId.Select(token => AddedToken.Parse(token.Value, $"{where}.{token.Key}"))];

        int Id(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id : throw new InvalidDataException($"{where}: '{text}' is not a token id");
    }
}
