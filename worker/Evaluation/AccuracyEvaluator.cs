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
internal sealed class AccuracyEvaluator
{
    /// <summary>Asks all questions.</summary>
    /// <param name="decoding">How answers are generated; all but token by token are greedy.</param>
    /// <param name="cancellation">Ends it between two forward passes.</param>
    /// <param name="answered">Hears, after each forward pass, how many questions are answered.</param>
    /// <param name="replicas">The model on every device to be used; the first alone where left out.</param>
    /// <exception cref="Runs.WorkerException">The answers of the questions are not such as the grader compares.</exception>
    public EvaluationResult Evaluate(
        LoadedModel model, Tokenizer tokenizer, IReadOnlyList<Question> questions, EvaluationSpec spec, Decoding decoding,
        CancellationToken cancellation = default, Action<int>? answered = null, IReadOnlyList<CausalLM>? replicas = null)
    {
        var grader = AnswerGrader.Of(spec);
        grader.Check(questions.Select(question => (question.Where, question.Answer ?? "")));
        var prompts = Prompts(model.Model, tokenizer, questions, spec)
            .Select((ids, i) => BatchGenerator.Checked(model.Model, ids, $"{questions[i].Where}: the prompt")).ToArray();
        var endIds = model.EndIds(tokenizer, spec.Generation);
        var batchSize = BatchSizes.Rows(spec.BatchSize, model.Model, prompts.Max(prompt => prompt.Length), spec.Generation.MaxNewTokens);
        int eos = decoding is Decoding.Tokens ? 0 : RefineTrainer.EosOf(model, tokenizer), limit = spec.Generation.MaxNewTokens;
        var generated = ModelReplicas.Generate(replicas ?? [model.Model], prompts, (replica, mine, numbers, complete) => decoding switch
        {
            Decoding.Blocks => new BlockGenerator(replica, eos, endIds)
                .Generate(mine, spec.BlockLength, spec.RefineIterations.Number, limit, batchSize, complete, cancellation),
            Decoding.Masks => new InterleavedGenerator(replica, eos, endIds)
                .Generate(mine, spec.BlockLength, spec.Decoder is BlockDecoder.SelfAware ? spec.Threshold : null, limit, batchSize,
                    complete, cancellation),
            _ => new BatchGenerator(replica, endIds).Generate(mine, spec.Generation, batchSize, numbers, complete, cancellation),
        }, answered);
        var texts = generated.Select(answer => tokenizer.Decode(answer.Ids, skipSpecialTokens: true)).ToArray();
        var correct = texts.Zip(questions, (text, question) => grader.Grade(text, question.Answer!).IsCorrect).ToArray();
        var passes = generated.Sum(answer => (long)answer.ForwardPasses);
        return new EvaluationResult(correct, texts, passes == 0 ? 0 : (double)generated.Sum(answer => (long)answer.Ids.Length) / passes)
        { AnswersCut = generated.Count(answer => answer.Cut) };
    }

    /// <summary>The questions as the model reads them.</summary>
    internal static int[][] Prompts(CausalLM model, Tokenizer tokenizer, IReadOnlyList<Question> questions, EvaluationSpec spec) =>
    [
        .. questions.Select(question => spec.Benchmark is null
            ? PromptFormat.Encode(tokenizer, spec.Prompt, question, model.Config.VocabSize)
            : TokenIds.Check(tokenizer.Encode(Benchmark.Prompt(question.Text, spec.PromptType), addSpecialTokens: true),
            model.Config.VocabSize,
                $"{question.Where}: the prompt")),
    ];
}
