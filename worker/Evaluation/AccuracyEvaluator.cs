using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Generation;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Evaluation;

/// <summary>Accuracy on questions with known answers: one answer each (pass@1), judged by its final number.</summary>
public sealed class AccuracyEvaluator
{
    /// <summary>Asks all questions.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="questions">Questions with answers.</param>
    /// <param name="spec">How they are asked.</param>
    /// <param name="blocks">Block generation (greedy) instead of token by token.</param>
    /// <param name="cancellation">Ends it between two forward passes.</param>
    /// <param name="answered">Hears, after each forward pass, how many questions are answered.</param>
    /// <exception cref="InvalidDataException">A question has no answer with a number.</exception>
    public EvaluationResult Evaluate(
        LoadedModel model, Tokenizer tokenizer, IReadOnlyList<Question> questions, EvaluationSpec spec, bool blocks, CancellationToken cancellation = default,
        Action<int>? answered = null)
    {
        var expected = questions.Select(Expected).ToArray();
        var prompts = questions.Select(question => PromptFormat.Encode(tokenizer, spec.Prompt, question, model.Model.Config.VocabSize)).ToArray();
        var generated = blocks
            ? new BlockGenerator(model, RefineTrainer.EosOf(model, tokenizer))
                .Generate(prompts, spec.BlockLength, spec.RefineIterations, spec.Generation.MaxNewTokens, spec.BatchSize, cancellation: cancellation, answered: answered)
            : new TextGenerator(model).Generate(prompts, spec.Generation, spec.BatchSize, cancellation: cancellation, answered: answered);
        var texts = generated.Select(answer => tokenizer.Decode(answer.Ids, skipSpecialTokens: true)).ToArray();
        var correct = texts.Zip(expected, (text, number) => Gsm8kAnswer.AreEqual(Gsm8kAnswer.Extract(text), number)).ToArray();
        var passes = generated.Sum(answer => (long)answer.ForwardPasses);
        return new EvaluationResult(correct, texts, passes == 0 ? 0 : (double)generated.Sum(answer => (long)answer.Ids.Length) / passes);
    }

    private static string Expected(Question question) => question.Answer is { } answer && Gsm8kAnswer.Extract(answer) is { } number
        ? number
        : throw new InvalidDataException($"{question.Place}: the answer has no number to compare with ('{question.Answer}')");
}
