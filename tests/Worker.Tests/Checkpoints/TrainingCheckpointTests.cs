using System.Text.Json.Nodes;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Tests.FineTuning;
using LightReasoner.Worker.Tests.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Checkpoints;

[Collection(TorchGeneratorCollection.Name)]
public class TrainingCheckpointTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Restore_AfterAStop_ContinuesWithTheSameBytes(bool lora)
    {
        using var folder = new TemporaryFolder();
        var checkpoint = folder[TrainingCheckpoint.FolderName(3)];

        using var unbroken = new Run(lora);
        unbroken.Train(3);
        TrainingCheckpoint.Save(checkpoint, unbroken.Parameters, unbroken.Optimizer, new JsonObject { ["position"] = 12, ["seed"] = ulong.MaxValue });
        unbroken.Train(3);

        using var resumed = new Run(lora);
        resumed.Train(1);
        manual_seed(99);
        var state = TrainingCheckpoint.Restore(checkpoint, resumed.Parameters, resumed.Optimizer);
        resumed.Train(3);

        Assert.Equal(12, (int?)state["position"]);
        Assert.Equal(ulong.MaxValue, (ulong?)state["seed"]);
        Assert.All(unbroken.Parameters.Zip(resumed.Parameters), p => Assert.Equal(p.First.Value.bytes.ToArray(), p.Second.Value.bytes.ToArray()));
    }

    [Fact]
    public void StepOf_AFolderName_GivesItsStepAndNullForForeignOnes()
    {
        Assert.Equal(1_000_200, TrainingCheckpoint.StepOf(TrainingCheckpoint.FolderName(1_000_200)));
        Assert.Null(TrainingCheckpoint.StepOf("step-x"));
        Assert.Null(TrainingCheckpoint.StepOf("model"));
    }

    [Theory]
    [InlineData("weights.safetensors")]
    [InlineData("optimizer.safetensors")]
    [InlineData("state.json")]
    public void Restore_DamagedOrIncomplete_IsRefusedBeforeAnythingChanges(string file)
    {
        using var folder = new TemporaryFolder();
        using var run = new Run(lora: true);
        run.Train(1);
        TrainingCheckpoint.Save(folder.Path, run.Parameters, run.Optimizer, new JsonObject { ["a"] = 1 });
        run.Train(1);
        var before = run.Parameters.Select(p => p.Value.bytes.ToArray()).ToList();
        var path = folder[file];
        var bytes = File.ReadAllBytes(path);
        bytes[^3] ^= 1;
        File.WriteAllBytes(path, bytes);

        Assert.Contains($"{path}: differs", Assert.Throws<InvalidDataException>(() => TrainingCheckpoint.Restore(folder.Path, run.Parameters, run.Optimizer)).Message);
        File.Delete(path);
        Assert.Contains($"{path}: is missing", Assert.Throws<InvalidDataException>(() => TrainingCheckpoint.Restore(folder.Path, run.Parameters, run.Optimizer)).Message);
        File.Delete(folder["COMPLETE"]);
        Assert.Contains("no complete checkpoint", Assert.Throws<InvalidDataException>(() => TrainingCheckpoint.Restore(folder.Path, run.Parameters, run.Optimizer)).Message);
        Assert.Equal(before, run.Parameters.Select(p => p.Value.bytes.ToArray()));
    }

    /// <summary>A small training run whose dropout draws from torch's generator.</summary>
    private sealed class Run : IDisposable
    {
        private readonly CausalLM _model;

        public Run(bool lora)
        {
            manual_seed(1);
            _model = CausalLM.Create(KvCacheTests.Config, ScalarType.Float32, CPU, initSeed: 2);
            Parameters = lora ? _model.AddLora(new LoraOptions { Rank = 2, Dropout = 0.2 }, 3).NamedParameters() : [.. _model.named_parameters()];
            Optimizer = optim.AdamW(Parameters.Select(p => p.Value), lr: 1e-2);
            _model.train();
        }

        public IReadOnlyList<(string Name, Parameter Value)> Parameters { get; }

        public AdamW Optimizer { get; }

        public void Train(int steps)
        {
            for (var step = 0; step < steps; step++)
            {
                using var scope = NewDisposeScope();
                var ids = randint(0, 40, [2, 6], dtype: ScalarType.Int64);
                Optimizer.zero_grad();
                nn.functional.cross_entropy(_model.forward(ids).view(-1, 40), ids.view(-1)).backward();
                Optimizer.step();
            }
        }

        public void Dispose()
        {
            Optimizer.Dispose();
            _model.Dispose();
        }
    }
}
