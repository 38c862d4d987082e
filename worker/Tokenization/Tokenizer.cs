using System.Buffers;
using System.Text;
using LightReasoner.Worker.Tokenization.Normalization;
using LightReasoner.Worker.Tokenization.PreTokenization;

namespace LightReasoner.Worker.Tokenization;

/// <summary>A byte-level BPE tokenizer as Hugging Face's <c>tokenizer.json</c> describes it. Safe for concurrent use.</summary>
public sealed class Tokenizer
{
    private readonly Vocabulary _vocabulary;
    private readonly ByteLevelBpe _model;
    private readonly Func<string, string>? _normalize;
    private readonly IPreTokenizer _preTokenizer;
    private readonly PostProcessor _postProcessor;
    private readonly Dictionary<string, AddedToken> _addedByContent = new(StringComparer.Ordinal);
    private readonly Dictionary<int, (bool Special, byte[] Bytes)> _addedById = [];
    private readonly AddedTokenMatcher _literalTokens;
    private readonly AddedTokenMatcher _normalizedTokens;

    private Tokenizer(TokenizerFile file, SpecialTokens special, ChatTemplate? chatTemplate, string name)
    {
        _vocabulary = file.Vocabulary;
        _model = file.Model;
        _normalize = Normalizers.Parse(file.Section("normalizer"), $"{name}: normalizer");
        _preTokenizer = PreTokenizers.Parse(file.Section("pre_tokenizer"), $"{name}: pre_tokenizer");
        Decoders.Check(file.Section("decoder"), $"{name}: decoder");
        VocabSize = _vocabulary.Size;
        foreach (var token in file.AddedTokens)
        {
            _addedByContent[token.Content] = token;
            _addedById[token.Id] = (token.Special, Decoders.Bytes(token.Content));
            VocabSize = Math.Max(VocabSize, token.Id + 1);
        }
        var tokens = _addedByContent.Values;
        _literalTokens = new AddedTokenMatcher(tokens.Where(t => !t.Normalized).Select(t => (t, t.Content)));
        _normalizedTokens = new AddedTokenMatcher(tokens.Where(t => t.Normalized).Select(t => (t, _normalize?.Invoke(t.Content) ?? t.Content)));
        _postProcessor = special.Apply(PostProcessor.Parse(file.Section("post_processor"), $"{name}: post_processor"), TokenToId, name);
        BosId = Id(special.Bos);
        EosId = Id(special.Eos);
        PadId = Id(special.Pad);
        BosToken = special.Bos;
        EosToken = special.Eos;
        ChatTemplate = chatTemplate;

        int? Id(string? token) => token is null ? null : TokenToId(token);
    }

    /// <summary>One more than the highest id.</summary>
    public int VocabSize { get; }

    /// <summary>One more than the highest id of the vocabulary proper, without added tokens: <c>vocab_size</c> of transformers' tokenizers.</summary>
    public int BaseVocabSize => _vocabulary.Size;

    /// <summary>The id of bos_token, if the model has one.</summary>
    public int? BosId { get; }

    /// <summary>The id of eos_token, if the model has one. Generation may end at others too (generation_config.json).</summary>
    public int? EosId { get; }

    /// <summary>The id of pad_token, if the model has one.</summary>
    public int? PadId { get; }

    /// <summary>The text of bos_token.</summary>
    public string? BosToken { get; }

    /// <summary>The text of eos_token.</summary>
    public string? EosToken { get; }

    /// <summary>The model's chat template, if it has one.</summary>
    public ChatTemplate? ChatTemplate { get; }

    /// <summary>Loads <c>tokenizer.json</c> of a model folder with <c>tokenizer_config.json</c> and <c>chat_template.jinja</c> where they exist.</summary>
    /// <exception cref="FileNotFoundException">The folder has no tokenizer.json.</exception>
    /// <exception cref="TokenizerException">A file is damaged or describes something that is not supported.</exception>
    /// <exception cref="ChatTemplateException">The chat template does not parse.</exception>
    public static Tokenizer Load(string dir)
    {
        var file = Path.Combine(dir, "tokenizer.json");
        if (!File.Exists(file))
            throw new FileNotFoundException($"{file}: not found (a model folder needs tokenizer.json)", file);
        var special = SpecialTokens.Read(dir);
        return Parse(File.ReadAllBytes(file), file, special, ChatTemplate.Read(dir, special));
    }

    internal static Tokenizer Parse(ReadOnlyMemory<byte> json, string name, SpecialTokens? special = null, ChatTemplate? chatTemplate = null) =>
        new(new TokenizerFile(json, name), special ?? new SpecialTokens(), chatTemplate, name);

    /// <summary>Encodes a text. Added tokens in the text become their ids; <paramref name="addSpecialTokens"/> puts the model's own (BOS …) around it.</summary>
    public int[] Encode(string text, bool addSpecialTokens = false)
    {
        var ids = new List<int>(text.Length / 3 + 8);
        if (addSpecialTokens)
            ids.AddRange(_postProcessor.Before);
        _literalTokens.Split(ReplaceLoneSurrogates(text), token => ids.Add(token.Id), part =>
            _normalizedTokens.Split(_normalize?.Invoke(part) ?? part, token => ids.Add(token.Id), words => EncodeWords(words, ids)));
        if (addSpecialTokens)
            ids.AddRange(_postProcessor.After);
        return [.. ids];
    }

    /// <summary>Decodes ids to text. Bytes that are no UTF-8 become U+FFFD, ids without a token nothing.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        var bytes = new ArrayBufferWriter<byte>(ids.Length * 4 + 16);
        foreach (var id in ids)
        {
            if (TryGetBytes(id, skipSpecialTokens, out var token))
                bytes.Write(token);
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>The id of a token as the files spell it (<c>Ġthe</c>, <c>&lt;|im_end|&gt;</c>).</summary>
    public int? TokenToId(string token) =>
        _addedByContent.TryGetValue(token, out var added) ? added.Id : _vocabulary.Find(token) is >= 0 and var id ? id : null;

    /// <summary>The token of an id, a character a byte; null if there is none.</summary>
    public string? IdToToken(int id) => TryGetBytes(id, false, out var bytes) ? Encoding.Latin1.GetString(bytes) : null;

    /// <summary>A decoder for a text that arrives token by token.</summary>
    public StreamingDecoder CreateStreamingDecoder(bool skipSpecialTokens = false) => new(this, skipSpecialTokens);

    internal bool TryGetBytes(int id, bool skipSpecialTokens, out ReadOnlySpan<byte> bytes)
    {
        if (!_addedById.TryGetValue(id, out var added))
            return _vocabulary.TryGetBytes(id, out bytes);
        bytes = added.Bytes;
        return !(skipSpecialTokens && added.Special);
    }

    private void EncodeWords(string text, List<int> ids)
    {
        var words = new Words(text);
        _preTokenizer.Apply(ref words);
        foreach (var (start, length) in words.Ranges)
            _model.Encode(words.Text.AsSpan(start, length), ids);
    }

    private static string ReplaceLoneSurrogates(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return text;
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) // yields U+FFFD for a lone one
            result.Append(rune.ToString());
        return result.ToString();
    }
}
