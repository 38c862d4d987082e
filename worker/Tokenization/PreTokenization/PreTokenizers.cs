using System.Text;
using System.Text.Json.Nodes;

namespace LightReasoner.Worker.Tokenization.PreTokenization;

/// <summary>Reads the pre_tokenizer section of tokenizer.json.</summary>
internal static class PreTokenizers
{
    /// <summary>The pre-tokenizer that a section describes. It must end in ByteLevel, which is what makes a model a byte-level one.</summary>
    internal static IPreTokenizer Parse(JsonNode? node, string where)
    {
        var steps = new List<IPreTokenizer>();
        var byteLevel = false;
        Add(node, where, steps, ref byteLevel);
        if (!byteLevel)
            throw new TokenizerException($"{where}: no ByteLevel step found; only byte-level BPE tokenizers are supported");
        return steps.Count == 1 ? steps[0] : new PreTokenizerSequence(steps);
    }

    private static void Add(JsonNode? node, string where, List<IPreTokenizer> steps, ref bool byteLevel)
    {
        if (node is null)
            return;
        if (byteLevel)
            throw new TokenizerException($"{where}: a step after ByteLevel is not supported");
        var json = Json.Object(node, where);
        switch (Json.Type(json, where))
        {
            case "Sequence":
                var i = 0;
                foreach (var step in Json.Array(json, "pretokenizers", where))
                    Add(step, $"{where}.pretokenizers[{i++}]", steps, ref byteLevel);
                break;
            case "ByteLevel":
                byteLevel = true;
                if (Json.Flag(json, "add_prefix_space", where, absent: true))
                    steps.Add(new PrefixSpace());
                if (Json.Flag(json, "use_regex", where, absent: true))
                    steps.Add(new SplitPreTokenizer(KnownPatterns.Find(KnownPatterns.Gpt2)!, SplitBehavior.Isolated, invert: false));
                break;
            case "Split":
                steps.Add(new SplitPreTokenizer(Pattern(json["pattern"], $"{where}.pattern"), Behavior(json, where), Json.Flag(json, "invert", where)));
                break;
            case "Digits":
                var single = Json.Flag(json, "individual_digits", where);
                steps.Add(new SplitPreTokenizer(new CharacterPattern(Rune.IsNumber), single ? SplitBehavior.Isolated : SplitBehavior.Contiguous, invert: false));
                break;
            case "Punctuation":
                steps.Add(new SplitPreTokenizer(new CharacterPattern(IsPunctuation), Behavior(json, where), invert: false));
                break;
            case "WhitespaceSplit":
                steps.Add(new SplitPreTokenizer(new CharacterPattern(Rune.IsWhiteSpace), SplitBehavior.Removed, invert: false));
                break;
            case var type:
                throw new TokenizerException($"{where}: pre-tokenizer '{type}' is not supported");
        }
    }

    private static ISplitPattern Pattern(JsonNode? node, string where)
    {
        var json = Json.Object(node, where);
        if (Json.OptionalString(json, "Regex", where) is { } regex)
            return KnownPatterns.Find(regex) ?? new RegexPattern(regex, where);
        var literal = Json.String(json, "String", where);
        return literal.Length > 0 ? new LiteralPattern(literal) : throw new TokenizerException($"{where}: the pattern is empty");
    }

    private static SplitBehavior Behavior(JsonObject json, string where)
    {
        var name = Json.OptionalString(json, "behavior", where) ?? nameof(SplitBehavior.Isolated);
        return Enum.TryParse<SplitBehavior>(name, out var behavior) && Enum.IsDefined(behavior) && !char.IsAsciiDigit(name[0])
            ? behavior
            : throw new TokenizerException($"{where}.behavior: '{name}' is not supported");
    }

    // ASCII symbols such as $ and + count as well.
    private static bool IsPunctuation(Rune rune) => Rune.IsPunctuation(rune) || (rune.IsAscii && Rune.IsSymbol(rune));
}
