using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Evaluation;

/// <summary>Accuracy on questions with known answers: one answer each (pass@1), judged by the evaluation's grader.</summary>
internal static class AccuracyEvaluator
{
    /// <param name="replicas">The model on every device to be used; the first alone where left out.</param>
    /// <exception cref="WorkerException">The answers of the questions are not such as the grader compares.</exception>
    public static EvaluationResult Evaluate(
        LoadedModel model, Tokenizer tokenizer, IReadOnlyList<Question> questions, EvaluationSpec spec, Decoding decoding,
        CancellationToken cancellation = default, Action<int>? answered = null, IReadOnlyList<CausalLM>? replicas = null)
    {
        var grader = AnswerGrader.Of(spec);
        grader.Check(questions.Select(question => (question.Where, question.Answer ?? "")));
        var prompts = Prompts(model.Model, tokenizer, questions, spec)
            .Select((ids, i) => BatchGenerator.Checked(model.Model, ids, $"{questions[i].Where}: the prompt")).ToArray();
        var generator = new AnswerGenerator(model, tokenizer, decoding, spec);
        var batchSize = BatchSizes.Rows(spec.BatchSize, model.Model, prompts.Max(prompt => prompt.Length), spec.Generation.MaxNewTokens);
        var generated = ModelReplicas.Generate(replicas ?? [model.Model], prompts, (replica, mine, numbers, complete) =>
            generator.Generate(replica, mine, numbers, batchSize, complete, cancellation), answered);
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
                model.Config.VocabSize, $"{question.Where}: the prompt")),
    ];
}
