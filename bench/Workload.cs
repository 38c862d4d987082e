using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Sampling;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Bench;

/// <summary>What is measured: the models, and for each case its inputs and sizes, in one JSON file that both programs read.</summary>
internal static class Workload
{
    /// <summary>Makes the folder, unless an earlier run of this very workload did.</summary>
    public static void Prepare(string folder)
    {
        var marker = Path.Combine(folder, "COMPLETE");
        var version = typeof(Workload).Module.ModuleVersionId.ToString();
        if (File.Exists(marker) && File.ReadAllText(marker) == version)
            return;
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        RandomPair.Write(folder);
        var cases = Cases();
        cases["fine-tuning"]!["samples"] = Samples(folder, cases["sampling"]!.AsObject());
        File.WriteAllText(Path.Combine(folder, "workload.json"), cases.ToJsonString(new JsonSerializerOptions { WriteIndented = false }));
        File.WriteAllText(marker, version);
    }

    public static JsonObject Read(string folder) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "workload.json")))!.AsObject();

    /// <summary>The spec of the sampling case.</summary>
    public static SamplingRunSpec SamplingSpec(JsonNode work) => new()
    {
        Prompt = new PromptSpec { Template = PromptTemplate.None },
        Generation = new GenerationSpec { MaxNewTokens = (int)work["maxNewTokens"]! },
        Selection = new SelectionSpec { Alpha = (double)work["alpha"]!, Beta = (double)work["beta"]! },
    };

    /// <summary>The questions of the sampling case: texts of as many bytes as their prompts have tokens.</summary>
    public static Question[] Questions(JsonNode work) =>
        [.. work["prompts"]!.AsArray().Select((ids, i) => new Question(i, $"q{i:D3}", string.Concat(ids!.AsArray().Select(id => (char)(int)id!))))];

    public static int[] Ids(JsonNode ids) => [.. ids.AsArray().Select(id => (int)id!)];

    private static JsonObject Cases()
    {
        var random = new Random(11);
        return new JsonObject
        {
            ["sampling"] = new JsonObject
            {
                ["kind"] = "sampling",
                ["prompts"] = Rows(32, () => 72 + random.Next(65)),
                ["maxNewTokens"] = 96,
                ["alpha"] = 0.2,
                ["beta"] = 0.4,
            },
            ["sampling-1"] = new JsonObject { ["kind"] = "sampling", ["prompts"] = Rows(1, () => 100), ["maxNewTokens"] = 96, ["alpha"] = 0.2, ["beta"] = 0.4 },
            ["fine-tuning"] = new JsonObject { ["kind"] = "fine-tuning", ["batchSize"] = 8, ["steps"] = 1, ["learningRate"] = 1e-3 },
            ["refinement"] = new JsonObject
            {
                ["kind"] = "refinement",
                ["sequences"] = Rows(1, () => 128 + 256, words: true),
                ["promptLength"] = 128,
                ["eos"] = RandomPair.Eos,
                ["iterations"] = 2,
                ["learningRate"] = 1e-4,
                ["steps"] = 2,
            },
            ["block-128"] = Block(128),
            ["block-64"] = Block(64),
            ["greedy-1"] = new JsonObject { ["kind"] = "greedy", ["prompts"] = Rows(1, () => 64), ["maxNewTokens"] = 128 },
            ["greedy-16"] = new JsonObject { ["kind"] = "greedy", ["prompts"] = Rows(16, () => 64), ["maxNewTokens"] = 64 },
        };

        JsonObject Block(int length) => new()
        {
            ["kind"] = "block",
            ["prompt"] = Row(128),
            ["blockLength"] = length,
            ["refineIterations"] = 2,
            ["maxNewTokens"] = 512,
            ["eos"] = RandomPair.Eos,
        };

        JsonArray Rows(int count, Func<int> length, bool words = false) => new([.. Enumerable.Range(0, count).Select(_ => (JsonNode)Row(length(), words))]);

        // Prompts are printable ASCII, so that each of them is a text of as many tokens.
        JsonArray Row(int length, bool words = false) =>
            new([.. Enumerable.Range(0, length).Select(_ => (JsonNode)(words ? random.Next(RandomPair.Eos) : random.Next('!', '~')))]);
    }

    /// <summary>The samples of two questions, as the sampling case makes them: about fifteen each.</summary>
    private static JsonArray Samples(string folder, JsonObject sampling)
    {
        using var expert = HuggingFaceFolder.Load(Path.Combine(folder, "expert"), TorchSharp.torch.ScalarType.Float32, TorchSharp.torch.CPU);
        using var amateur = HuggingFaceFolder.Load(Path.Combine(folder, "amateur"), TorchSharp.torch.ScalarType.Float32, TorchSharp.torch.CPU);
        using var sampler = new ContrastiveSampler(expert, amateur, Tokenizer.Load(Path.Combine(folder, "expert")), SamplingSpec(sampling));
        var result = sampler.Sample(Questions(sampling)[..2]);
        return new JsonArray([.. result.Samples.Select(sample => JsonSerializer.SerializeToNode(sample))]);
    }
}
