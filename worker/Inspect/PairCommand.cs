using System.CommandLine;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Commands;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Sampling;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Inspect;

/// <summary><c>worker inspect pair</c>: whether an expert and an amateur are worth a SamplingRun, from a few questions.</summary>
internal static class PairCommand
{
    public static Command Create()
    {
        var expert = new Option<string>("--expert") { Description = "Hugging Face model folder: a path or URI.", Required = true };
        var amateur = new Option<string>("--amateur") { Description = "Hugging Face model folder: a path or URI.", Required = true };
        var dtype = Tools.DtypeOption();
        var data = new Option<string>("--data") { Description = "Questions, JSONL or Parquet: a path or URI.", Required = true };
        var field = Tools.Option("--question-field", "Name of the field with the question.", "question");
        var max = Tools.Option("--max-questions", "Uses only this many questions.", 20).Within(1, 100_000);
        var maxNewTokens = Tools.Option("--max-new-tokens", "Maximum number of tokens per answer.", 128).Within(1, 1 << 20);
        var template = Tools.TemplateOption();
        var beta = Tools.Option("--beta", "Least KL of a kept step, in nats.", new SelectionSpec().Beta).Within(0.0, 1000.0);
        var command = new Command("pair",
            "Prints, as one JSON object, how expert and amateur compare on the expert's answers to a few questions, with a verdict.")
            { expert, amateur, dtype, data, field, max, maxNewTokens, template, beta };
        command.SetAction(async (parsed, cancellation) =>
        {
            var spec = new SamplingRunSpec
            {
                Prompt = new PromptSpec { Template = parsed.GetValue(template) },
                Generation = new GenerationSpec { MaxNewTokens = parsed.GetValue(maxNewTokens) },
                Selection = new SelectionSpec { Beta = parsed.GetValue(beta) },
            };
            using var questions = await Datasets.QuestionsAsync(BlobUri.Absolute(parsed.GetValue(data)!), format: null,
                parsed.GetValue(field)!, idField: null, answerField: null, parsed.GetValue(max), shard: 0, shards: 1, cancellation);
            using var strong = await Tools.LoadModelAsync(parsed.GetValue(expert)!, null, parsed.GetValue(dtype)!, cancellation);
            using var weak = await Tools.LoadModelAsync(parsed.GetValue(amateur)!, null, parsed.GetValue(dtype)!, cancellation);
            Console.WriteLine(JsonSerializer.Serialize(Run(strong, weak, spec, questions, cancellation)));
            return 0;
        });
        return command;
    }

    private static object Run(LoadedModel expert, LoadedModel amateur, SamplingRunSpec spec, IReadOnlyList<Question> questions,
        CancellationToken cancellation)
    {
        Tokenizer strong = Tokenizer.Load(expert.Dir), weak = Tokenizer.Load(amateur.Dir);
        int expertRows = expert.Model.Config.VocabSize, amateurRows = amateur.Model.Config.VocabSize;
        var tokens = VocabularyMap.Compare(strong, expertRows, weak, amateurRows);
        var common = new
        {
            expert = tokens.Expert,
            amateur = tokens.Amateur,
            common = tokens.Common,
            differentIds = tokens.Moved,
            examples = tokens.Examples.Select(t => new { token = t.Token, expert = t.ExpertId, amateur = t.AmateurId }),
        };
        VocabularyMap vocabulary;
        try
        {
            vocabulary = VocabularyMap.Of(strong, expertRows, weak, amateurRows);
        }
        catch (InvalidDataException e)
        {
            return new { vocabulary = common, verdict = $"Cannot be used: {e.Message}" };
        }
        var longest = questions.Max(question => PromptFormat.Encode(strong, spec.Prompt, question, expertRows).Length);
        var sampled = new ContrastiveSampler(expert, amateur, strong, vocabulary, spec,
            BatchSizes.Rows(BatchSize.Auto, expert.Model, longest, spec.Generation.MaxNewTokens, amateur.Model))
            .Sample(questions, cancellation: cancellation);
        var pair = sampled.Pair;
        double perQuestion = (double)sampled.Samples.Count / questions.Count,
            keepRate = (double)sampled.Samples.Count / Math.Max(1, pair.Steps), steps = Math.Max(1, pair.Steps);
        return new
        {
            vocabulary = common,
            questions = questions.Count,
            steps = pair.Steps,
            perplexity = new { expert = pair.ExpertPerplexity, amateur = pair.AmateurPerplexity },
            sameTop1 = pair.SameTop / steps,
            confidentExpertUnsureAmateur = pair.ConfidentUnsure / steps,
            klTail = PairFigures.Tails.Select(kl => new { atLeast = kl, share = pair.Tail(kl) }),
            entropies = pair.Entropies.Select(cell => new
            {
                expert = cell.Key / PairFigures.EntropyBins * PairFigures.EntropyBin,
                amateur = cell.Key % PairFigures.EntropyBins * PairFigures.EntropyBin,
                steps = cell.Value,
            }),
            keepRate,
            samplesPerQuestion = perQuestion,
            verdict = pair.Verdict(perQuestion, keepRate),
        };
    }
}
