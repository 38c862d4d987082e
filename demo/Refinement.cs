using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Demo;

/// <summary>Block generation with so many refining passes.</summary>
/// <param name="Iterations">Passes that refine a block.</param>
/// <param name="Before">Accuracy before refinement training.</param>
/// <param name="After">Accuracy after.</param>
/// <param name="TokensPerForward">Tokens of the answers per forward pass, after.</param>
internal sealed record BlockResult(int Iterations, double Before, double After, double TokensPerForward);

/// <summary>What the refinement half of the demo gives for one expert.</summary>
/// <param name="AutoregressiveBefore">Accuracy token by token before refinement training.</param>
/// <param name="AutoregressiveAfter">Accuracy token by token after.</param>
/// <param name="Blocks">Accuracy by blocks, for several numbers of passes.</param>
internal sealed record RefinementResult(double AutoregressiveBefore, double AutoregressiveAfter, IReadOnlyList<BlockResult> Blocks);

/// <summary>Refinement training of one model with the settings of <c>3-refine.yaml</c>.</summary>
internal sealed class Refinement(RefineRunSpec spec)
{
    /// <summary>Takes the settings from <c>3-refine.yaml</c>.</summary>
    public static Refinement FromManifest(string examples) => new(Experiment.Read<RefineRun>(examples, "3-refine.yaml").Spec);

    public RefinementResult Run(
        LoadedModel model, Tokenizer tokenizer, IReadOnlyList<PromptResponse> records, IReadOnlyList<Question> test, int[] iterations,
            CancellationToken cancellation)
    {
        EvaluationResult autoregressiveBefore = Measure(1, Decoding.Tokens);
        EvaluationResult[] before = [.. iterations.Select(m => Measure(m, Decoding.Blocks))];
        using (var trainer = new RefineTrainer(model, tokenizer, records, spec))
            while (trainer.Step < trainer.TotalSteps)
            {
                cancellation.ThrowIfCancellationRequested();
                trainer.TrainStep();
            }
        EvaluationResult[] after = [.. iterations.Select(m => Measure(m, Decoding.Blocks))];
        return new RefinementResult(Share(autoregressiveBefore), Share(Measure(1, Decoding.Tokens)),
            [.. iterations.Select((m, i) => new BlockResult(m, Share(before[i]), Share(after[i]), after[i].TokensPerForward))]);

        EvaluationResult Measure(int refineIterations, Decoding decoding)
        {
            model.Model.eval();
            return new AccuracyEvaluator().Evaluate(model, tokenizer, test, spec.Evaluation! with { RefineIterations = refineIterations },
                decoding, cancellation);
        }
    }

    /// <summary>The same training with interleaved masks: accuracy and tokens per forward pass, blockwise and self-aware.</summary>
    public IReadOnlyList<(double Accuracy, double TokensPerForward)> RunMasks(
        LoadedModel model, Tokenizer tokenizer, IReadOnlyList<PromptResponse> records, IReadOnlyList<Question> test, int blockSize,
            CancellationToken cancellation)
    {
        using (var trainer = new RefineTrainer(model, tokenizer, records,
            spec with { Objective = RefineObjective.Interleaved, Interleaved = new InterleavedSpec { BlockSize = blockSize } }))
            while (trainer.Step < trainer.TotalSteps)
            {
                cancellation.ThrowIfCancellationRequested();
                trainer.TrainStep();
            }
        model.Model.eval();
        return
        [
            .. new[] { BlockDecoder.Blockwise, BlockDecoder.SelfAware }.Select(decoder => new AccuracyEvaluator()
                .Evaluate(model, tokenizer, test, spec.Evaluation! with { BlockLength = blockSize, Decoder = decoder },
                    Decoding.Masks, cancellation))
                .Select(result => (result.Accuracy, result.TokensPerForward)),
        ];
    }

    private static double Share(EvaluationResult result) => result.Correct.Average(c => c ? 1.0 : 0);
}
