using System.Text.Json.Nodes;

namespace LightReasoner.Worker.Tokenization;

/// <summary>What tokenizer_config.json (and special_tokens_map.json beside it) says: the special tokens, and whether to add them.</summary>
internal sealed record SpecialTokens
{
    internal string? Bos { get; private init; }

    internal string? Eos { get; private init; }

    internal string? Pad { get; private init; }

    /// <summary>add_bos_token; null when the file does not say.</summary>
    internal bool? AddBos { get; private init; }

    /// <summary>add_eos_token; null when the file does not say.</summary>
    internal bool? AddEos { get; private init; }

    internal string? TokenizerClass { get; private init; }

    /// <summary>The chat template: a string, or a list of named ones.</summary>
    internal JsonNode? ChatTemplate { get; private init; }

    /// <summary>Reads the files of a model folder; a missing one says nothing.</summary>
    internal static SpecialTokens Read(string directory)
    {
        var file = Path.Combine(directory, "tokenizer_config.json");
        var map = Path.Combine(directory, "special_tokens_map.json");
        return Parse(ReadObject(file) ?? [], ReadObject(map) ?? [], file);
    }

    internal static SpecialTokens Parse(JsonObject config, JsonObject map, string where) => new()
    {
        Bos = Token(config, map, "bos_token", where),
        Eos = Token(config, map, "eos_token", where),
        Pad = Token(config, map, "pad_token", where),
        AddBos = config["add_bos_token"] is null ? null : Json.Flag(config, "add_bos_token", where),
        AddEos = config["add_eos_token"] is null ? null : Json.Flag(config, "add_eos_token", where),
        TokenizerClass = Json.OptionalString(config, "tokenizer_class", where),
        ChatTemplate = config["chat_template"],
    };

    /// <summary>
    /// The post-processor that Hugging Face's classes would use. Llama's classes replace the one of tokenizer.json by what
    /// add_bos_token and add_eos_token say (DeepSeek's distills depend on it); for others a wanted token is added if missing.
    /// </summary>
    internal PostProcessor Apply(PostProcessor declared, Func<string, int?> id, string where)
    {
        var replaces = TokenizerClass is "LlamaTokenizer" or "LlamaTokenizerFast" && AddBos is not null;
        var bos = AddBos == true ? Id(Bos, "bos_token") : null;
        var eos = AddEos == true ? Id(Eos, "eos_token") : null;
        if (replaces)
            return new PostProcessor(bos is { } b ? [b] : [], eos is { } e ? [e] : []);
        return new PostProcessor(
            bos is { } first && (declared.Before is [] || declared.Before[0] != first) ? [first, .. declared.Before] : declared.Before,
            eos is { } last && (declared.After is [] || declared.After[^1] != last) ? [.. declared.After, last] : declared.After);

        int? Id(string? token, string name) => token is null
            ? null // as in transformers: nothing to add
            : id(token) ?? throw new TokenizerException($"{where}: {name} '{token}' is not a token of tokenizer.json");
    }

    /// <summary>A token is written as a string or as an AddedToken object.</summary>
    private static string? Token(JsonObject config, JsonObject map, string name, string where)
    {
        var (source, node) = config[name] is { } own ? (config, own) : (map, map[name]);
        return node is JsonObject added ? Json.OptionalString(added, "content", $"{where}.{name}") : Json.OptionalString(source, name, where);
    }

    private static JsonObject? ReadObject(string file) => File.Exists(file)
        ? Json.Object(Json.Parse(File.ReadAllBytes(file).AsSpan(), file), file)
        : null;
}
