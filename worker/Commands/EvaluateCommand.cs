using System.CommandLine;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Inspect;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Commands;

/// <summary><c>worker evaluate</c>: pass@1 of a model on questions with answers, token by token or by blocks.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        Option<string> model = Tools.ModelOption(), dtype = Tools.DtypeOption();
        var adapter = Tools.AdapterOption();
        var data = new Option<string?>("--data") { Description = "Questions with answers, JSONL or Parquet." };
        var question = Tools.Option("--question-field", "Name of the field with the question.", "question");
        var answer = Tools.Option("--answer-field", "Name of the field with the reference answer.", "answer");
        var benchmark = new Option<string[]>("--benchmark")
        {
            Description = "The test set that --data is: its records, prompts and grading as the published Qwen2.5-Math evaluation. "
                + "Several sets without --data: NAME=DATA each.",
            DefaultValueFactory = _ => [],
        };
        var promptType = EnumOption.Of<PromptType>("--prompt-type", "How a benchmark's question is put.", PromptType.Qwen25MathCot);
        var grader = EnumOption.Of<GraderType>("--grader", "How answers are compared; by default math with a benchmark, gsm8k without.");
        grader.Required = false;
        var max = new Option<int?>("--max-questions") { Description = "Uses only this many questions." }.Within(1, int.MaxValue);
        var maxNewTokens = Tools.Option("--max-new-tokens", "Maximum number of tokens per answer.",
            new EvaluationGenerationSpec().MaxNewTokens).Within(1, 1 << 20);
        var template = Tools.TemplateOption();
        var system = Tools.Option("--system", "The system message of the chat template.", new PromptSpec().System);
        var blocks = new BlockOptions();
        var command = new Command("evaluate",
            "Prints accuracy on held-out questions with its 95 % interval, as one JSON object; of several test sets each, and the mean.")
        {
            model, adapter, dtype, data, question, answer, benchmark, promptType, grader, max, maxNewTokens, template, system,
            blocks.Block, blocks.Refine, blocks.Decoder, blocks.BlockSize, blocks.Threshold,
        };
        command.Validators.Add(result =>
        {
            string[] sets = result.GetValue(benchmark) ?? [];
            string[] known = [.. Enum.GetValues<BenchmarkName>().Select(EnumOption.Name)];
            foreach (var set in sets.Select(set => set.Split('=')[0]).Except(known))
                result.AddError($"--benchmark: '{set}' is not one of {string.Join(", ", known)}");
            var several = sets.Length > 0 && sets.All(set => set.Contains('='));
            if (several == result.GetValue(data) is not null || (!several && sets.Length > 1))
                result.AddError("Give --data, with --benchmark NAME or without; or --benchmark NAME=DATA once for each of several "
                    + "test sets.");
            if (several && sets.DistinctBy(set => set.Split('=')[0]).Count() < sets.Length)
                result.AddError("--benchmark names a test set twice.");
            if (result.GetResult(blocks.Block) is { Implicit: false } && result.GetResult(blocks.Decoder) is { Implicit: false })
                result.AddError("--block and --decoder are two ways to generate; leave one out.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            var sets = parsed.GetValue(benchmark)!;
            bool several = parsed.GetValue(data) is null, own = sets.Length == 0;
            var spec = blocks.Spec(parsed) with
            {
                Dataset = several ? null : new DatasetSource { Uri = parsed.GetValue(data) },
                Benchmark = several || own ? null : EnumOption.Value<BenchmarkName>(sets[0]),
                Benchmarks = !several ? null : [.. sets.Select(set => set.Split('=', 2)).Select(set => new BenchmarkSource
                {
                    Name = EnumOption.Value<BenchmarkName>(set[0]),
                    Dataset = new DatasetSource { Uri = set[1] },
                })],
                QuestionField = own ? parsed.GetValue(question) : null,
                AnswerField = own ? parsed.GetValue(answer) : null,
                MaxQuestions = parsed.GetValue(max),
                PromptType = EnumOption.Value<PromptType>(parsed.GetValue(promptType)!),
                Grader = parsed.GetValue(grader) is { } type ? EnumOption.Value<GraderType>(type) : null,
                Prompt = new PromptSpec { System = parsed.GetValue(system)!, Template = parsed.GetValue(template) },
                Generation = new EvaluationGenerationSpec { MaxNewTokens = parsed.GetValue(maxNewTokens) },
            };
            var read = await TestSet.ReadAsync(spec, dataset => Storage.BlobUri.Absolute(dataset.Uri!), cancellation);
            using var loaded = await Tools.LoadModelAsync(
                parsed.GetValue(model)!, parsed.GetValue(adapter), parsed.GetValue(dtype)!, cancellation);
            var tokenizer = Tokenizer.Load(loaded.Dir);
            using var replicas = new ModelReplicas(loaded.Model, Devices.Here());
            EvaluationResult[] results = [.. read.Select(set => AccuracyEvaluator.Evaluate(
                loaded, tokenizer, set.Questions, set.Spec, blocks.Decoding(parsed), cancellation, replicas: replicas.Models))];
            var result = Line(results);
            if (several)
                result["benchmarks"] = new JsonArray([.. read.Zip(results, (set, one) =>
                {
                    var line = Line([one]);
                    line.Insert(0, "name", EnumOption.Name(set.Spec.Benchmark!.Value));
                    return line;
                })]);
            Console.WriteLine(result.ToJsonString());
            return 0;
        });
        return command;
    }

    private static JsonObject Line(EvaluationResult[] results)
    {
        var (accuracy, interval) = EvaluationResult.Mean(results);
        return new JsonObject
        {
            ["questions"] = results.Sum(result => result.Correct.Length),
            ["correct"] = results.Sum(result => result.Correct.Count(c => c)),
            ["accuracy"] = accuracy,
            ["low95"] = interval.Low,
            ["high95"] = interval.High,
            ["answersCut"] = results.Sum(result => result.AnswersCut),
            ["tokensPerForward"] = results.Average(result => result.TokensPerForward),
        };
    }
}
