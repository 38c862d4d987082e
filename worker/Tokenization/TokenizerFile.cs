using System.Runtime.InteropServices;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Runs;
using Library = Tokenizers.DotNet.Tokenizer;

namespace LightReasoner.Worker.Tokenization;

/// <summary>
/// tokenizer.json: the vocabulary, the added tokens under the ids that Hugging Face's library gives them, and that library itself, loaded
/// from a copy in which no token is special and nothing is put around a text, so that both are ours to decide.
/// </summary>
internal sealed class TokenizerFile
{
    /// <summary>Ids become rows of tables, so a file must not choose huge ones.</summary>
    internal const int IdLimit = 1 << 24;

    private readonly string _name;
    private readonly JsonElement _model;
    private readonly Dictionary<string, JsonNode?> _sections = [];
    private readonly OrderedDictionary<string, (int Id, bool InModel, AddedToken Token)> _added = new(StringComparer.Ordinal);

    internal TokenizerFile(ReadOnlyMemory<byte> json, string name, TokenizerConfig config)
    {
        _name = name;
        try
        {
            var root = JsonDocument.Parse(json.Span.StartsWith("\uFEFF"u8) ? json[3..] : json).RootElement;
            if (root.ValueKind == JsonValueKind.Object)
                root.TryGetProperty("model", out _model);
            if (_model.ValueKind != JsonValueKind.Object)
                throw new InvalidDataException($"{name}: model: missing; is this a tokenizer.json of Hugging Face's tokenizers?");
            foreach (var section in (string[])["version", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder"])
            {
                if (root.TryGetProperty(section, out var value))
                    _sections[section] = JsonFile.Tree(JsonMarshal.GetRawUtf8Value(value), $"{name}: {section}");
            }
            ReadVocabulary();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{name}: not valid JSON: {e.Message}", e);
        }
        if (_model.TryGetProperty("dropout", out var dropout) && dropout.GetRawText() is not ("null" or "0" or "0.0"))
            throw new InvalidDataException($"{name}: model.dropout: makes token ids random; set it to null");
        // The library cuts the prefix off every merge, also where it is not there, and panics.
        if (_model.TryGetProperty("merges", out _)
            && _model.TryGetProperty("continuing_subword_prefix", out var prefix) && prefix.GetRawText() is not ("null" or "\"\""))
            throw new InvalidDataException($"{name}: model.continuing_subword_prefix: not supported in a BPE model");
        foreach (var section in (string[])["normalizer", "pre_tokenizer", "decoder"])
            PanicGuard.Check(_sections.GetValueOrDefault(section), $"{name}: {section}", isDecoder: section == "decoder");
        AddTokens(config);
        if (Tokens.Count == 0)
            throw new InvalidDataException($"{name}: model.vocab: holds no token");
        PostProcessor = PostProcessor.Parse(_sections.GetValueOrDefault("post_processor"), $"{name}: post_processor");
        if (config.AddPrefixSpace is { } space && _sections.GetValueOrDefault("pre_tokenizer") is JsonObject pre
            && pre["type"]?.ToString() == "ByteLevel") pre["add_prefix_space"] = space;
    }

    internal int ModelSize { get; private set; }

    internal Dictionary<string, int> Ids { get; } = new(StringComparer.Ordinal);

    internal Dictionary<int, string> Tokens { get; } = [];

    internal IEnumerable<int> SpecialIds => _added.Values.Where(added => added.Token.Special).Select(added => added.Id);

    internal PostProcessor PostProcessor { get; }

    internal Library Load(bool splitSpecialTokens = false)
    {
        var (library, error) = TryLoad(splitSpecialTokens);
        if (library is not null)
            return library;
        // It seldom says where, so look for a part without which it can load.
        var culprit = _sections.Keys.FirstOrDefault(section => TryLoad(splitSpecialTokens, section).Library is not null) ?? "model";
        var reason = error!.Replace("Failed to load tokenizer: ", "", StringComparison.Ordinal).Split(" at line ")[0];
        throw new InvalidDataException(
            $"{_name}: {culprit}: Hugging Face's tokenizers refuses it ({reason}); save it again with transformers (save_pretrained)");
    }

    private (Library? Library, string? Error) TryLoad(bool splitSpecialTokens, string? without = null)
    {
        // The library reads nothing but files, and reads all of one at once.
        var copy = Path.Combine(Path.GetTempPath(), $"lightreasoner-{Guid.NewGuid():N}.tokenizer.json");
        try
        {
            using (var stream = new FileStream(copy, FileMode.CreateNew))
            using (var writer = new Utf8JsonWriter(stream))
            {
                writer.WriteStartObject();
                foreach (var (section, value) in _sections)
                {
                    if (section is "added_tokens" or "post_processor" || section == without || value is null)
                        continue;
                    writer.WritePropertyName(section);
                    value.WriteTo(writer);
                }
                writer.WritePropertyName("added_tokens");
                new JsonArray([.. AddedTokens(splitSpecialTokens)]).WriteTo(writer);
                writer.WritePropertyName("model");
                writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(_model), skipInputValidation: true);
                writer.WriteEndObject();
            }
            return (new Library(copy), null);
        }
        catch (Tokenizers.DotNet.TokenizerException e)
        {
            return (null, e.Message);
        }
        finally
        {
            File.Delete(copy);
        }
    }

    /// <summary>A special token that is to be ordinary text gets a content that no text has, so that ids after it stay the same.</summary>
    private IEnumerable<JsonNode> AddedTokens(bool splitSpecialTokens) =>
        from added in _added.Values
        let hidden = splitSpecialTokens && added.Token.Special
        where !(hidden && added.InModel)
        select (added.Token with { Special = false, Content = hidden ? $"\uFFFF{added.Id}" : added.Token.Content }).ToJson(added.Id);

    private void ReadVocabulary()
    {
        var where = $"{_name}: model.vocab";
        _model.TryGetProperty("vocab", out var vocabulary);
        if (vocabulary.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in vocabulary.EnumerateObject())
            {
                if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetInt32(out var id) || id is < 0 or >= IdLimit)
                    throw new InvalidDataException($"{where}: the token '{property.Name}' needs an id from 0 to {IdLimit - 1}");
                Ids[property.Name] = id;
            }
            ModelSize = Ids.Count;
            foreach (var (token, id) in Ids)
            {
                if (!Tokens.TryAdd(id, token))
                    throw new InvalidDataException(
                        $"{where}: the tokens '{Tokens[id]}' and '{token}' have the same id {id}; each needs its own");
            }
        }
        else if (vocabulary.ValueKind == JsonValueKind.Array)
        {
            // Unigram: tokens and their scores.
            foreach (var pair in vocabulary.EnumerateArray())
            {
                if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2 || pair[0].ValueKind != JsonValueKind.String)
                    throw new InvalidDataException($"{where}[{ModelSize}]: expected a token and its score");
                Ids[pair[0].GetString()!] = ModelSize;
                Tokens[ModelSize++] = pair[0].GetString()!;
            }
        }
        else
        {
            throw new InvalidDataException($"{where}: expected an object of tokens and ids, or a list of tokens and scores");
        }
    }

    /// <summary>
    /// The added tokens in transformers' order: those of tokenizer.json, those of the configuration that are new or have other flags,
    /// special tokens that no file defines or marks as such. The library ignores the ids that the files name: a token of the model keeps
    /// its id, others are numbered on from the model's size.
    /// </summary>
    private void AddTokens(TokenizerConfig config)
    {
        var next = ModelSize;
        var where = $"{_name}: added_tokens";
        foreach (var node in _sections.GetValueOrDefault("added_tokens") is { } list ? Json.Array(list, where) : [])
            Add(AddedToken.Parse(Json.Object(node, where), where));
        foreach (var token in config.Added.Where(token => _added.GetValueOrDefault(token.Content).Token != token).ToList())
            Add(config.IsSpecial(token.Content) ? token with { Special = true } : token);
        foreach (var token in config.Special)
            Add(_added.TryGetValue(token.Content, out var known) ? known.Token with { Special = true } : token);

        void Add(AddedToken token)
        {
            if (token.Content.Length == 0)
                return;
            var again = _added.TryGetValue(token.Content, out var before);
            var inModel = again ? before.InModel : Ids.ContainsKey(token.Content);
            var id = again || inModel ? Ids[token.Content] : next;
            next = Math.Max(next, id + 1);
            _added[token.Content] = (id, inModel, token with { Special = token.Special || (again && before.Token.Special) });
            Ids[token.Content] = id;
            Tokens[id] = token.Content;
        }
    }
}
