namespace LightReasoner.Worker.Tokenization;

/// <summary>What tokenizer.json and the files beside it describe, by Hugging Face's own library. Safe for concurrent use.</summary>
public sealed class Tokenizer
{
    private readonly string _name;
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<int, string> _tokens;
    private readonly Tokenizers.DotNet.Tokenizer _decoder, _encoder;
    private readonly HashSet<int> _special;
    private readonly PostProcessor _postProcessor;

    private Tokenizer(TokenizerFile file, TokenizerConfig config, ChatTemplate? chatTemplate, string name)
    {
        (_name, _ids, _tokens) = (name, file.Ids, file.Tokens);
        (VocabSize, BaseVocabSize) = (_tokens.Keys.Max() + 1, file.ModelSize);
        _decoder = file.Load();
        _encoder = config.SplitSpecialTokens ? file.Load(splitSpecialTokens: true) : _decoder;
        _special = [.. file.SpecialIds];
        BosId = Id("bos_token");
        EosId = Id("eos_token");
        _postProcessor = file.PostProcessor.With(config.AddBos, BosId, config.AddEos, EosId);
        ChatTemplate = chatTemplate;

        int? Id(string role) => config[role] is { } token ? TokenToId(token) : null;
    }

    /// <summary>One more than the highest id.</summary>
    public int VocabSize { get; }

    /// <summary>Tokens of the model proper, without added ones: <c>vocab_size</c> of transformers' tokenizers.</summary>
    public int BaseVocabSize { get; }

    /// <summary>The id of bos_token, if the files name one.</summary>
    public int? BosId { get; }

    /// <summary>The id of eos_token, if the files name one. Generation may end at others too (generation_config.json).</summary>
    public int? EosId { get; }

    /// <summary>The model's chat template, if it has one.</summary>
    public ChatTemplate? ChatTemplate { get; }

    /// <summary>
    /// Loads tokenizer.json of a model folder with what exists of tokenizer_config.json, special_tokens_map.json, added_tokens.json
    /// and chat_template.jinja.
    /// </summary>
    /// <exception cref="FileNotFoundException">The folder has no tokenizer.json.</exception>
    /// <exception cref="InvalidDataException">A file is damaged or describes something that is not supported.</exception>
    /// <exception cref="Jinja.TemplateException">The chat template does not parse.</exception>
    public static Tokenizer Load(string dir)
    {
        var file = Path.Combine(dir, "tokenizer.json");
        if (!File.Exists(file))
            throw new FileNotFoundException($"{file}: not found (a model folder needs tokenizer.json)", file);
        var config = TokenizerConfig.Read(dir);
        return Parse(File.ReadAllBytes(file), file, config, ChatTemplate.Read(dir, config));
    }

    internal static Tokenizer Parse(byte[] json, string name, TokenizerConfig? config = null, ChatTemplate? chatTemplate = null)
    {
        config ??= new TokenizerConfig([], "tokenizer_config.json");
        return new Tokenizer(new TokenizerFile(json, name, config), config, chatTemplate, name);
    }

    /// <summary>
    /// Encodes a text. Added tokens in the text become their ids; <paramref name="addSpecialTokens"/> puts the model's own (BOS …) around
    /// it. Half of a surrogate pair counts as U+FFFD.
    /// </summary>
    /// <exception cref="InvalidDataException">The text has something that the model has no token for, not even an unknown one.</exception>
    public int[] Encode(string text, bool addSpecialTokens = false)
    {
        try
        {
            var ids = Array.ConvertAll(_encoder.Encode(WithoutLoneSurrogates(text)), id => (int)id);
            GC.KeepAlive(this); // its finalizer frees what the call uses
            return addSpecialTokens ? [.. _postProcessor.Before, .. ids, .. _postProcessor.After] : ids;
        }
        catch (Tokenizers.DotNet.TokenizerException e)
        {
            throw new InvalidDataException($"{_name}: {e.Message}", e);
        }
    }

    /// <summary>Decodes ids to text. Bytes that are no UTF-8 become U+FFFD, ids without a token nothing.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        var kept = ids.ToArray().Where(id => _tokens.ContainsKey(id) && !(skipSpecialTokens && _special.Contains(id)));
        var text = _decoder.Decode([.. kept.Select(id => (uint)id)]);
        GC.KeepAlive(this);
        return text;
    }

    /// <summary>The id of a token as the files spell it (<c>Ġthe</c>, <c>&lt;|im_end|&gt;</c>); null if there is none.</summary>
    public int? TokenToId(string token) => _ids.TryGetValue(token, out var id) ? id : null;

    /// <summary>The token of an id as the files spell it; null if there is none.</summary>
    public string? IdToToken(int id) => _tokens.GetValueOrDefault(id);

    // Runes of lone surrogates are U+FFFD.
    private static string WithoutLoneSurrogates(string text) =>
        text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? string.Concat(text.EnumerateRunes()) : text;
}
