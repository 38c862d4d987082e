using System.Text.Json.Serialization;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.FineTuning;

/// <summary>A sample as training sees it: the tokens read, and the soft label of the token after the last of them.</summary>
internal sealed record TrainingSample(int[] Prefix, int[] TokenIds, double[] Weights)
{
    /// <summary>Σ w log w: the part of the loss that the model has no influence on.</summary>
    [JsonIgnore]
    public double NegativeEntropy { get; } = Weights.Sum(w => w > 0 ? w * Math.Log(w) : 0);

    /// <summary>
    /// Reads the samples' prefixes. Published samples have no ids: their text is put together as the published trainer does it, from the
    /// default prompt over the question (or prompt_id, which is the question there) and the prefix. A model without a chat template reads
    /// question and prefix as they are.
    /// </summary>
    /// <param name="tokenizer">The model's; may be absent where all samples have prefix_ids.</param>
    /// <param name="maxLength">Longer samples are left out.</param>
    /// <param name="labelVocabulary">Where labels are cut (see <see cref="Cut"/>); null for nowhere.</param>
    /// <returns>The samples of at most <paramref name="maxLength"/> tokens, one at a time.</returns>
    public static IEnumerable<TrainingSample> Prepare(IEnumerable<ContrastiveSample> samples, Tokenizer? tokenizer, int maxLength,
        int vocabulary, int? labelVocabulary = null)
    {
        foreach (var (i, sample) in samples.Index())
        {
            var prepared = Check(sample, i, sample.PrefixIds ?? Tokenize(sample, i, tokenizer), vocabulary);
            if (prepared.Prefix.Length <= maxLength)
                yield return labelVocabulary is { } size ? prepared.Cut(size) : prepared;
        }
    }

    /// <summary>
    /// The label without the tokens from <paramref name="vocabulary"/> on, as the published trainer has it: added tokens, end-of-sequence
    /// tokens among them, lose their weight, and the others keep theirs.
    /// </summary>
    public TrainingSample Cut(int vocabulary)
    {
        var kept = Enumerable.Range(0, TokenIds.Length).Where(i => TokenIds[i] < vocabulary).ToArray();
        return kept.Length == TokenIds.Length ? this : new TrainingSample(Prefix, [.. kept.Select(i => TokenIds[i])],
            [.. kept.Select(i => Weights[i])]);
    }

    private static int[] Tokenize(ContrastiveSample sample, int index, Tokenizer? tokenizer)
    {
        if (tokenizer is null)
            throw new InvalidDataException($"{sample.Place ?? $"sample {index + 1}"}: field 'prefix_ids' is "
                + "missing and there is no tokenizer for 'prefix'");
        var question = sample.Question ?? sample.PromptId;
        return tokenizer.ChatTemplate is null
            ? tokenizer.Encode(question + sample.Prefix, addSpecialTokens: true)
            : tokenizer.Encode(PromptFormat.Text(tokenizer, new PromptSpec(), question) + sample.Prefix);
    }

    private static TrainingSample Check(ContrastiveSample sample, int index, int[] prefix, int vocabulary)
    {
        var where =
            $"{sample.Place ?? $"sample {index + 1}"} (prompt_id '{DataRecord.Shorten(sample.PromptId)}', step "
            + $"{sample.Step})";
        if (prefix.Length == 0)
            throw new InvalidDataException($"{where}: the prefix has no tokens");
        if (sample.TokenIds.Length == 0 || sample.TokenIds.Length != sample.Weights.Length)
            throw new InvalidDataException($"{where}: token_ids and weights must be of the same length, at least 1; they have "
                + $"{sample.TokenIds.Length} and {sample.Weights.Length}");
        Models.TokenIds.Check(prefix, vocabulary, $"{where}: the prefix");
        Models.TokenIds.Check(sample.TokenIds, vocabulary, $"{where}: the label (token_ids)");
        if (sample.Weights.Any(w => !double.IsFinite(w) || w < 0))
            throw new InvalidDataException($"{where}: weights must be finite and not negative");
        return new TrainingSample(prefix, sample.TokenIds, sample.Weights);
    }
}
