using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Demo;

/// <summary>Block generation with so many refining passes.</summary>
/// <param name="Iterations">Passes that refine a block.</param>
/// <param name="Before">Before refinement training.</param>
/// <param name="After">After.</param>
internal sealed record BlockResult(int Iterations, Measured Before, Measured After);

/// <summary>What the refinement half of the demo gives for one expert.</summary>
/// <param name="TokensBefore">Token by token before refinement training.</param>
/// <param name="TokensAfter">Token by token after.</param>
/// <param name="Blocks">By blocks, for several numbers of passes.</param>
internal sealed record RefinementResult(Measured TokensBefore, Measured TokensAfter, IReadOnlyList<BlockResult> Blocks);

/// <summary>What training with interleaved masks gives for the same expert and records.</summary>
/// <param name="Tokens">Token by token.</param>
/// <param name="Blockwise">All tokens of a block at once.</param>
/// <param name="SelfAware">A block up to the first token that the model is unsure of.</param>
internal sealed record MaskResult(Measured Tokens, Measured Blockwise, Measured SelfAware);

/// <summary>Refinement training of one model with the settings of <c>3-refine.yaml</c>.</summary>
internal sealed class Refinement(RefineRunSpec spec)
{
    /// <summary>Takes the settings from <c>3-refine.yaml</c>.</summary>
    public static Refinement FromManifest(string examples) => new(Experiment.Read<RefineRun>(examples, "3-refine.yaml").Spec);

    public RefinementResult Run(
        LoadedModel model, Tokenizer tokenizer, IReadOnlyList<PromptResponse> records, IReadOnlyList<Question> test, int[] iterations,
            CancellationToken cancellation)
    {
        var tokensBefore = Measure(1, Decoding.Tokens);
        Measured[] before = [.. iterations.Select(m => Measure(m, Decoding.Blocks))];
        Train(model, tokenizer, records, spec, cancellation);
        return new RefinementResult(tokensBefore, Measure(1, Decoding.Tokens),
            [.. iterations.Select((m, i) => new BlockResult(m, before[i], Measure(m, Decoding.Blocks)))]);

        Measured Measure(int refineIterations, Decoding decoding) => Refinement.Measure(model, tokenizer, test,
            spec.Evaluation! with { RefineIterations = refineIterations }, decoding, cancellation);
    }

    /// <summary>The same training with interleaved masks.</summary>
    public MaskResult RunMasks(
        LoadedModel model, Tokenizer tokenizer, IReadOnlyList<PromptResponse> records, IReadOnlyList<Question> test, int blockSize,
            CancellationToken cancellation)
    {
        Train(model, tokenizer, records,
            spec with { Objective = RefineObjective.Interleaved, Interleaved = new InterleavedSpec { BlockSize = blockSize } },
            cancellation);
        return new MaskResult(Measure(BlockDecoder.Blockwise, Decoding.Tokens), Measure(BlockDecoder.Blockwise, Decoding.Masks),
            Measure(BlockDecoder.SelfAware, Decoding.Masks));

        Measured Measure(BlockDecoder decoder, Decoding decoding) => Refinement.Measure(model, tokenizer, test,
            spec.Evaluation! with { BlockLength = blockSize, Decoder = decoder }, decoding, cancellation);
    }

    private static void Train(LoadedModel model, Tokenizer tokenizer, IReadOnlyList<PromptResponse> records, RefineRunSpec spec,
        CancellationToken cancellation)
    {
        using var trainer = new RefineTrainer(model, tokenizer, records, spec);
        while (trainer.Step < trainer.TotalSteps)
        {
            cancellation.ThrowIfCancellationRequested();
            trainer.TrainStep();
        }
    }

    private static Measured Measure(LoadedModel model, Tokenizer tokenizer, IReadOnlyList<Question> test, EvaluationSpec evaluation,
        Decoding decoding, CancellationToken cancellation)
    {
        model.Model.eval();
        return Measured.Of(AccuracyEvaluator.Evaluate(model, tokenizer, test, evaluation, decoding, cancellation));
    }
}
