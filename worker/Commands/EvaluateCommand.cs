using System.CommandLine;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
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
        var data = new Option<string>("--data") { Description = "Questions with answers, JSONL or Parquet.", Required = true };
        var question = new Option<string>("--question-field") { Description = "The field that holds the question.", DefaultValueFactory = _ => "question" };
        var answer = new Option<string>("--answer-field") { Description = "The field that holds the reference answer.", DefaultValueFactory = _ => "answer" };
        var benchmark = new Option<string?>("--benchmark") { Description = "The test set that the data is: its records, prompts and grading as the published Qwen2.5-Math evaluation." };
        benchmark.AcceptOnlyFromAmong([.. Enum.GetValues<BenchmarkName>().Select(EnumOption.Name)]);
        var promptType = EnumOption.Of<PromptType>("--prompt-type", "How a benchmark's question is put.", PromptType.Qwen25MathCot);
        var grader = new Option<string?>("--grader") { Description = "How answers are compared: math (a benchmark's default), published, gsm8k (else the default) or exact." };
        grader.AcceptOnlyFromAmong([.. Enum.GetValues<GraderType>().Select(EnumOption.Name)]);
        var max = new Option<int?>("--max-questions") { Description = "Only the first so many questions." }.Within(1, int.MaxValue);
        var maxNewTokens = new Option<int>("--max-new-tokens") { Description = "Most tokens of an answer.", DefaultValueFactory = _ => 128 }.Within(1, 1 << 20);
        var template = new Option<string>("--template") { Description = "auto takes the chat template, none the raw question.", DefaultValueFactory = _ => "auto" };
        template.AcceptOnlyFromAmong("auto", "none");
        var system = new Option<string>("--system") { Description = "The system message of the chat template.", DefaultValueFactory = _ => new PromptSpec().System };
        var block = new Option<int?>("--block") { Description = "Block generation: tokens of a block." }.Within(1, 1 << 16);
        var refine = new Option<string>("--refine") { Description = "Block generation: forward passes over a block, or converge for exactly the greedy answer.", DefaultValueFactory = _ => "2" }.PassesOrConverge();
        var command = new Command("evaluate", "Prints accuracy on held-out questions with its 95 % interval, as one JSON object.")
            { model, adapter, dtype, data, question, answer, benchmark, promptType, grader, max, maxNewTokens, template, system, block, refine };
        command.SetAction(async (parsed, cancellation) =>
        {
            var spec = new EvaluationSpec
            {
                Dataset = new DatasetSource { Uri = parsed.GetValue(data) },
                Benchmark = parsed.GetValue(benchmark) is { } name ? EnumOption.Value<BenchmarkName>(name) : null,
                PromptType = EnumOption.Value<PromptType>(parsed.GetValue(promptType)!),
                Grader = parsed.GetValue(grader) is { } type ? EnumOption.Value<GraderType>(type) : null,
                BlockLength = parsed.GetValue(block) ?? 128,
                RefineIterations = new RefineIterations(Tools.Passes(parsed.GetValue(refine)!)),
                Prompt = new PromptSpec { System = parsed.GetValue(system)!, Template = parsed.GetValue(template) == "none" ? PromptTemplate.None : PromptTemplate.Auto },
                Generation = new GenerationSpec { MaxNewTokens = parsed.GetValue(maxNewTokens) },
            };
            string uri = Storage.BlobUri.Absolute(spec.Dataset.Uri!);
            IReadOnlyList<Question> questions = spec.Benchmark is { } set
                ? await Benchmark.Of(set).QuestionsAsync(uri, null, parsed.GetValue(max), cancellation)
                : await Datasets.QuestionsAsync(uri, null, parsed.GetValue(question)!, null, parsed.GetValue(answer), parsed.GetValue(max), 0, 1, cancellation);
            AnswerGrader.Of(spec).Check(questions.Select(q => (q.Where, q.Answer ?? "")));
            using LoadedModel loaded = await Tools.LoadModelAsync(parsed.GetValue(model)!, parsed.GetValue(adapter), parsed.GetValue(dtype)!, cancellation);
            using var replicas = new ModelReplicas(loaded.Model, Devices.Here());
            EvaluationResult result = new AccuracyEvaluator().Evaluate(
                loaded, Tokenizer.Load(loaded.Dir), questions, spec, parsed.GetValue(block) is not null, cancellation, replicas: replicas.Models);
            int right = result.Correct.Count(c => c);
            (double low, double high) = ConfidenceInterval.Wilson(right, result.Correct.Length);
            Console.WriteLine(new JsonObject
            {
                ["questions"] = result.Correct.Length,
                ["correct"] = right,
                ["accuracy"] = (double)right / Math.Max(1, result.Correct.Length),
                ["low95"] = low,
                ["high95"] = high,
                ["tokensPerForward"] = result.TokensPerForward,
            }.ToJsonString());
            return 0;
        });
        return command;
    }
}
