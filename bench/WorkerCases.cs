using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.FineTuning;
using LightReasoner.Worker.Generation;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Sampling;
using LightReasoner.Worker.Tokenization;
using TorchSharp;

namespace LightReasoner.Bench;

/// <summary>Our side of the cases, served as bench/reference/serve.py serves the other: a request a line, an answer a line.</summary>
internal sealed class WorkerCases : IDisposable
{
    private readonly string _folder;
    private readonly JsonObject _work;
    private readonly LoadedModel _expert, _amateur;
    private readonly Tokenizer _tokenizer;
    private JsonObject? _figures; // of the present case, beside its result

    public WorkerCases(string folder, int threads)
    {
        torch.set_num_threads(threads);
        (_folder, _work) = (folder, Workload.Read(folder));
        (_expert, _amateur) = (Load("expert"), Load("amateur"));
        _tokenizer = Tokenizer.Load(Path.Combine(folder, "expert"));
    }

    public void Serve()
    {
        // What is done once in a process (compilation above all) is not part of a measurement; the reference does the same.
        new TextGenerator(_expert).Generate([[1, 2, 3]], new GenerationSpec { MaxNewTokens = 3 }, 1);
        Console.WriteLine(new JsonObject { ["ready"] = $".NET {Environment.Version}, libtorch {torch.__version__}, {torch.get_num_threads()} threads" }.ToJsonString());
        while (Console.ReadLine() is { } line)
        {
            var request = JsonNode.Parse(line)!;
            var work = _work[(string)request["case"]!]!;
            var (seconds, result) = Body((string)work["kind"]!)(work);
            Console.WriteLine(new JsonObject { ["seconds"] = seconds, ["result"] = result, ["figures"] = _figures }.ToJsonString());
            _figures = null;
        }
    }

    public void Dispose()
    {
        _expert.Dispose();
        _amateur.Dispose();
    }

    private Func<JsonNode, (double, JsonNode)> Body(string kind) => kind switch
    {
        "sampling" => Sample,
        "fine-tuning" => FineTune,
        "refinement" => Refine,
        "block" => Block,
        _ => Greedy,
    };

    private LoadedModel Load(string name) => HuggingFaceFolder.Load(Path.Combine(_folder, name), torch.ScalarType.Float32, torch.CPU);

    private static (double, T) Timed<T>(Func<T> body)
    {
        var start = Stopwatch.GetTimestamp();
        var result = body();
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, result);
    }

    private (double, JsonNode) Sample(JsonNode work)
    {
        var questions = Workload.Questions(work);
        using var sampler = new ContrastiveSampler(_expert, _amateur, _tokenizer, Workload.SamplingSpec(work));
        sampler.Sample([new Question(0, "q", "warm")]);
        var (seconds, result) = Timed(() => sampler.Sample(questions));
        if (result.Drafts.Passes > 0)
            _figures = new JsonObject { ["acceptedDraftLength"] = Math.Round((double)result.Drafts.Accepted / result.Drafts.Passes, 2), ["expertPassesSaved"] = result.Drafts.Accepted };
        return (seconds, new JsonArray([.. result.Samples.Select(sample => (JsonNode)new JsonObject
        {
            ["prompt"] = int.Parse(sample.PromptId.AsSpan(1)), ["step"] = sample.Step, ["token_ids"] = JsonSerializer.SerializeToNode(sample.TokenIds),
            ["weights"] = JsonSerializer.SerializeToNode(sample.Weights), ["kl"] = sample.KlDivergence,
        })]));
    }

    private (double, JsonNode) FineTune(JsonNode work)
    {
        var samples = work["samples"]!.AsArray().Select(sample => sample.Deserialize<ContrastiveSample>()!).ToArray();
        var batchSize = (int)work["batchSize"]!;
        var spec = new FineTuneRunSpec
        {
            Training = new FineTuneTraining
            {
                MaxSteps = (int)work["steps"]!,
                BatchSize = batchSize,
                GradientAccumulationSteps = (samples.Length + batchSize - 1) / batchSize,
                LearningRate = (double)work["learningRate"]!,
                Scheduler = SchedulerType.Constant,
            },
        };
        using var model = Load("expert");
        PeftAdapter.Load(Path.Combine(_folder, "adapter"), model.Model);
        using (var warm = new LoraTrainer(model, null, samples[..1], spec with { Training = spec.Training with { LearningRate = 1e-30 } }))
            warm.TrainStep();
        using var trainer = new LoraTrainer(model, null, samples, spec);
        return Timed<JsonNode>(() => new JsonArray([.. Enumerable.Range(0, spec.Training.MaxSteps).Select(_ => (JsonNode)trainer.TrainStep().Loss!.Value)]));
    }

    private (double, JsonNode) Refine(JsonNode work)
    {
        var prompt = (int)work["promptLength"]!;
        RefineSequence[] sequences = [.. work["sequences"]!.AsArray().Select(ids => new RefineSequence(Workload.Ids(ids!), prompt))];
        var iterations = (int)work["iterations"]!;
        var spec = new RefineRunSpec
        {
            Iterative = new IterativeSpec { NumIterations = iterations, LossWeights = [.. Enumerable.Repeat(1.0, iterations)], NoiseMin = 1, NoiseMax = 1 },
            Training = new RefineTraining
            {
                MaxSteps = (int)work["steps"]!,
                BatchSize = sequences.Length,
                GradientAccumulationSteps = 1,
                LearningRate = (double)work["learningRate"]!,
                WarmupRatio = 0,
                Scheduler = SchedulerType.Constant,
            },
        };
        using (var small = Load("amateur"))
        using (var warm = new RefineTrainer(small, RandomPair.Eos, sequences, spec))
            warm.TrainStep();
        using var model = Load("expert");
        using var trainer = new RefineTrainer(model, RandomPair.Eos, sequences, spec);
        return Timed<JsonNode>(() => new JsonArray([.. Enumerable.Range(0, spec.Training.MaxSteps!.Value)
            .Select(_ => JsonSerializer.SerializeToNode(trainer.TrainStep().Losses)!)]));
    }

    private (double, JsonNode) Block(JsonNode work)
    {
        var prompt = Workload.Ids(work["prompt"]!);
        var generator = new BlockGenerator(_expert, RandomPair.Eos);
        generator.Generate([prompt], 40, 2, 40); // warm
        var (seconds, answers) = Timed(() => generator.Generate([prompt], (int)work["blockLength"]!, (int)work["refineIterations"]!, (int)work["maxNewTokens"]!, ignoreEos: true));
        return (seconds, JsonSerializer.SerializeToNode(answers[0].Ids)!);
    }

    private (double, JsonNode) Greedy(JsonNode work)
    {
        int[][] prompts = [.. work["prompts"]!.AsArray().Select(ids => Workload.Ids(ids!))];
        var generator = new TextGenerator(_expert);
        var steps = (int)work["maxNewTokens"]!;
        var allocated = GC.GetTotalAllocatedBytes();
        var (seconds, answers) = Timed(() => generator.Generate(prompts, new GenerationSpec { MaxNewTokens = steps }, prompts.Length, ignoreEos: true));
        _figures = new JsonObject { ["managedBytesPerStep"] = (GC.GetTotalAllocatedBytes() - allocated) / steps, ["collections"] = GC.CollectionCount(0) };
        return (seconds, new JsonArray([.. answers.Select(answer => JsonSerializer.SerializeToNode(answer.Ids))]));
    }
}
