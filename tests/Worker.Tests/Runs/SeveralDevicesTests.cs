using LightReasoner.Api;
using LightReasoner.Worker.Tests.Faults;
using LightReasoner.Worker.Tests.Storage;

namespace LightReasoner.Worker.Tests.Runs;

/// <summary>Replicas on the CPU: what is sampled, evaluated and generated on several devices is, byte for byte, what one gives.</summary>
public sealed class SeveralDevicesTests(Scenarios scenarios)
{
    private static readonly string Model = RepositoryFolder.Of("examples", "quickstart", "models", "seed-0", "expert");
    private static readonly string Data = RepositoryFolder.Of("examples", "quickstart", "data", "test.jsonl");

    [Fact]
    public async Task Sampling_OnSeveralDevices_WritesWhatOneWrites()
    {
        var one = await scenarios.CalmAsync(RunKind.SamplingRun);
        var several = await scenarios.CalmAsync(RunKind.SamplingRun, devices: 4);
        Assert.Equal(4, Directory.GetFiles(Path.Combine(several.Folder, "samples")).Length);
        Assert.Empty(several.Output.DifferencesFrom(one.Output));
    }

    /// <summary>Accuracy before training, on as many devices: by blocks for a RefineRun.</summary>
    [Theory, InlineData(RunKind.FineTuneRun), InlineData(RunKind.RefineRun), Trait("Suite", "long")]
    public async Task Training_OnSeveralDevices_EvaluatesWhatOneEvaluates(RunKind kind)
    {
        const string before = "evaluation-before.json";
        CalmRun one = await scenarios.CalmAsync(kind, steps: 1), several = await scenarios.CalmAsync(kind, devices: 2, steps: 1);
        SameBytes.Assert(
            await File.ReadAllBytesAsync(Path.Combine(one.Folder, before)),
            await File.ReadAllBytesAsync(Path.Combine(several.Folder, before)));
        Assert.True(File.Exists(Path.Combine(several.Folder, "evaluation-after.json")));
    }

    [Theory]
    [InlineData("evaluate", "--block", "4", "--refine", "3")]
    [InlineData("generate", "--batch-size", "2", "--block", "4", "--refine", "converge")]
    [InlineData("generate", "--batch-size", "3", "--temperature", "1", "--seed", "7")]
    public async Task Tools_OnSeveralDevices_PrintWhatTheyPrintOnOne(string tool, params string[] options)
    {
        var one = await RunAsync(1);
        Assert.Contains(tool == "evaluate" ? "\"questions\":13" : "\"ids\":[", one);
        Assert.Equal(one, await RunAsync(4));

        async Task<string> RunAsync(int devices)
        {
            var prompts = string.Join('\n', File.ReadLines(Data).Take(13).Select(line => line.Replace("\"question\":", "\"prompt\":")));
            string[] arguments = tool == "evaluate" ? [tool, "--data", Data, "--max-questions", "13", "--template", "none"] : [tool];
            using var worker = WorkerProcess.Start(
                [.. arguments, "--model", Model, "--dtype", "float32", .. options], Scenarios.Replicas(devices), prompts);
            var (code, errors) = await worker.ResultAsync();
            Assert.True(code == 0, errors);
            return await worker.Output;
        }
    }
}
