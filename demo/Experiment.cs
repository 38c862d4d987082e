using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.FineTuning;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Sampling;
using LightReasoner.Worker.Tokenization;
using TorchSharp;

namespace LightReasoner.Demo;

/// <summary>What the LightReasoner half of the demo gives for one seed; shares are of 1.</summary>
/// <param name="Amateur">The amateur.</param>
/// <param name="Before">The expert.</param>
/// <param name="After">The expert, fine-tuned on the contrastive labels.</param>
/// <param name="SelfTraining">Control: the same training on the expert's own tokens at the same steps.</param>
/// <param name="RightAnswers">Control: the same training on all tokens of the expert's right answers; null where not asked for.</param>
/// <param name="AllAnswers">Control: the same on all tokens of all its answers; null where not asked for.</param>
/// <param name="Kept">Share of steps whose KL reached beta.</param>
/// <param name="OneToken">Share of label sets of one token.</param>
/// <param name="Flips">Share of labels whose heaviest token is not the expert's choice.</param>
internal sealed record ExperimentResult(Measured Amateur, Measured Before, Measured After, Measured SelfTraining,
    Measured? RightAnswers, Measured? AllAnswers, double Kept, double OneToken, double Flips);

/// <summary>Sampling, fine-tuning and its control for one pair of models, with the settings of the quickstart's manifests.</summary>
internal sealed class Experiment(SamplingRunSpec sampling, FineTuneRunSpec fineTuning)
{
    private const int BatchSize = 64;

    /// <summary>Takes the settings from <c>1-sampling.yaml</c> and <c>2-finetune.yaml</c>.</summary>
    public static Experiment FromManifests(string examples) => new(
        Read<SamplingRun>(examples, "1-sampling.yaml").Spec, Read<FineTuneRun>(examples, "2-finetune.yaml").Spec);

    public static T Read<T>(string examples, string name) where T : Manifest =>
        (T)ManifestReader.Read(File.ReadAllText(Path.Combine(examples, name)), name);

    public ExperimentResult Run(string models, IReadOnlyList<Question> questions, IReadOnlyList<Question> test,
        CancellationToken cancellation, bool controls = false)
    {
        var expertFolder = Path.Combine(models, "expert");
        var tokenizer = Tokenizer.Load(expertFolder);
        List<ContrastiveSample> samples;
        long steps;
        Measured amateurAccuracy, before;
        AnswerLine[] answers;
        using (LoadedModel expert = Load(expertFolder), amateur = Load(Path.Combine(models, "amateur")))
        {
            var vocabulary = VocabularyMap.Equal(expert.Model.Config.VocabSize, amateur.Model.Config.VocabSize);
            var result = new ContrastiveSampler(expert, amateur, tokenizer, vocabulary, sampling, BatchSize)
                .Sample(questions, cancellation: cancellation);
            (samples, steps, answers) = ([.. result.Samples], result.StepsSeen,
                [.. result.Answers.Zip(questions, (answer, question) =>
                new AnswerLine(question.Index, question.Text, answer.Ids, answer.PromptIds))]);
            (amateurAccuracy, before) = (Measure(amateur), Measure(expert));
        }

        var answerOf = questions.Zip(answers).ToDictionary(p => p.First.Id, p => p.Second.Ids);
        int Chosen(ContrastiveSample sample) => answerOf[sample.PromptId][sample.Step];
        var grader = new AnswerGrader(GraderType.Gsm8k);
        return new ExperimentResult(amateurAccuracy, before,
            After: FineTune(samples),
            SelfTraining: FineTune([.. samples.Select(s => s with { TokenIds = [Chosen(s)], Weights = [1.0] })]),
            RightAnswers: controls
                ? FineTune([.. answers.Where((answer, i) => grader.Grade(tokenizer.Decode(answer.Ids, skipSpecialTokens: true),
                    questions[i].Answer!).IsCorrect).SelectMany(OwnAnswers.Of)])
                : null,
            AllAnswers: controls ? FineTune([.. answers.SelectMany(OwnAnswers.Of)]) : null,
            Kept: (double)samples.Count / steps,
            OneToken: samples.Average(s => s.TokenIds.Length == 1 ? 1.0 : 0),
            Flips: samples.Average(s => s.TokenIds[Array.IndexOf(s.Weights, s.Weights.Max())] != Chosen(s) ? 1.0 : 0));

        Measured FineTune(IReadOnlyList<ContrastiveSample> labels)
        {
            using var expert = Load(expertFolder);
            using var trainer = new LoraTrainer(expert, tokenizer, labels, fineTuning);
            while (trainer.Step < trainer.TotalSteps)
            {
                cancellation.ThrowIfCancellationRequested();
                trainer.TrainStep();
            }
            return Measure(expert);
        }

        Measured Measure(LoadedModel model)
        {
            model.Model.eval();
            return Measured.Of(AccuracyEvaluator.Evaluate(model, tokenizer, test, fineTuning.Evaluation!, Decoding.Tokens, cancellation));
        }
    }

    public static LoadedModel Load(string folder) => HuggingFaceFolder.Load(folder, torch.ScalarType.Float32, torch.CPU);
}
