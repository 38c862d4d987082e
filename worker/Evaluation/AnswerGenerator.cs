using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Evaluation;

/// <summary>How answers are generated.</summary>
public enum Decoding
{
    /// <summary>Token by token.</summary>
    Tokens,

    /// <summary>Blocks of EOS that are refined.</summary>
    Blocks,

    /// <summary>Masks behind the text, after interleaved-mask training.</summary>
    Masks,
}

/// <summary>Generates answers in any of these ways.</summary>
/// <param name="spec">Settings of generation, blocks and masks; all but token by token are greedy.</param>
internal sealed class AnswerGenerator(LoadedModel model, Tokenizer? tokenizer, Decoding decoding, EvaluationSpec spec)
{
    private readonly IReadOnlyCollection<int> _endIds = model.EndIds(tokenizer, spec.Generation);
    private readonly int _eos = decoding is Decoding.Tokens ? 0 : RefineTrainer.EosOf(model, tokenizer);

    /// <param name="replica">The model, on the device that is to work.</param>
    /// <param name="numbers">Numbers of the prompts, which random draws depend on.</param>
    public IReadOnlyList<GeneratedAnswer> Generate(CausalLM replica, int[][] prompts, int[] numbers, int batchSize, Action<int> answered,
        CancellationToken cancellation) => decoding switch
        {
            Decoding.Blocks => new BlockGenerator(replica, _eos, _endIds).Generate(prompts, spec.BlockLength,
                spec.RefineIterations.Number, spec.Generation.MaxNewTokens, batchSize, answered, cancellation),
            Decoding.Masks => new InterleavedGenerator(replica, _eos, _endIds).Generate(prompts, spec.BlockLength,
                spec.Decoder is BlockDecoder.SelfAware ? spec.Threshold : null, spec.Generation.MaxNewTokens, batchSize, answered,
                cancellation),
            _ => new BatchGenerator(replica, _endIds).Generate(prompts, spec.Generation, batchSize, numbers, answered, cancellation),
        };
}
