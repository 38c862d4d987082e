using System.CommandLine;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Inspect;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Commands;

/// <summary><c>worker evaluate</c>: pass@1 of a model on questions with answers, token by token or by blocks.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        Option<string> model = Tools.ModelOption(), dtype = Tools.DtypeOption();
        Option<string?> adapter = Tools.AdapterOption();
        var data = new Option<string?>("--data") { Description = "Questions with answers, JSONL or Parquet." };
        var question = new Option<string>("--question-field") { Description = "Name of the field with the question.", DefaultValueFactory = _ => "question" };
        var answer = new Option<string>("--answer-field") { Description = "Name of the field with the reference answer.", DefaultValueFactory = _ => "answer" };
        var benchmark = new Option<string[]>("--benchmark")
        {
            Description = "The test set that --data is: its records, prompts and grading as the published Qwen2.5-Math evaluation. Several sets without --data: NAME=DATA each.",
            DefaultValueFactory = _ => [],
        };
        var promptType = EnumOption.Of<PromptType>("--prompt-type", "How a benchmark's question is put.", PromptType.Qwen25MathCot);
        var grader = new Option<string?>("--grader") { Description = "How answers are compared: math (default of a benchmark), published, gsm8k (default otherwise) or exact." };
        grader.AcceptOnlyFromAmong([.. Enum.GetValues<GraderType>().Select(EnumOption.Name)]);
        var max = new Option<int?>("--max-questions") { Description = "Uses only this many questions." }.Within(1, int.MaxValue);
        var maxNewTokens = new Option<int>("--max-new-tokens") { Description = "Maximum number of tokens per answer.", DefaultValueFactory = _ => new EvaluationGenerationSpec().MaxNewTokens }.Within(1, 1 << 20);
        var template = new Option<string>("--template") { Description = "auto: the chat template; none: the raw question.", DefaultValueFactory = _ => "auto" };
        template.AcceptOnlyFromAmong("auto", "none");
        var system = new Option<string>("--system") { Description = "The system message of the chat template.", DefaultValueFactory = _ => new PromptSpec().System };
        var block = new Option<int?>("--block") { Description = "Block generation: tokens per block." }.Within(1, 1 << 16);
        var refine = new Option<string>("--refine") { Description = "Block generation: forward passes per block, or converge for exactly the greedy answer.", DefaultValueFactory = _ => "2" }.PassesOrConverge();
        var decoder = new Option<string?>("--decoder") { Description = "For models trained with objective interleaved: blockwise or self-aware." };
        decoder.AcceptOnlyFromAmong("blockwise", "self-aware");
        var blockSize = new Option<int>("--block-size") { Description = "With --decoder: tokens predicted per forward pass.", DefaultValueFactory = _ => new InterleavedSpec().BlockSize }.Within(1, 1024);
        var threshold = new Option<double>("--threshold") { Description = "With --decoder self-aware: lowest probability of a block's tokens after the first.", DefaultValueFactory = _ => new EvaluationSpec().Threshold }.Within(0, 1);
        var command = new Command("evaluate", "Prints accuracy on held-out questions with its 95 % interval, as one JSON object; of several test sets each, and the mean.")
            { model, adapter, dtype, data, question, answer, benchmark, promptType, grader, max, maxNewTokens, template, system, block, refine, decoder, blockSize, threshold };
        command.Validators.Add(result =>
        {
            string[] sets = result.GetValue(benchmark) ?? [];
            foreach (string set in sets.Select(set => set.Split('=')[0]).Where(set => !Enum.GetValues<BenchmarkName>().Select(EnumOption.Name).Contains(set)))
                result.AddError($"--benchmark: '{set}' is not one of {string.Join(", ", Enum.GetValues<BenchmarkName>().Select(EnumOption.Name))}");
            bool several = sets.Length > 0 && sets.All(set => set.Contains('='));
            if (several == result.GetValue(data) is not null || (!several && sets.Length > 1))
                result.AddError("Give --data, with --benchmark NAME or without; or --benchmark NAME=DATA once for each of several test sets.");
            if (several && sets.DistinctBy(set => set.Split('=')[0]).Count() < sets.Length) result.AddError("--benchmark names a test set twice.");
            if (result.GetResult(block) is { Implicit: false } && result.GetResult(decoder) is { Implicit: false }) result.AddError("--block and --decoder are two ways to generate; leave one out.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            string[] sets = parsed.GetValue(benchmark)!;
            bool several = parsed.GetValue(data) is null, own = sets.Length == 0;
            Decoding decoding = parsed.GetValue(decoder) is not null ? Decoding.Masks : parsed.GetValue(block) is not null ? Decoding.Blocks : Decoding.Tokens;
            var spec = new EvaluationSpec
            {
                Dataset = several ? null : new DatasetSource { Uri = parsed.GetValue(data) },
                Benchmark = several || own ? null : EnumOption.Value<BenchmarkName>(sets[0]),
                Benchmarks = !several ? null
                    : [.. sets.Select(set => set.Split('=', 2)).Select(set => new BenchmarkSource { Name = EnumOption.Value<BenchmarkName>(set[0]), Dataset = new DatasetSource { Uri = set[1] } })],
                QuestionField = own ? parsed.GetValue(question) : null,
                AnswerField = own ? parsed.GetValue(answer) : null,
                MaxQuestions = parsed.GetValue(max),
                PromptType = EnumOption.Value<PromptType>(parsed.GetValue(promptType)!),
                Grader = parsed.GetValue(grader) is { } type ? EnumOption.Value<GraderType>(type) : null,
                BlockLength = decoding is Decoding.Masks ? parsed.GetValue(blockSize) : parsed.GetValue(block) ?? 128,
                Decoder = parsed.GetValue(decoder) == "blockwise" ? BlockDecoder.Blockwise : BlockDecoder.SelfAware,
                Threshold = parsed.GetValue(threshold),
                RefineIterations = new RefineIterations(Tools.Passes(parsed.GetValue(refine)!)),
                Prompt = new PromptSpec { System = parsed.GetValue(system)!, Template = parsed.GetValue(template) == "none" ? PromptTemplate.None : PromptTemplate.Auto },
                Generation = new EvaluationGenerationSpec { MaxNewTokens = parsed.GetValue(maxNewTokens) },
            };
            IReadOnlyList<TestSet> read = await TestSet.ReadAsync(spec, dataset => Storage.BlobUri.Absolute(dataset.Uri!), cancellation);
            using LoadedModel loaded = await Tools.LoadModelAsync(parsed.GetValue(model)!, parsed.GetValue(adapter), parsed.GetValue(dtype)!, cancellation);
            var tokenizer = Tokenizer.Load(loaded.Dir);
            using var replicas = new ModelReplicas(loaded.Model, Devices.Here());
            EvaluationResult[] results = [.. read.Select(set => new AccuracyEvaluator().Evaluate(
                loaded, tokenizer, set.Questions, set.Spec, decoding, cancellation, replicas: replicas.Models))];
            JsonObject result = results.Length == 1 ? Of(results[0]) : Mean(results);
            if (several)
                result["benchmarks"] = new JsonArray([.. read.Zip(results, (set, one) =>
                {
                    JsonObject line = Of(one);
                    line.Insert(0, "name", EnumOption.Name(set.Spec.Benchmark!.Value));
                    return line;
                })]);
            Console.WriteLine(result.ToJsonString());
            return 0;
        });
        return command;
    }

    private static JsonObject Of(EvaluationResult result) => Line(result.Correct.Length, result.Correct.Count(c => c), result.Accuracy, Interval(result), result.TokensPerForward, result.AnswersCut);

    /// <summary>The mean of the sets' accuracies, as in the papers' tables.</summary>
    private static JsonObject Mean(EvaluationResult[] results) => Line(results.Sum(result => result.Correct.Length), results.Sum(result => result.Correct.Count(c => c)),
        results.Average(result => result.Accuracy), ConfidenceInterval.OfMean([.. results.Select(result => (result.Accuracy, Interval(result)))]), results.Average(result => result.TokensPerForward), results.Sum(result => result.AnswersCut));

    private static ConfidenceInterval Interval(EvaluationResult result) => ConfidenceInterval.Wilson(result.Correct.Count(c => c), result.Correct.Length);

    private static JsonObject Line(int questions, int correct, double accuracy, ConfidenceInterval interval, double tokensPerForward, int answersCut) => new()
    {
        ["questions"] = questions,
        ["correct"] = correct,
        ["accuracy"] = accuracy,
        ["low95"] = interval.Low,
        ["high95"] = interval.High,
        ["answersCut"] = answersCut,
        ["tokensPerForward"] = tokensPerForward,
    };
}
