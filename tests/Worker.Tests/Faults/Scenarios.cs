using System.Diagnostics;
using LightReasoner.Api;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

[assembly: AssemblyFixture(typeof(LightReasoner.Worker.Tests.Faults.Scenarios))]

namespace LightReasoner.Worker.Tests.Faults;

/// <summary>A run that nobody disturbed.</summary>
/// <param name="Manifest">File of its document.</param>
/// <param name="Output">What it wrote.</param>
/// <param name="Folder">Where.</param>
/// <param name="ClaimAfter">From the start of the process to the claim of the output.</param>
/// <param name="Duration">From the start of the process to its end.</param>
internal sealed record CalmRun(string Manifest, OutputSnapshot Output, string Folder, TimeSpan ClaimAfter, TimeSpan Duration);

/// <summary>Small runs of each kind on the quickstart's models, each done once undisturbed for all tests to compare with.</summary>
public sealed class Scenarios : IDisposable
{
    private static readonly string Examples = RepositoryFolder.Of("examples", "quickstart");

    private readonly ScratchFolder _folder = new();
    private readonly Dictionary<string, Task<CalmRun>> _calm = [];

    internal string Folder => _folder.Path;

    /// <summary>The variable that makes so many devices of the CPU.</summary>
    internal static IReadOnlyDictionary<string, string> Replicas(int devices) =>
        new Dictionary<string, string> { ["LIGHTREASONER_CPU_DEVICES"] = $"{devices}" };

    /// <summary>The undisturbed run of a kind.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="rareCheckpoints">Checkpoints come only by a signal.</param>
    /// <param name="devices">Replicas on the CPU.</param>
    /// <param name="steps">Steps of training; null for as many as the disturbed runs take.</param>
    internal Task<CalmRun> CalmAsync(RunKind kind, bool rareCheckpoints = false, int devices = 1, int? steps = null)
    {
        var name = $"{kind}{(rareCheckpoints ? "-rare" : "")}{(devices > 1 ? $"-{devices}" : "")}{(steps is null ? "" : $"-{steps}")}";
        lock (_calm)
            return _calm.TryGetValue(name, out var known) ? known
                : _calm[name] = RunCalmAsync(name, kind, rareCheckpoints, devices, steps);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<CalmRun> RunCalmAsync(string name, RunKind kind, bool rareCheckpoints, int devices, int? steps)
    {
        string manifest = Path.Combine(_folder.Path, $"{name}.json"), output = Path.Combine(_folder.Path, name);
        await File.WriteAllTextAsync(manifest, ManifestReader.ToJson(kind switch
        {
            RunKind.SamplingRun => Read("1-sampling.yaml",
                $"spec.expert.uri=file://{Examples}/models/seed-0/expert", $"spec.amateur.uri=file://{Examples}/models/seed-0/amateur",
                $"spec.dataset.uri=file://{Examples}/data/questions.jsonl", "spec.shards=1", "spec.maxQuestions=60", "spec.batchSize=4"),
            RunKind.FineTuneRun => Read("2-finetune.yaml",
                $"spec.model.uri=file://{Examples}/models/seed-0/expert",
                $"spec.samples={{uri: 'file://{(await CalmAsync(RunKind.SamplingRun)).Folder}/samples/*'}}",
                $"spec.training.maxSteps={steps ?? 24}", $"spec.training.saveSteps={(rareCheckpoints ? 1000 : 4)}",
                "spec.training.loggingSteps=1",
                $"spec.evaluation.dataset.uri=file://{Examples}/data/test.jsonl", "spec.evaluation.maxQuestions=8"),
            _ => Read("3-refine.yaml",
                $"spec.model={{uri: 'file://{Examples}/models/seed-0/expert', dtype: float32}}",
                $"spec.dataset.uri=file://{Examples}/data/refine.parquet",
                $"spec.training.maxSteps={steps ?? 12}", $"spec.training.saveSteps={(rareCheckpoints ? 1000 : 2)}",
                "spec.training.loggingSteps=1", "spec.training.batchSize=8",
                $"spec.evaluation.dataset.uri=file://{Examples}/data/test.jsonl", "spec.evaluation.maxQuestions=8"),
        }));
        var start = Stopwatch.GetTimestamp();
        using var worker = WorkerProcess.Run(manifest, "file://" + output, Replicas(devices));
        var result = worker.ResultAsync();
        while (!result.IsCompleted && !File.Exists(Path.Combine(output, "owners", "run.json"))) await Task.Delay(5);
        var claimed = Stopwatch.GetElapsedTime(start);
        var (code, errors) = await result;
        Assert.True(code == 0, errors);
        return new CalmRun(manifest, await OutputSnapshot.TakeAsync(new DirectoryBlobStore(output)), output, claimed,
            Stopwatch.GetElapsedTime(start));

        static Manifest Read(string example, params string[] changes) =>
            ManifestReader.Read(File.ReadAllText(Path.Combine(Examples, example)), example, changes);
    }
}
