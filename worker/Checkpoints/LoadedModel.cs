using LightReasoner.Worker.Models;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>A model read from a Hugging Face folder.</summary>
/// <param name="EosIds">End-of-sequence tokens of generation_config.json and config.json; any of them ends a text; may be empty.</param>
internal sealed record LoadedModel(CausalLM Model, int[] EosIds, string Dir) : IDisposable
{
    /// <summary>Tokens that end an answer: those of generation_config.json, config.json and the tokenizer; none for ignoreEos.</summary>
    /// <exception cref="InvalidDataException">None is named anywhere, so that no answer would end.</exception>
    public IReadOnlyCollection<int> EndIds(Tokenizer? tokenizer, GenerationSpec? generation = null)
    {
        if (generation is { IgnoreEos: true }) return [];
        int[] ids = [.. tokenizer?.EosId is { } eos ? EosIds.Append(eos).Distinct() : EosIds];
        return ids.Length > 0 ? ids : throw new InvalidDataException(
            $"{Dir}: neither generation_config.json, config.json (eos_token_id) nor tokenizer_config.json (eos_token) names an "
            + "end-of-sequence token, so no answer would end; name one there, or set generation.ignoreEos: true to have maxNewTokens "
            + "tokens of every answer");
    }

    public void Dispose() => Model.Dispose();
}
