using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Runs;
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

/// <summary>Accuracy on questions with known answers: one answer each (pass@1), judged by the evaluation's grader.</summary>
public sealed class AccuracyEvaluator
{
    /// <summary>Asks all questions.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="questions">Questions with answers.</param>
    /// <param name="spec">How they are asked.</param>
    /// <param name="decoding">How answers are generated; all but token by token are greedy.</param>
    /// <param name="cancellation">Ends it between two forward passes.</param>
    /// <param name="answered">Hears, after each forward pass, how many questions are answered.</param>
    /// <exception cref="Runs.WorkerException">The answers of the questions are not such as the grader compares.</exception>
    public EvaluationResult Evaluate(
        LoadedModel model, Tokenizer tokenizer, IReadOnlyList<Question> questions, EvaluationSpec spec, Decoding decoding,
            CancellationToken cancellation = default,
        Action<int>? answered = null)
    {
        var grader = AnswerGrader.Of(spec);
        grader.Check(questions.Select(question => (question.Where, question.Answer ?? "")));
        var prompts = questions.Select(question => BatchGenerator.Checked(model.Model, spec.Benchmark is null
            ? PromptFormat.Encode(tokenizer, spec.Prompt, question, model.Model.Config.VocabSize)
            : tokenizer.Encode(Benchmark.Prompt(question.Text, spec.PromptType), addSpecialTokens: true), $"{question.Where}: the prompt"))
                .ToArray();
        var endIds = model.EndIds(tokenizer);
        var batchSize = BatchSizes.Rows(spec.BatchSize, model.Model, prompts.Max(prompt => prompt.Length), spec.Generation.MaxNewTokens);
        int eos = decoding is Decoding.Tokens ? 0 : RefineTrainer.EosOf(model, tokenizer), limit = spec.Generation.MaxNewTokens;
        var generated = decoding switch
        {
            Decoding.Blocks => new BlockGenerator(model.Model, eos, endIds)
                .Generate(prompts, spec.BlockLength, spec.RefineIterations.Number, limit, batchSize, answered, cancellation),
            Decoding.Masks => new InterleavedGenerator(model.Model, eos, endIds)
                .Generate(prompts, spec.BlockLength, spec.Decoder is BlockDecoder.SelfAware ? spec.Threshold : null, limit, batchSize,
                    answered, cancellation),
            _ => new BatchGenerator(model.Model, endIds)
                .Generate(prompts, spec.Generation, batchSize, answered: answered, cancellation: cancellation),
        };
        var texts = generated.Select(answer => tokenizer.Decode(answer.Ids, skipSpecialTokens: true)).ToArray();
        var correct = texts.Zip(questions, (text, question) => grader.Grade(text, question.Answer!).IsCorrect).ToArray();
        var passes = generated.Sum(answer => (long)answer.ForwardPasses);
        return new EvaluationResult(correct, texts, passes == 0 ? 0 : (double)generated.Sum(answer => (long)answer.Ids.Length) / passes);
    }
}
