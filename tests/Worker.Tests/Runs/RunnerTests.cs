using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Reporting;

namespace LightReasoner.Worker.Tests.Runs;

/// <summary>
/// Whole runs in this process on the quickstart's models: what stops and goes on ends in the same bytes as what does not.
/// </summary>
public sealed class RunnerTests : IDisposable
{
    private static readonly string Examples = RepositoryFolder.Of("examples", "quickstart");

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The second attempt may be asked for more.</summary>
    [Theory, InlineData(24), InlineData(30)]
    public async Task Sampling_StoppedAndStartedAgain_EndsInTheSameBytes(int questions)
    {
        var manifest = Sampling(questions: 24, batch: 2);
        Assert.Equal(ExitCode.Done, await RunAsync(Sampling(questions, batch: 2), "calm"));

        using var stop = new CancellationTokenSource();
        var samples = Path.Combine(_folder.Path, "stopped", "samples");
        var first = Task.Run(() => RunAsync(manifest, "stopped", stop.Token));
        while (!first.IsCompleted && !(Directory.Exists(samples) && Directory.EnumerateFiles(samples).Any())) await Task.Delay(5);
        await stop.CancelAsync();
        Assert.True(await first is ExitCode.Terminated or ExitCode.Done);
        Assert.Equal(ExitCode.Done, await RunAsync(Sampling(questions, batch: 2), "stopped"));
        AssertSameFiles("calm", "stopped", "samples");
    }

    [Fact]
    public async Task FineTuning_StoppedAndStartedAgain_EndsInTheSameBytes()
    {
        Assert.Equal(ExitCode.Done, await RunAsync(Sampling(questions: 12, batch: 6), "samples-of"));
        var manifest = ManifestReader.Read(File.ReadAllText(Path.Combine(Examples, "2-finetune.yaml")), "2-finetune.yaml",
        [
            $"spec.model.uri=file://{Examples}/models/seed-0/expert", $"spec.samples={{uri: 'file://{_folder.Path}/samples-of/samples/*'}}",
            "spec.training.maxSteps=6", "spec.training.saveSteps=2", "spec.training.loggingSteps=2", "spec.evaluation=null",
        ]);
        Assert.Equal(ExitCode.Done, await RunAsync(manifest, "calm"));

        using var stop = new CancellationTokenSource();
        var first = Task.Run(() => RunAsync(manifest, "stopped", stop.Token));
        var marker = Path.Combine(_folder.Path, "stopped", "checkpoints", "step-000002", "COMPLETE");
        while (!first.IsCompleted && !File.Exists(marker)) await Task.Delay(2);
        await stop.CancelAsync();
        Assert.True(await first is ExitCode.Terminated or ExitCode.Done);
        Assert.Equal(ExitCode.Done, await RunAsync(manifest, "stopped"));
        AssertSameFiles("calm", "stopped", "adapter");
        AssertSameFiles("calm", "stopped", "model");
        var lines = File.ReadAllLines(Path.Combine(_folder.Path, "stopped", "metrics.jsonl"));
        Assert.Equal(3, lines.Length);
        Assert.Equal([0, 2, 4, 6],
            TensorBoardEventsTests.Read(File.ReadAllBytes(Path.Combine(_folder.Path, "stopped", "events.out.tfevents.lightreasoner")))
            .Select(e => e.Step));
        var page = File.ReadAllText(Path.Combine(_folder.Path, "stopped", "report.html"));
        foreach (var line in lines)
            foreach (var field in (string[])["loss", "learningRate", "gradNorm"])
                Assert.Contains($"<td>{System.Text.Json.Nodes.JsonNode.Parse(line)![field]!.ToJsonString()}</td>", page);
    }

    [Fact]
    public async Task Run_ThatIsComplete_ReportsItsResultAgainAndDoesNothing()
    {
        var manifest = Sampling(questions: 6, batch: 6);
        Assert.Equal(ExitCode.Done, await RunAsync(manifest, "out"));
        var written = File.GetLastWriteTimeUtc(Directory.EnumerateFiles(Path.Combine(_folder.Path, "out", "samples")).Single());
        var log = Path.Combine(_folder.Path, "termination");
        Assert.Equal(ExitCode.Done, await RunAsync(manifest, "out", targets: new ReportTargets(null, null, log)));
        Assert.Equal(written, File.GetLastWriteTimeUtc(Directory.EnumerateFiles(Path.Combine(_folder.Path, "out", "samples")).Single()));
        var report = System.Text.Json.JsonSerializer.Deserialize<ProgressReport>(File.ReadAllText(log), ApiJson.Options)!;
        Assert.Equal((ReportOutcome.Succeeded, 6L, 6L), (report.Outcome, report.Done, report.Sampling!.PromptsDone));
    }

    [Fact]
    public async Task Output_OfAnotherSpec_IsRefused()
    {
        Assert.Equal(ExitCode.Done, await RunAsync(Sampling(questions: 6, batch: 6), "out"));
        var log = Path.Combine(_folder.Path, "termination");
        Assert.Equal(ExitCode.BadManifest, await RunAsync(Sampling(questions: 6, batch: 6, "spec.selection.beta=0.5"), "out",
            targets: new ReportTargets(null, null, log)));
        Assert.Contains("holds the output of a run with another spec: spec.selection.beta was 0.4 and is 0.5 now", File.ReadAllText(log));
    }

    [Fact]
    public async Task Output_BegunOnOtherData_IsRefused()
    {
        string questions = Path.Combine(_folder.Path, "questions.jsonl"), log = Path.Combine(_folder.Path, "termination");
        string[] lines = [.. File.ReadLines(Path.Combine(Examples, "data", "questions.jsonl")).Take(6)];
        await File.WriteAllLinesAsync(questions, lines);
        var manifest = Sampling(questions: 6, batch: 6, $"spec.dataset.uri=file://{questions}");
        Assert.Equal(ExitCode.Done, await RunAsync(manifest, "out"));
        await File.WriteAllLinesAsync(questions, lines.Reverse());
        Assert.Equal(ExitCode.BadData, await RunAsync(manifest, "out", targets: new ReportTargets(null, null, log)));
        Assert.Contains("was begun on other data", File.ReadAllText(log));
    }

    [Fact]
    public async Task Sampling_AsParquet_HoldsTheSamplesThatJsonlHolds()
    {
        Assert.Equal(ExitCode.Done, await RunAsync(Sampling(questions: 12, batch: 6), "jsonl"));
        Assert.Equal(ExitCode.Done, await RunAsync(Sampling(questions: 12, batch: 6, "spec.format=parquet"), "parquet"));
        Assert.All(Directory.GetFiles(Path.Combine(_folder.Path, "parquet", "samples")), file =>
            Assert.Equal(".parquet", Path.GetExtension(file)));
        Assert.Equal(System.Text.Json.JsonSerializer.Serialize(await SamplesAsync("jsonl")),
            System.Text.Json.JsonSerializer.Serialize(await SamplesAsync("parquet")));
    }

    /// <summary>
    /// The same amateur over answers that another run generated gives the samples of that run; another amateur gives others, and nothing is
    /// generated.
    /// </summary>
    [Fact]
    public async Task Sampling_AnswersOfAnotherRun_AreScoredAgain()
    {
        var first = Sampling(questions: 12, batch: 6);
        Assert.Equal(ExitCode.Done, await RunAsync(first, "first"));
        var again = Sampling(questions: 12, batch: 6, "spec.answers={runRef: {kind: SamplingRun, name: first}}");
        string[] reference = [$"SamplingRun/first=file://{_folder.Path}/first"];
        Assert.Equal(ExitCode.Done, await RunAsync(again, "again", references: reference));
        foreach (var (one, other) in (await SamplesAsync("first")).Zip(await SamplesAsync("again"), (a, b) => (a, b)))
        {
            Assert.Equal((one.PromptId, one.Step), (other.PromptId, other.Step));
            Assert.Equal(one.TokenIds, other.TokenIds);
            Assert.Equal(one.KlDivergence, other.KlDivergence, 1e-3);
        }
        Assert.Equal((await SamplesAsync("first")).Count, (await SamplesAsync("again")).Count);

        var log = Path.Combine(_folder.Path, "termination");
        var more = Sampling(questions: 13, batch: 6, "spec.answers={runRef: {kind: SamplingRun, name: first}}");
        Assert.Equal(ExitCode.BadData, await RunAsync(more, "more", references: reference, targets: new ReportTargets(null, null, log)));
        Assert.Contains("has no answer to record 13 of the dataset", File.ReadAllText(log));
    }

    [Fact]
    public async Task Sampling_BatchSizeAuto_GivesOneChunkForAFewQuestions()
    {
        Assert.Equal(ExitCode.Done, await RunAsync(Sampling(12, 6, "spec.batchSize=auto"), "auto"));
        Assert.Single(Directory.GetFiles(Path.Combine(_folder.Path, "auto", "samples")));
        Assert.Equal(12, File.ReadLines(Path.Combine(_folder.Path, "auto", "answers", "part-00000-00000.jsonl")).Count());
    }

    [Fact]
    public async Task RunsOfTwoKinds_WithOneName_HaveAnOutputEach()
    {
        var sampling = Sampling(questions: 6, batch: 6, "metadata.name=same");
        var training = ManifestReader.Read(File.ReadAllText(Path.Combine(Examples, "2-finetune.yaml")), "2-finetune.yaml",
        [
            "metadata.name=same", $"spec.model.uri=file://{Examples}/models/seed-0/expert", "spec.samples.runRef.name=same",
            "spec.training.maxSteps=1", "spec.evaluation=null", "spec.merge=false",
        ]);
        var options = new RunOptions { OutputPrefix = _folder.Path, Targets = new ReportTargets(null, null, null) };
        foreach (var manifest in (Manifest[])[sampling, training])
            Assert.Equal(ExitCode.Done,
                await new Runner(options, new ConsoleProgress(TextWriter.Null, ProgressStyle.Quiet, TimeProvider.System),
                TimeProvider.System).RunAsync(manifest, default));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(_folder.Path, "default/samplingrun/same/samples")));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(_folder.Path, "default/finetunerun/same/adapter")));
    }

    private async Task<IReadOnlyList<Worker.Data.ContrastiveSample>> SamplesAsync(string run) =>
        [.. (await Worker.Data.Datasets.SamplesAsync($"file://{_folder.Path}/{run}/samples/*", null, default))
            .Select(sample => sample with { Place = null })];

    private static Manifest Sampling(int questions, int batch, params string[] changes) =>
        ManifestReader.Read(File.ReadAllText(Path.Combine(Examples, "1-sampling.yaml")), "1-sampling.yaml",
        Overrides.Of(
        [
            $"spec.expert.uri=file://{Examples}/models/seed-0/expert", $"spec.amateur.uri=file://{Examples}/models/seed-0/amateur",
            $"spec.dataset.uri=file://{Examples}/data/questions.jsonl", "spec.shards=1", $"spec.maxQuestions={questions}",
                $"spec.batchSize={batch}",
        ], changes));

    private Task<ExitCode> RunAsync(Manifest manifest, string output, CancellationToken stop = default, ReportTargets? targets = null,
        string[]? references = null) =>
        new Runner(new RunOptions
        {
            Output = "file://" + Path.Combine(_folder.Path, output),
            Targets = targets
            ?? new ReportTargets(null, null, null),
            References = references ?? []
        },
            new ConsoleProgress(TextWriter.Null, ProgressStyle.Quiet, TimeProvider.System), TimeProvider.System).RunAsync(manifest, stop);

    private void AssertSameFiles(string one, string other, string part)
    {
        Assert.NotEmpty(Files(one));
        Assert.Equal(Files(one).Select(Path.GetFileName), Files(other).Select(Path.GetFileName));
        foreach (var (a, b) in Files(one).Zip(Files(other)))
            Assert.True(File.ReadAllBytes(a).SequenceEqual(File.ReadAllBytes(b)), $"{b} differs from {a}");

        string[] Files(string run) => [.. Directory.GetFiles(Path.Combine(_folder.Path, run, part)).Order(StringComparer.Ordinal)];
    }
}
