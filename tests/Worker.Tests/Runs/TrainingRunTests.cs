using System.Reflection;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Commands;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Tests.FineTuning;
using LightReasoner.Worker.Tests.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Runs;

/// <summary>Training runs in this process on the quickstart's models: what they write, and when.</summary>
[Collection(TorchGeneratorCollection.Name)]
public sealed class TrainingRunTests : IDisposable
{
    private static readonly string Examples = RepositoryFolder.Of("examples", "quickstart");

    private static readonly string Expert = $"file://{Examples}/models/seed-0/expert";

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The second run trains over the first one's adapter, named by its run or by its folder; the third loads what it wrote.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public async Task FineTuning_OverAnAdapter_WritesOneAdapterOfTheBase(bool byRun)
    {
        Assert.Equal(ExitCode.Done, await RunAsync(FineTune($"{{uri: '{Expert}', dtype: float32}}", "merge=false"), "first"));
        string model = byRun ? "{runRef: {kind: FineTuneRun, name: first}, dtype: float32}" : $"{{uri: '{Expert}', adapterUri: '{Uri("first/adapter")}', dtype: float32}}";
        Assert.Equal(ExitCode.Done, await RunAsync(FineTune(model, "merge=true"), "second"));

        JsonNode config = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder.Path, "second", "adapter", "adapter_config.json")))!;
        Assert.Equal((Expert, 16), ((string)config["base_model_name_or_path"]!, (int)config["r"]!));
        using var models = new ModelSources(new RunReferences([], "", ""), CPU);
        float[] adapter = await LogitsAsync(models, "second/adapter"), merged = await LogitsAsync(models, "second/model"), first = await LogitsAsync(models, "first/adapter");
        Assert.True(Difference(merged, adapter) < 1e-4);
        Assert.True(Difference(merged, first) > 1e-2);

        static float Difference(float[] one, float[] other) => one.Zip(other).Max(pair => Math.Abs(pair.First - pair.Second));
    }

    [Fact]
    public async Task FineTuning_LongWithoutACheckpoint_WritesOneByTheClock()
    {
        Assert.Equal(ExitCode.Done, await RunAsync(FineTune($"{{uri: '{Expert}', dtype: float32}}", "training.saveSteps=1000", "training.saveTotalLimit=100", "training.maxSteps=8"), "clock", new Minutes()));
        string[] steps = [.. Directory.GetDirectories(Path.Combine(_folder.Path, "clock", "checkpoints")).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];
        Assert.InRange(steps.Length, 2, 7);
        Assert.Equal("step-000008", steps[^1]);

        Assert.Equal(ExitCode.Done, await RunAsync(FineTune($"{{uri: '{Expert}', dtype: float32}}", "training.saveSteps=1000", "training.saveMinutes=10000", "training.maxSteps=8"), "patient", new Minutes()));
        Assert.Single(Directory.GetDirectories(Path.Combine(_folder.Path, "patient", "checkpoints")));
    }

    [Fact]
    public void FineTuning_Float16_IsRefusedWithTheRemedy()
    {
        var refused = Assert.Throws<ManifestException>(() => FineTune($"{{uri: '{Expert}', dtype: float16}}"));
        Assert.Contains("spec.model.dtype", refused.Message);
        Assert.Contains("use bfloat16 or float32", refused.Message);
    }

    /// <summary>Another shard ends while this one writes its report, and is overtaken by it.</summary>
    [Fact]
    public async Task Report_ShardThatEndsMeanwhile_IsInTheLastOne()
    {
        Manifest manifest = ManifestReader.Read(File.ReadAllText(Path.Combine(Examples, "1-sampling.yaml")), "1-sampling.yaml",
        [
            $"spec.expert.uri={Expert}", $"spec.amateur.uri=file://{Examples}/models/seed-0/amateur", $"spec.dataset.uri=file://{Examples}/data/questions.jsonl",
            "spec.shards=2", "spec.maxQuestions=4",
        ]);
        Assert.Equal(ExitCode.Done, await RunAsync(manifest, "shards"));
        string result = Path.Combine(_folder.Path, "shards", "results", "shard-00001.json");
        byte[] late = File.ReadAllBytes(result);
        File.Delete(result);

        IBlobStore store = Interrupted.Around(BlobUri.Open(Uri("shards")), RunReport.BlobName, () => File.WriteAllBytes(result, late));
        RunOutput output = await RunOutput.ClaimAsync(store, "shard-00000", "late", default);
        await RunReport.WriteAsync(output, 2, TimeProvider.System, default);
        Assert.DoesNotContain("shards done", File.ReadAllText(Path.Combine(_folder.Path, "shards", RunReport.BlobName)));
    }

    [Fact]
    public async Task Merge_DtypeLeftOut_KeepsThatOfTheFolder()
    {
        string half = Path.Combine(_folder.Path, "half"), target = Path.Combine(_folder.Path, "merged"), source = Path.Combine(Goldens.Folder, "qwen2-tiny");
        using (LoadedModel model = Goldens.Model("qwen2-tiny")) HuggingFaceFolder.Save(model.Model, source, half, ScalarType.BFloat16);
        Assert.Equal(0, await MergeCommand.Create().Parse(["--model", half, "--adapter", Path.Combine(Goldens.Folder, "lora-adapter"), "--output", target]).InvokeAsync());
        Assert.Equal(ScalarType.BFloat16, HuggingFaceFolder.StoredType(target));
    }

    private async Task<float[]> LogitsAsync(ModelSources models, string name)
    {
        ModelWithTokenizer model = await models.LoadAsync(new ModelSource { Uri = Uri(name), Dtype = WeightType.Float32 }, default);
        using var scope = NewDisposeScope();
        return model.Loaded.Model.forward(Goldens.Batch([5, 6, 7, 8, 9])).detach().data<float>().ToArray();
    }

    private Manifest FineTune(string model, params string[] overrides)
    {
        string samples = Path.Combine(_folder.Path, "samples.jsonl");
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
                $"spec.model={model}", $"spec.samples={{uri: 'file://{samples}'}}", "spec.evaluation=null", "spec.training.maxSteps=4", "spec.training.batchSize=4",
                "spec.training.learningRate=0.01",
            ], overrides.Select(one => "spec." + one)));
    }

    private string Uri(string name) => "file://" + Path.Combine(_folder.Path, name);

    private Task<ExitCode> RunAsync(Manifest manifest, string output, TimeProvider? time = null) =>
        new Runner(new RunOptions { Output = Uri(output), References = [$"FineTuneRun/first={Uri("first")}"] },
            new ConsoleProgress(TextWriter.Null, ProgressStyle.Quiet, TimeProvider.System), time ?? TimeProvider.System).RunAsync(manifest, default);

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
            if (method!.Name == nameof(IBlobStore.PutAsync) && (string?)arguments![0] == _blob) Interlocked.Exchange(ref _before, null)?.Invoke();
            return method.Invoke(_inner, arguments);
        }
    }
}
