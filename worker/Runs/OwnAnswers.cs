using LightReasoner.Worker.Data;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Sampling;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Runs;

/// <summary>
/// The controls of LightReasoner: the expert's own answers as training data, all of them or the right ones (rejection sampling). Every
/// token of an answer is a sample whose label is that token alone, so that a run of so many steps and samples has the budget of one on soft
/// labels.
/// </summary>
internal static class OwnAnswers
{
    /// <param name="tokenizer">Gives the expert's tokenizer; asked for where answers are judged.</param>
    /// <exception cref="WorkerException">There are no answers, they are to other questions, or none is right.</exception>
    public static async Task<SpooledList<ContrastiveSample>> ReadAsync(
        string output, SftSpec spec, Func<DatasetSource, string> uri, Func<Task<Tokenizer>> tokenizer, CancellationToken cancellation)
    {
        Dictionary<int, Question>? known = null;
        Tokenizer? reader = null;
        AnswerGrader? grader = null;
        if (spec.Answers is AnswerChoice.Right)
        {
            var sets = await TestSet.ReadAsync(new EvaluationSpec
            {
                Dataset = spec.Dataset,
                Benchmark = spec.Benchmark,
                Grader = spec.Grader,
                QuestionField = spec.Benchmark is null ? spec.QuestionField : null,
                AnswerField = spec.Benchmark is null ? spec.AnswerField : null,
            }, uri, cancellation);
            known = sets[0].Questions.ToDictionary(question => question.Index);
            (grader, reader) = (AnswerGrader.Of(sets[0].Spec), await tokenizer());
        }
        var samples = new SpooledList<ContrastiveSample>();
        int answers = 0, learned = 0;
        await foreach (var line in AnswerFile.LinesAsync(BlobUri.Join(output, "answers/*"), cancellation))
        {
            if (line.Ids.Length == 0) continue;
            answers++;
            if (line.PromptIds is null) throw new WorkerException(ExitCode.BadData,
                $"{output}: its answers have no promptIds; they were written by an older worker. Run the SamplingRun again");
            if (known is not null)
            {
                // A benchmark's question may be put together from fields of the record; its place among the records is what counts.
                if (!known.TryGetValue(line.Index, out var question) || (spec.Benchmark is null && question.Text != line.Question))
                    throw new WorkerException(ExitCode.BadData,
                        $"spec.sft.dataset: record {line.Index + 1} is not the question that was answered; take the SamplingRun's dataset");
                if (!grader!.Grade(reader!.Decode(line.Ids, skipSpecialTokens: true), question.Answer!).IsCorrect) continue;
            }
            learned++;
            foreach (var sample in Of(line)) samples.Add(sample);
        }
        if (samples.Count > 0) return samples;
        samples.Dispose();
        throw new WorkerException(ExitCode.BadData, answers == 0 ? $"{output}: holds no answers"
            : $"none of the {answers} answers is right; there is nothing to learn");
    }

    public static IEnumerable<ContrastiveSample> Of(AnswerLine answer) => answer.Ids.Select((id, step) => new ContrastiveSample
    {
        PromptId = answer.Question,
        Question = answer.Question,
        Step = step,
        TokenIds = [id],
        Weights = [1],
        PrefixIds = [.. answer.PromptIds!, .. answer.Ids.AsSpan(0, step)],
    });
}
