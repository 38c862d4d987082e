using System.Reflection;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Commands;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Tests.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Runs;

/// <summary>Training runs in this process on the quickstart's models: what they write, and when.</summary>
public sealed class TrainingRunTests : IDisposable
{
    private static readonly string Examples = RepositoryFolder.Of("examples", "quickstart");

    private static readonly string Expert = $"file://{Examples}/models/seed-0/expert";

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// The second run trains over the first one's adapter, named by its run or by its folder; the third loads what it wrote.
    /// </summary>
    [Theory, InlineData(true), InlineData(false)]
    public async Task FineTuning_OverAnAdapter_WritesOneAdapterOfTheBase(bool byRun)
    {
        Assert.Equal(ExitCode.Done, await RunAsync(FineTune($"{{uri: '{Expert}', dtype: float32}}", "merge=false"), "first"));
        var model = byRun ? "{runRef: {kind: FineTuneRun, name: first}, dtype: float32}"
            : $"{{uri: '{Expert}', adapterUri: '{Uri("first/adapter")}', dtype: float32}}";
        Assert.Equal(ExitCode.Done, await RunAsync(FineTune(model, "merge=true"), "second"));

        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder.Path, "second", "adapter", "adapter_config.json")))!;
        Assert.Equal((Expert, 16), ((string)config["base_model_name_or_path"]!, (int)config["r"]!));
        using var models = new ModelSources(new RunReferences([], "", ""), CPU);
        float[] adapter = await LogitsAsync(models, "second/adapter"), merged = await LogitsAsync(models, "second/model"),
            first = await LogitsAsync(models, "first/adapter");
        Assert.True(Difference(merged, adapter) < 1e-4);
        Assert.True(Difference(merged, first) > 1e-2);

        static float Difference(float[] one, float[] other) => one.Zip(other).Max(pair => Math.Abs(pair.First - pair.Second));
    }

    /// <summary>Ten minutes without one are enough, whatever saveSteps says.</summary>
    [Theory, InlineData(RunKind.FineTuneRun), InlineData(RunKind.RefineRun)]
    public async Task Training_LongWithoutACheckpoint_WritesOneByTheClock(RunKind kind)
    {
        Assert.Equal(ExitCode.Done, await RunAsync(Training("training.saveTotalLimit=100"), "clock", new Minutes()));
        string[] steps = [.. Directory.GetDirectories(Path.Combine(_folder.Path, "clock", "checkpoints"))
            .Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];
        Assert.InRange(steps.Length, 2, 7);
        Assert.Equal("step-000008", steps[^1]);

        Assert.Equal(ExitCode.Done, await RunAsync(Training("training.saveMinutes=10000"), "patient", new Minutes()));
        Assert.Single(Directory.GetDirectories(Path.Combine(_folder.Path, "patient", "checkpoints")));

        Manifest Training(string saving)
        {
            string[] changes = ["training.saveSteps=1000", "training.maxSteps=8", saving];
            return kind == RunKind.FineTuneRun ? FineTune($"{{uri: '{Expert}', dtype: float32}}", changes)
                : ManifestReader.Read(File.ReadAllText(Path.Combine(Examples, "3-refine.yaml")), "3-refine.yaml",
                [
                    $"spec.model={{uri: '{Expert}', dtype: float32}}", $"spec.dataset.uri=file://{Examples}/data/refine.parquet",
                    "spec.evaluation=null", "spec.training.batchSize=2", .. changes.Select(change => "spec." + change),
                ]);
        }
    }

    [Fact]
    public void FineTuning_Float16_IsRefusedWithTheRemedy()
    {
        var refused = Assert.Throws<ManifestException>(() => FineTune($"{{uri: '{Expert}', dtype: float16}}"));
        Assert.Contains("spec.model.dtype", refused.Message);
        Assert.Contains("use bfloat16 or float32", refused.Message);
    }

    /// <summary>Both controls over a SamplingRun's own answers: what is learned, and the loss and perplexity on held-out texts.</summary>
    [Theory, InlineData("{answers: right, dataset: {uri: 'DATA'}}", 1), InlineData("{answers: all}", 0)]
    public async Task FineTuning_OnOwnAnswers_LearnsThem(string sft, int onlyRight)
    {
        var data = $"file://{Examples}/data/test.jsonl";
        Assert.Equal(ExitCode.Done,
            await RunAsync(ManifestReader.Read(File.ReadAllText(Path.Combine(Examples, "1-sampling.yaml")), "1-sampling.yaml",
            [$"spec.expert.uri={Expert}", $"spec.amateur.uri=file://{Examples}/models/seed-0/amateur", $"spec.dataset.uri={data}",
            "spec.shards=1", "spec.maxQuestions=40"]), "own"));
        var run = FineTune($"{{uri: '{Expert}', dtype: float32}}", "samples={runRef: {kind: SamplingRun, name: own}}",
            "objective=sft", $"sft={sft.Replace("DATA", data)}", "merge=false",
            "training.maxSteps=60", "training.batchSize=16", "training.loggingSteps=1",
            $"validation={{dataset: {{uri: '{data}'}}, maxRecords: 20, steps: 25, prompt: {{template: none}}}}");
        Assert.Equal(ExitCode.Done, await RunAsync(run, "sft", own: "own"));

        JsonObject[] answers = [.. Directory.GetFiles(Path.Combine(_folder.Path, "own", "answers")).SelectMany(File.ReadLines)
            .Select(line => JsonNode.Parse(line)!.AsObject())];
        string[] truths = [.. File.ReadLines(Path.Combine(Examples, "data", "test.jsonl"))
            .Select(line => (string)JsonNode.Parse(line)!["answer"]!)];
        var tokenizer = Worker.Tokenization.Tokenizer.Load(Expert["file://".Length..]);
        bool[] right = [.. answers.Select(a =>
            Worker.Evaluation.Gsm8kAnswer.AreEqual(Worker.Evaluation.Gsm8kAnswer.Extract(tokenizer.Decode(a["ids"]!.Ids(),
            skipSpecialTokens: true)),
            Worker.Evaluation.Gsm8kAnswer.Extract(truths[(int)a["index"]!])))];
        Assert.Contains(true, right);
        Assert.Contains(false, right);
        JsonObject[] metrics = [.. File.ReadLines(Path.Combine(_folder.Path, "sft", "metrics.jsonl"))
            .Select(line => JsonNode.Parse(line)!.AsObject())];
        var tokens = answers.Zip(right, (a, isRight) => onlyRight == 0 || isRight ? a["ids"]!.AsArray().Count : 0).Sum();
        Assert.Equal(Math.Min(16, tokens), (int)metrics[0]["samplesSeen"]!);
        Assert.True(metrics.TakeLast(15).Average(line => (double)line["loss"]!) < metrics.Take(15).Average(line => (double)line["loss"]!));
        Assert.Equal([25, 50, 60], metrics.Where(line => line["validationLoss"] is not null).Select(line => (int)line["step"]!));
        var report = System.Net.WebUtility.HtmlDecode(File.ReadAllText(Path.Combine(_folder.Path, "sft", RunReport.BlobName)));
        Assert.Contains("Perplexity on held-out texts", report);
        var before = (double)JsonNode.Parse(File.ReadAllText(Path.Combine(_folder.Path, "sft", "validation-before.json")))!["loss"]!;
        Assert.Contains(FormattableString.Invariant($"{Math.Exp(before):0.000} before training"), report);
    }

    /// <summary>
    /// An older state of the expert as amateur, and an adapter as expert: what the rounds of examples/rounds are made of.
    /// </summary>
    [Theory, InlineData("expert"), InlineData("amateur")]
    public async Task Sampling_AdapterOfARunAgainstItsBase_Compares(string trained)
    {
        Assert.Equal(ExitCode.Done, await RunAsync(FineTune($"{{uri: '{Expert}', dtype: float32}}", "merge=false"), "first"));
        var other = trained == "expert" ? "amateur" : "expert";
        var manifest = ManifestReader.Read(File.ReadAllText(Path.Combine(Examples, "1-sampling.yaml")), "1-sampling.yaml",
        [
            $"spec.{trained}={{runRef: {{kind: FineTuneRun, name: first}}, dtype: float32}}",
                $"spec.{other}={{uri: '{Expert}', dtype: float32}}", $"spec.dataset.uri=file://{Examples}/data/questions.jsonl",
            "spec.shards=1", "spec.maxQuestions=4", "spec.selection.beta=0.0001",
        ]);
        Assert.Equal(ExitCode.Done, await RunAsync(manifest, "round"));
        Assert.NotEmpty(File.ReadLines(Directory.GetFiles(Path.Combine(_folder.Path, "round", "samples")).Single()));
        Assert.Contains("Is this pair worth it?", File.ReadAllText(Path.Combine(_folder.Path, "round", RunReport.BlobName)));
    }

    /// <summary>The example's own documents on small models: each round reads what those before it wrote.</summary>
    [Fact]
    public async Task Rounds_OfTheExample_RunOneAfterTheOther()
    {
        for (int round = 1; round <= 3; round++)
        {
            string source = RepositoryFolder.Of("examples", "rounds", $"{round}-round.yaml"), text = File.ReadAllText(source)
                .Replace("hf://Qwen/Qwen2.5-Math-1.5B", Expert)
                .Replace("hf://Qwen/Qwen2.5-0.5B", $"file://{Examples}/models/seed-0/amateur")
                .Replace("az://data/gsm8k/train.jsonl", $"file://{Examples}/data/questions.jsonl")
                .Replace("az://data/gsm8k/test.jsonl", $"file://{Examples}/data/test.jsonl");
            foreach (var document in ManifestReader.ReadAll(text, source))
            {
                var file = Path.Combine(_folder.Path, $"{document.Metadata.Name}.json");
                File.WriteAllText(file, ManifestReader.ToJson(document));
                string[] small = document is SamplingRun
                    ? ["spec.expert.dtype=float32", "spec.amateur.dtype=float32", "spec.prompt.template=none", "spec.maxQuestions=6",
                        "spec.selection.beta=0.0001"]
                    : ["spec.model.dtype=float32", "spec.training.maxSteps=3", "spec.training.batchSize=4",
                        "spec.training.learningRate=0.01", "spec.evaluation.maxQuestions=4", "spec.evaluation.prompt.template=none",
                        "spec.evaluation.generation.maxNewTokens=24"];
                (int code, _, string errors) = await WorkerProgram.RunAsync(["run", "-f", file, "--quiet", "--output-prefix", _folder.Path,
                    "--set", "spec.worker.gpus=0", .. small.SelectMany(change => (string[])["--set", change])]);
                Assert.True(code == 0, $"{document.Metadata.Name}: {errors}");
            }
            var adapter = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder.Path, "default", "finetunerun", $"round-{round}",
                "adapter", "adapter_config.json")))!;
            Assert.Equal((Expert, 8 * round), ((string)adapter["base_model_name_or_path"]!, (int)adapter["r"]!));
        }
    }

    [Fact]
    public async Task FineTuning_SeveralTestSets_MeasuresEachAndTheirMean()
    {
        Assert.Equal(ExitCode.Done,
            await RunAsync(FineTune($"{{uri: '{Expert}', dtype: float32}}", "merge=false", "training.loggingSteps=1", Sets()), "sets"));
        var evaluation = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder.Path, "sets", "results",
            "run.json")))!["fineTune"]!["evaluation"]!;
        var sets = evaluation["benchmarks"]!.AsArray();
        Assert.Equal(["gsm8k", "svamp"], sets.Select(set => (string)set!["name"]!));
        Assert.Equal([6, 4], sets.Select(set => (int)set!["questions"]!));
        Assert.Equal(sets.Average(set => (double)set!["before"]!), (double)evaluation["before"]!, 1e-12);
        Assert.All(sets, set => Assert.True((double)set!["changeLow"]! < (double)set["changeHigh"]!));
        Assert.True((double)evaluation["changeLow"]! < (double)evaluation["changeHigh"]!);
        Assert.All(sets.Append(evaluation), set =>
        {
            Assert.InRange((double)set!["before"]!, (double)set["beforeLow"]!, (double)set["beforeHigh"]!);
            Assert.InRange((double)set["after"]!, (double)set["afterLow"]!, (double)set["afterHigh"]!);
        });
        var report = System.Net.WebUtility.HtmlDecode(File.ReadAllText(Path.Combine(_folder.Path, "sets", RunReport.BlobName)));
        Assert.Contains("<td>svamp</td><td>4</td><td>50.0 (15.0–85.0)</td>", report);
        Assert.Contains("<td>mean</td><td>10</td><td>50.0 (", report);

        // The tool says the same of the model before training.
        var told = await EvaluateAsync("--benchmark", $"gsm8k={_folder.Path}/gsm8k.jsonl", "--benchmark",
            $"svamp={_folder.Path}/svamp.jsonl");
        Assert.Equal(sets.Append(evaluation).Select(set =>
                ((int)set!["questions"]!, (double)set["before"]!, (double)set["beforeLow"]!, (double)set["beforeHigh"]!)),
            told["benchmarks"]!.AsArray().Append(told).Select(set =>
                ((int)set!["questions"]!, (double)set["accuracy"]!, (double)set["low95"]!, (double)set["high95"]!)));
        Assert.Equal(["gsm8k", "svamp"], told["benchmarks"]!.AsArray().Select(set => (string)set!["name"]!));
        Assert.Equal((10, 5, 0.5), ((int)told["questions"]!, (int)told["correct"]!, (double)told["accuracy"]!));
        var svamp = await EvaluateAsync("--benchmark", "svamp", "--data", Path.Combine(_folder.Path, "svamp.jsonl"));
        // Wilson's, 2 of 4
        Assert.Equal((0.15004, 0.84996), (Math.Round((double)svamp["low95"]!, 5), Math.Round((double)svamp["high95"]!, 5)));
        Assert.Equal(told["benchmarks"]![1]!.ToJsonString(), "{\"name\":\"svamp\"," + svamp.ToJsonString()[1..]);
        double[] halves = [.. told["benchmarks"]!.AsArray().Select(set => (double)set!["high95"]! - (double)set["accuracy"]!)];
        Assert.Equal(0.5 + Math.Sqrt(halves.Sum(half => half * half)) / 2, (double)told["high95"]!, 1e-12);

        var (code, table, errors) = await WorkerProgram.RunAsync("report", "compare", $"one={Uri("sets")}",
            $"two={Uri("sets")}", $"two={Uri("sets")}",
            "--output", Path.Combine(_folder.Path, "compare.html"));
        Assert.True(code == 0, errors);
        var lines = table.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("| run | runs | before, % | after, % |", lines[0]);
        Assert.Contains("| gsm8k | svamp |", lines[0]);
        Assert.StartsWith("| two | 2 | ", lines[3]);
        Assert.Equal(4, lines.Length);
        var page = File.ReadAllText(Path.Combine(_folder.Path, "compare.html"));
        Assert.Contains("<td>two</td><td>2</td>", page);
        Assert.Equal(2, System.Text.RegularExpressions.Regex.Count(page, "<title>(one|two) at 4: ") / 2); // loss and gradient norm
    }

    /// <summary>Both objectives, from the document to the report: what each setting of generation gives, and what it costs.</summary>
    [Theory]
    [InlineData("iterative", "8, 1 pass; 8, 2 passes; 4, converge; 8, converge; 16, converge")]
    [InlineData("interleaved", "2, blockwise; 2, self-aware; 4, blockwise; 4, self-aware")]
    public async Task Refinement_WithAnEvaluation_ReportsSpeedAgainstAccuracy(string objective, string settings)
    {
        var data = $"file://{Examples}/data";
        var run = ManifestReader.Read(File.ReadAllText(Path.Combine(Examples, "3-refine.yaml")), "3-refine.yaml",
        [
            $"spec.model={{uri: '{Expert}', dtype: float32}}", $"spec.dataset.uri={data}/refine.parquet", $"spec.objective={objective}",
            "spec.training.maxSteps=6", "spec.training.batchSize=4",
            $"spec.validation={{dataset: {{uri: '{data}/refine.parquet'}}, maxRecords: 8, steps: 4}}",
            $"spec.evaluation.dataset.uri={data}/test.jsonl", "spec.evaluation.maxQuestions=8", "spec.evaluation.refineIterations=2",
            "spec.evaluation.generation.maxNewTokens=24",
        ]);
        Assert.Equal(ExitCode.Done, await RunAsync(run, "refine"));
        string Text(string file) => File.ReadAllText(Path.Combine(_folder.Path, "refine", file));

        var measured = System.Text.Json.JsonSerializer.Deserialize<Worker.Evaluation.PassAccuracy[]>(
            Text(Worker.Evaluation.PassAccuracy.BlobName), ApiJson.Options)!;
        Assert.Equal(settings.Split("; "), measured.Select(m => m.Setting));
        Assert.All(measured, m => Assert.True(m.Questions == 8 && m.TokensPerForward >= 1));
        var report = System.Net.WebUtility.HtmlDecode(Text(RunReport.BlobName));
        Assert.All(measured, m => Assert.Contains(FormattableString.Invariant(
            $"<td>{m.Setting}</td><td>{m.TokensPerForward:0.00}</td><td>{100.0 * m.Correct / 8:0.0}</td>"), report));
        Assert.Contains(FormattableString.Invariant(
            $"the weighted area under the curve: {Worker.Evaluation.PassAccuracy.Aup(measured):0.0}."), report);
        Assert.Contains("Loss on validation data", report);
        JsonObject[] metrics = [.. Text("metrics.jsonl").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonNode.Parse(line)!.AsObject())];
        Assert.Equal([4, 6], metrics.Where(line => line["validationLoss"] is not null).Select(line => (int)line["step"]!));
        var evaluation = JsonNode.Parse(Text("results/run.json"))!["refine"]!["evaluation"]!;
        Assert.True((double)evaluation["tokensPerForward"]! >= 1);
        Assert.InRange((double)evaluation["after"]!, (double)evaluation["afterLow"]!, (double)evaluation["afterHigh"]!);
    }

    /// <summary>The model's folder does not even exist: nobody looks there.</summary>
    [Fact]
    public async Task FineTuning_RightAnswersThatDoNotFitTheGrader_AreRefusedBeforeAModelIsRead()
    {
        var data = Path.Combine(_folder.Path, "essays.jsonl");
        File.WriteAllText(data, """{"question": "Why?", "answer": "Because."}""" + "\n");
        var run = FineTune("{uri: 'file:///nowhere'}", $"evaluation={{dataset: {{uri: 'file://{data}'}}}}");
        var (code, said) = await FailAsync(run, "misfit");
        Assert.Equal(ExitCode.BadData, code);
        Assert.Contains("1 of 1 references do not fit grader gsm8k", said);
    }

    /// <summary>Another shard ends while this one writes its report, and is overtaken by it.</summary>
    [Fact]
    public async Task Report_ShardThatEndsMeanwhile_IsInTheLastOne()
    {
        var manifest = ManifestReader.Read(File.ReadAllText(Path.Combine(Examples, "1-sampling.yaml")), "1-sampling.yaml",
        [
            $"spec.expert.uri={Expert}", $"spec.amateur.uri=file://{Examples}/models/seed-0/amateur",
                $"spec.dataset.uri=file://{Examples}/data/questions.jsonl",
            "spec.shards=2", "spec.maxQuestions=4",
        ]);
        Assert.Equal(ExitCode.Done, await RunAsync(manifest, "shards"));
        var result = Path.Combine(_folder.Path, "shards", "results", "shard-00001.json");
        var late = File.ReadAllBytes(result);
        File.Delete(result);

        var store = Interrupted.Around(BlobUri.Open(Uri("shards")), RunReport.BlobName, () => File.WriteAllBytes(result, late));
        var output = await RunOutput.ClaimAsync(store, "shard-00000", "late", default);
        await RunReport.WriteAsync(output, 2, TimeProvider.System, default);
        Assert.DoesNotContain("shards done", File.ReadAllText(Path.Combine(_folder.Path, "shards", RunReport.BlobName)));
    }

    [Fact]
    public async Task Merge_DtypeLeftOut_KeepsThatOfTheFolder()
    {
        string half = Path.Combine(_folder.Path, "half"), target = Path.Combine(_folder.Path, "merged"),
            source = Path.Combine(Goldens.Folder, "qwen2-tiny");
        using (LoadedModel model = Goldens.Model("qwen2-tiny")) HuggingFaceFolder.Save(model.Model, source, half, ScalarType.BFloat16);
        Assert.Equal(0, await MergeCommand.Create()
            .Parse(["--model", half, "--adapter", Path.Combine(Goldens.Folder, "lora-adapter"), "--output", target]).InvokeAsync());
        Assert.Equal(ScalarType.BFloat16, HuggingFaceFolder.StoredType(target));
    }

    private async Task<float[]> LogitsAsync(ModelSources models, string name)
    {
        var model = await models.LoadAsync(new ModelSource { Uri = Uri(name), Dtype = WeightType.Float32 }, default);
        using var scope = NewDisposeScope();
        return model.Loaded.Model.forward(Goldens.Batch([5, 6, 7, 8, 9])).detach().data<float>().ToArray();
    }

    private Manifest FineTune(string model, params string[] overrides)
    {
        var samples = Path.Combine(_folder.Path, "samples.jsonl");
        File.WriteAllLines(samples, Enumerable.Range(0, 12).Select(i => new JsonObject
        {
            ["prompt_id"] = $"q{i / 3}",
            ["step"] = 1 + i % 3,
            ["prefix"] = "",
            ["tokens"] = new JsonArray("a", "b"),
            ["token_ids"] = new JsonArray(5 + i, 30 + i),
            ["weights"] = new JsonArray(0.9, 0.1),
            ["kl_divergence"] = 1.0,
            ["prefix_ids"] = new JsonArray([.. Enumerable.Range(7 + i / 3, 4 + i % 3).Select(id => (JsonNode)id)]),
        }.ToJsonString()));
        return ManifestReader.Read(File.ReadAllText(Path.Combine(Examples, "2-finetune.yaml")), "2-finetune.yaml",
            Overrides.Of(
            [
                $"spec.model={model}", $"spec.samples={{uri: 'file://{samples}'}}", "spec.evaluation=null", "spec.training.maxSteps=4",
                    "spec.training.batchSize=4",
                "spec.training.learningRate=0.01",
            ], overrides.Select(one => "spec." + one)));
    }

    private string Uri(string name) => "file://" + Path.Combine(_folder.Path, name);

    /// <summary>What <c>worker evaluate</c> prints of the expert.</summary>
    private static async Task<JsonNode> EvaluateAsync(params string[] sets)
    {
        var (code, output, errors) = await WorkerProgram.RunAsync(
            ["evaluate", "--model", Expert, "--dtype", "float32", "--prompt-type", "cot", "--max-new-tokens", "48", .. sets]);
        Assert.True(code == 0, errors);
        return JsonNode.Parse(output)!;
    }

    /// <summary>Two small test sets of the demo's problems, of each of which the expert answers half rightly.</summary>
    private string Sets()
    {
        string gsm8k = Path.Combine(_folder.Path, "gsm8k.jsonl"), svamp = Path.Combine(_folder.Path, "svamp.jsonl");
        string[] questions = [.. File.ReadLines(Path.Combine(Examples, "data", "test.jsonl")).Take(10)
            .Select(line => (string)JsonNode.Parse(line)!["question"]!)];
        double[] answers = [.. Answers([.. questions.Take(6), .. questions.Skip(6).Select(question => "Tom has 9 cups. " + question)])
            .Select((answer, i) => answer + i % 2)];
        File.WriteAllLines(gsm8k, questions.Take(6).Select((question, i) => new JsonObject
        {
            ["question"] = question,
            ["answer"] = System.FormattableString.Invariant($"So it is\n#### {answers[i]}"),
        }.ToJsonString()));
        File.WriteAllLines(svamp, questions.Skip(6).Select((question, i) => new JsonObject
        {
            ["Body"] = "Tom has 9 cups.",
            ["Question"] = question,
            ["Answer"] = answers[6 + i],
        }.ToJsonString()));
        return $"evaluation={{benchmarks: [{{name: gsm8k, dataset: {{uri: 'file://{gsm8k}'}}}}, {{name: svamp, dataset: {{uri: "
            + $"'file://{svamp}'}}}}], promptType: cot, generation: {{maxNewTokens: 48}}}}";
    }

    /// <summary>The numbers that the expert answers questions with.</summary>
    private static IEnumerable<double> Answers(string[] questions)
    {
        using var expert = HuggingFaceFolder.Load(Expert["file://".Length..], ScalarType.Float32, CPU);
        var spec = new EvaluationSpec
        {
            Benchmark = BenchmarkName.Gsm8k,
            PromptType = PromptType.Cot,
            Generation = new EvaluationGenerationSpec { MaxNewTokens = 48 },
        };
        var benchmark = new Worker.Evaluation.Benchmark(BenchmarkName.Gsm8k);
        return Worker.Evaluation.AccuracyEvaluator.Evaluate(expert, Worker.Tokenization.Tokenizer.Load(expert.Dir),
                [.. questions.Select((question, i) => new Question(i, $"q{i}", question, "1"))], spec, Worker.Evaluation.Decoding.Tokens)
                .Answers
            .Select(answer => double.Parse(benchmark.Extract(answer, "1", PromptType.Cot),
            System.Globalization.CultureInfo.InvariantCulture));
    }

    private async Task<(ExitCode Code, string Said)> FailAsync(Manifest manifest, string output)
    {
        var file = Path.Combine(_folder.Path, output + ".json");
        File.WriteAllText(file, ManifestReader.ToJson(manifest));
        (int code, string _, string errors) = await WorkerProgram.RunAsync("run", "-f", file, "--output", Uri(output));
        return ((ExitCode)code, errors);
    }

    private Task<ExitCode> RunAsync(Manifest manifest, string output, TimeProvider? time = null, string own = "") =>
        new Runner(new RunOptions
        {
            Output = Uri(output),
            References = [$"FineTuneRun/first={Uri("first")}", $"SamplingRun/own={Uri(own)}"]
        },
            new ConsoleProgress(TextWriter.Null, ProgressStyle.Quiet, TimeProvider.System), time ?? TimeProvider.System)
            .RunAsync(manifest, default);

    /// <summary>A clock on which every look takes a minute.</summary>
    private sealed class Minutes : TimeProvider
    {
        private long _now;

        public override long GetTimestamp() => Interlocked.Add(ref _now, 60 * TimestampFrequency);
    }

    /// <summary>A store in which something happens just before a blob is written for the first time.</summary>
    public class Interrupted : DispatchProxy
    {
        private IBlobStore _inner = null!;
        private string _blob = null!;
        private Action? _before;

        public static IBlobStore Around(IBlobStore inner, string blob, Action before)
        {
            var proxy = Create<IBlobStore, Interrupted>();
            ((Interrupted)(object)proxy)._inner = inner;
            ((Interrupted)(object)proxy)._blob = blob;
            ((Interrupted)(object)proxy)._before = before;
            return proxy;
        }

        protected override object? Invoke(MethodInfo? method, object?[]? arguments)
        {
            if (method!.Name == nameof(IBlobStore.PutAsync) && (string?)arguments![0] == _blob) Interlocked.Exchange(ref _before,
                null)?.Invoke();
            return method.Invoke(_inner, arguments);
        }
    }
}
