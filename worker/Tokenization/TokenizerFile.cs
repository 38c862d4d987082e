using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LightReasoner.Worker.Tokenization;

/// <summary>
/// Reads tokenizer.json. The vocabulary and the merges (7 MB of them) are streamed into flat tables; everything else is small
/// and becomes a JSON tree.
/// </summary>
internal sealed class TokenizerFile
{
    private readonly string _name;
    private readonly ReadOnlyMemory<byte> _json;
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _sections;

    internal TokenizerFile(ReadOnlyMemory<byte> json, string name)
    {
        _name = name;
        _json = json.Span.StartsWith("\uFEFF"u8) ? json[3..] : json;
        try
        {
            _sections = Properties(_json, name);
            ReadModel();
            ReadAddedTokens();
        }
        catch (JsonException e)
        {
            throw new TokenizerException($"{name}: not valid JSON: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            throw new TokenizerException($"{name}: {e.Message}", e); // text with lone surrogates
        }
    }

    internal Vocabulary Vocabulary { get; private set; } = null!;

    internal ByteLevelBpe Model { get; private set; } = null!;

    internal List<AddedToken> AddedTokens { get; } = [];

    /// <summary>A small section as a tree; null when it is absent or null.</summary>
    internal JsonNode? Section(string name) => _sections.TryGetValue(name, out var json) ? Json.Parse(json.Span, $"{_name}: {name}") : null;

    private void ReadModel()
    {
        var where = $"{_name}: model";
        if (!_sections.TryGetValue("model", out var json))
            throw new TokenizerException($"{where}: missing");
        var model = Properties(json, where);
        var settings = new JsonObject();
        foreach (var (name, value) in model)
        {
            if (name is not ("vocab" or "merges"))
                settings[name] = Json.Parse(value.Span, $"{where}.{name}");
        }
        if (Json.OptionalString(settings, "type", where) is { } type && type != "BPE")
            throw new TokenizerException($"{where}.type: '{type}' is not supported (BPE is)");
        foreach (var affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (Json.OptionalString(settings, affix, where) is { Length: > 0 })
                throw new TokenizerException($"{where}.{affix}: not supported in a byte-level tokenizer");
        }
        if (Json.Flag(settings, "byte_fallback", where))
            throw new TokenizerException($"{where}.byte_fallback: not supported; only byte-level BPE tokenizers are");

        Vocabulary = ReadVocabulary(Required(model, "vocab", where), $"{where}.vocab");
        var merges = ReadMerges(Required(model, "merges", where), $"{where}.merges");
        var unknown = Json.OptionalString(settings, "unk_token", where);
        var unknownId = unknown is null ? -1 : Vocabulary.Find(unknown);
        Model = new ByteLevelBpe(Vocabulary, merges, Json.Flag(settings, "ignore_merges", where), unknownId, Json.Flag(settings, "fuse_unk", where));
    }

    private static Vocabulary ReadVocabulary(ReadOnlyMemory<byte> json, string where)
    {
        var reader = new Utf8JsonReader(json.Span);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new TokenizerException($"{where}: expected an object of tokens and ids");
        var vocabulary = new Vocabulary(Math.Min(json.Length / 16, Vocabulary.MaxId));
        var buffer = new byte[256];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var length = Text(ref reader, ref buffer);
            var text = buffer.AsSpan(0, length);
            var literal = NeedsText(text) ? Encoding.UTF8.GetString(text) : null;
            reader.Read();
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out var id) || id is < 0 or >= Vocabulary.MaxId)
                throw new TokenizerException($"{where}: the token '{Encoding.UTF8.GetString(text)}' needs an id from 0 to {Vocabulary.MaxId - 1}");
            if (literal is not null)
                vocabulary.AddLiteral(literal, id);
            else
                vocabulary.Add(buffer.AsSpan(0, ByteAlphabet.TryToBytesInPlace(text)), id);
        }
        return vocabulary;
    }

    private static bool NeedsText(ReadOnlySpan<byte> utf8)
    {
        foreach (var rune in utf8.ContainsAnyExceptInRange((byte)'!', (byte)'~') ? Encoding.UTF8.GetString(utf8) : "")
        {
            if (ByteAlphabet.ToByte(rune) < 0)
                return true;
        }
        return false;
    }

    private MergeTable ReadMerges(ReadOnlyMemory<byte> json, string where)
    {
        var reader = new Utf8JsonReader(json.Span);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new TokenizerException($"{where}: expected an array");
        var merges = new MergeTable(Math.Min(json.Length / 12, Vocabulary.MaxId));
        var left = new byte[256];
        var right = new byte[256];
        var both = new byte[512];
        for (var rank = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; rank++)
        {
            int leftLength, rightLength;
            if (reader.TokenType == JsonTokenType.String)
            {
                var length = Text(ref reader, ref left);
                leftLength = left.AsSpan(0, length).IndexOf((byte)' ');
                if (leftLength < 0 || left.AsSpan(leftLength + 1, length - leftLength - 1).Contains((byte)' '))
                    throw new TokenizerException($"{where}[{rank}]: expected two tokens with one space between, found '{Encoding.UTF8.GetString(left, 0, length)}'");
                rightLength = length - leftLength - 1;
                Fit(ref right, rightLength);
                left.AsSpan(leftLength + 1, rightLength).CopyTo(right);
            }
            else if (reader.TokenType == JsonTokenType.StartArray)
            {
                leftLength = Part(ref reader, ref left, where, rank);
                rightLength = Part(ref reader, ref right, where, rank);
                reader.Read();
                if (reader.TokenType != JsonTokenType.EndArray)
                    throw new TokenizerException($"{where}[{rank}]: expected two tokens");
            }
            else
            {
                throw new TokenizerException($"{where}[{rank}]: expected \"a b\" or [\"a\", \"b\"]");
            }
            Add(rank, left.AsSpan(0, leftLength), right.AsSpan(0, rightLength));
        }
        return merges;

        void Add(int rank, Span<byte> leftText, Span<byte> rightText)
        {
            Fit(ref both, leftText.Length + rightText.Length);
            leftText.CopyTo(both);
            var l = ByteAlphabet.TryToBytesInPlace(both.AsSpan(0, leftText.Length));
            if (l >= 0)
                rightText.CopyTo(both.AsSpan(l));
            var r = l < 0 ? -1 : ByteAlphabet.TryToBytesInPlace(both.AsSpan(l, rightText.Length));
            var leftId = l < 0 ? -1 : Vocabulary.Find(both.AsSpan(0, l));
            var rightId = r < 0 ? -1 : Vocabulary.Find(both.AsSpan(l, r));
            var merged = r < 0 ? -1 : Vocabulary.Find(both.AsSpan(0, l + r));
            if (leftId < 0 || rightId < 0 || merged < 0)
            {
                var missing = leftId < 0 ? Encoding.UTF8.GetString(leftText) : rightId < 0 ? Encoding.UTF8.GetString(rightText) : Encoding.UTF8.GetString(leftText) + Encoding.UTF8.GetString(rightText);
                throw new TokenizerException($"{where}[{rank}]: token '{missing}' is not in the vocabulary");
            }
            merges.Add(leftId, rightId, rank, merged);
        }
    }

    private static int Part(ref Utf8JsonReader reader, ref byte[] buffer, string where, int rank)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.String ? Text(ref reader, ref buffer) : throw new TokenizerException($"{where}[{rank}]: expected two tokens");
    }

    private void ReadAddedTokens()
    {
        var where = $"{_name}: added_tokens";
        if (Section("added_tokens") is not { } section)
            return;
        if (section is not JsonArray list)
            throw new TokenizerException($"{where}: expected an array");
        for (var i = 0; i < list.Count; i++)
        {
            var at = $"{where}[{i}]";
            var token = Json.Object(list[i], at);
            var special = Json.Flag(token, "special", at);
            AddedTokens.Add(new AddedToken(
                Json.Integer(token["id"], $"{at}.id"),
                Json.String(token, "content", at),
                special,
                Json.Flag(token, "normalized", at, absent: !special),
                Json.Flag(token, "lstrip", at),
                Json.Flag(token, "rstrip", at),
                Json.Flag(token, "single_word", at)));
        }
    }

    /// <summary>The properties of an object as slices of the file.</summary>
    private static Dictionary<string, ReadOnlyMemory<byte>> Properties(ReadOnlyMemory<byte> json, string where)
    {
        var reader = new Utf8JsonReader(json.Span);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new TokenizerException($"{where}: expected an object");
        var properties = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            properties[name] = json[start..(int)reader.BytesConsumed];
        }
        if (reader.Read())
            throw new TokenizerException($"{where}: unexpected text after the object");
        return properties;
    }

    private static ReadOnlyMemory<byte> Required(Dictionary<string, ReadOnlyMemory<byte>> model, string name, string where) =>
        model.TryGetValue(name, out var json) ? json : throw new TokenizerException($"{where}.{name}: missing");

    /// <summary>Unescapes a string or property name into the buffer.</summary>
    private static int Text(ref Utf8JsonReader reader, ref byte[] buffer)
    {
        Fit(ref buffer, reader.ValueSpan.Length);
        return reader.CopyString(buffer);
    }

    private static void Fit(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = new byte[length * 2];
    }
}
