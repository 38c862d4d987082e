using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Runs;
using TorchSharp;

namespace LightReasoner.Worker.Tests.Runs;

/// <summary>A process that does several shards, runs or attempts holds no tensor of those that are over.</summary>
public sealed class ModelLifetimeTests
{
    private static readonly string Examples = RepositoryFolder.Of("examples", "quickstart");

    [Fact]
    public async Task Tensors_OfEarlierShardsRunsAndAttempts_AreDisposed()
    {
        // No collection before a gigabyte is allocated: a finalizer would hide what the worker forgets.
        if (await OwnProcess.RanAsync(("DOTNET_GCgen0size", "0x40000000"))) return;
        using var folder = new ScratchFolder();
        // TorchSharp goes on counting the tensor that a Parameter is made of.
        long expert = Counted(() => Load("expert").Dispose()), amateur = Counted(() => Load("amateur").Dispose());
        var adapted = Counted(() =>
        {
            using var model = Load("expert");
            model.Model.AddLora(new LoraSpec { TargetModules = ["q_proj", "v_proj"] }, seed: 0);
        });
        Assert.True(expert < adapted);

        await RunAsync("1-sampling.yaml", "sampling", 3 * (expert + amateur), [$"spec.expert.uri={Model("expert")}",
            $"spec.amateur.uri={Model("amateur")}", $"spec.dataset.uri=file://{Examples}/data/questions.jsonl", "spec.shards=3",
            "spec.maxQuestions=12", "spec.generation.maxNewTokens=16"]);
        string[] samples = [$"spec.model.uri={Model("expert")}", $"spec.samples={{uri: 'file://{folder.Path}/sampling/samples/*'}}",
            $"spec.evaluation.dataset.uri=file://{Examples}/data/test.jsonl", "spec.evaluation.maxQuestions=2",
            "spec.evaluation.generation.maxNewTokens=8", "spec.training.maxSteps=2", "spec.training.batchSize=2"];
        await RunAsync("2-finetune.yaml", "finetune", adapted, samples);
        // The samples turn out to be too long when the model is loaded.
        await RunAsync("2-finetune.yaml", "failed", expert, [.. samples, "spec.training.maxLength=1"], ExitCode.BadData);
        await RunAsync("3-refine.yaml", "refine", expert, [$"spec.model={{uri: '{Model("expert")}', dtype: float32}}",
            $"spec.dataset.uri=file://{Examples}/data/refine.parquet", "spec.evaluation=null", "spec.training.maxSteps=2",
            "spec.training.batchSize=2"]);

        async Task RunAsync(string manifest, string output, long counted, string[] set, ExitCode expected = ExitCode.Done)
        {
            var before = torch.Tensor.TotalCount;
            (int code, _, string errors) = await WorkerProgram.RunAsync(["run", "-q", "-f", $"{Examples}/{manifest}",
                "--output", $"file://{folder.Path}/{output}", .. set.SelectMany(one => (string[])["--set", one])]);
            Assert.True(code == (int)expected, errors);
            Assert.Equal((output, before + counted), (output, torch.Tensor.TotalCount));
        }
    }

    private static string Model(string name) => $"file://{Examples}/models/seed-0/{name}";

    private static LoadedModel Load(string name) =>
        HuggingFaceFolder.Load($"{Examples}/models/seed-0/{name}", torch.ScalarType.Float32, torch.CPU);

    private static long Counted(Action work)
    {
        var before = torch.Tensor.TotalCount;
        work();
        return torch.Tensor.TotalCount - before;
    }
}
