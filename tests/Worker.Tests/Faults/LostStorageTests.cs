using LightReasoner.Api;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Tests.Storage;

namespace LightReasoner.Worker.Tests.Faults;

/// <summary>
/// A disk that is full, a file system that is read-only and a network that goes away while the worker's process is at work: one sentence,
/// a documented exit code, nothing half-written, and the next attempt goes on to the bytes of an undisturbed run.
/// </summary>
[Trait("Suite", "long")]
public sealed class LostStorageTests(Scenarios scenarios, Azurite azurite, Radosgw radosgw)
{
    private const string Beginning = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[";

    private static readonly Dictionary<string, string> Nothing = [];

    [Theory]
    [InlineData(RunKind.SamplingRun, "output")]
    [InlineData(RunKind.FineTuneRun, "scratch")]
    public async Task Disk_FullInMidRun_EndsWithASentence_AndTheNextAttemptGoesOn(RunKind kind, string place)
    {
        var calm = await scenarios.CalmAsync(kind);
        using var disk = new SmallDisk(Path.Combine(scenarios.Folder, $"disk-{kind}-{place}"), megabytes: 200);
        var (code, errors, output) = (0, "", "");
        Dictionary<string, string> environment = place == "scratch" ? new() { ["TMPDIR"] = disk.Path } : Nothing;
        // On a busy machine a run may be over before the disk is full; then the next one is tried.
        for (int attempt = 1; code == 0 && attempt <= 10; attempt++)
        {
            disk.Empty();
            output = Path.Combine(place == "output" ? disk.Path : scenarios.Folder, $"full-{kind}-{place}-{attempt}");
            using var worker = WorkerProcess.Run(calm.Manifest, "file://" + output, environment);
            var result = worker.ResultAsync();
            while (!result.IsCompleted && !HasBegun(output)) await Task.Delay(2, TestContext.Current.CancellationToken);
            worker.Signal(WorkerProcess.SigStop);
            if (!result.IsCompleted) disk.Fill();
            worker.Signal(WorkerProcess.SigCont);
            (code, errors) = await result;
        }
        IsOneSentence(ExitCode.Failure, "No space left on device", code, errors);
        IsWhole(output, calm);

        disk.Empty();
        using var next = WorkerProcess.Run(calm.Manifest, "file://" + output, environment);
        Assert.Equal((0, ""), await next.ResultAsync());
        Assert.Empty((await OutputSnapshot.TakeAsync(new DirectoryBlobStore(output))).DifferencesFrom(calm.Output));
    }

    /// <summary>What is seen to have no room is refused before any model is loaded.</summary>
    [Theory]
    [InlineData("output")]
    [InlineData("scratch")]
    public async Task Disk_TooSmallForTheRun_IsRefusedBeforeItBegins(string place)
    {
        var calm = await scenarios.CalmAsync(RunKind.SamplingRun);
        using var disk = new SmallDisk(Path.Combine(scenarios.Folder, $"too-small-{place}"), megabytes: 20);
        var output = Path.Combine(place == "output" ? disk.Path : scenarios.Folder, $"too-small-{place}-out");
        using var worker = WorkerProcess.Run(calm.Manifest, "file://" + output,
            place == "scratch" ? new() { ["TMPDIR"] = disk.Path } : Nothing);
        var (code, errors) = await worker.ResultAsync();
        IsOneSentence(ExitCode.Failure, " MiB of disk are free; make room there", code, errors);
        Assert.False(Directory.Exists(Path.Combine(output, "samples")));
    }

    [Fact]
    public async Task Disk_ReadOnly_EndsWithASentence_AndTheNextAttemptGoesOn()
    {
        var calm = await scenarios.CalmAsync(RunKind.SamplingRun);
        using var disk = new SmallDisk(Path.Combine(scenarios.Folder, "read-only"), megabytes: 200);
        var output = Path.Combine(disk.Path, "out");
        string[] few = ["run", "-f", calm.Manifest, "--output", output, "--quiet", "--set", "spec.maxQuestions=20"];
        using (WorkerProcess worker = WorkerProcess.Start(few, Nothing)) Assert.Equal((0, ""), await worker.ResultAsync());
        string[] files = [.. Directory.EnumerateFiles(output, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

        disk.MakeReadOnly(true);
        using (WorkerProcess worker = WorkerProcess.Run(calm.Manifest, "file://" + output, Nothing))
        {
            var (code, errors) = await worker.ResultAsync();
            IsOneSentence(ExitCode.NoPermission, "Read-only file system", code, errors);
        }
        Assert.Equal(files, Directory.EnumerateFiles(output, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
        // As scratch it does not do either.
        using (WorkerProcess worker = WorkerProcess.Run(calm.Manifest, $"file://{scenarios.Folder}/elsewhere",
            new Dictionary<string, string> { ["TMPDIR"] = disk.Path }))
        {
            var (code, errors) = await worker.ResultAsync();
            IsOneSentence(ExitCode.NoPermission, "Read-only file system", code, errors);
        }

        disk.MakeReadOnly(false);
        using var next = WorkerProcess.Run(calm.Manifest, "file://" + output, Nothing);
        Assert.Equal((0, ""), await next.ResultAsync());
        Assert.Equal(60, File.ReadAllLines(Path.Combine(output, "metrics.jsonl")).Select(line =>
            (int)System.Text.Json.Nodes.JsonNode.Parse(line)!["promptsDone"]!).Last());
    }

    /// <summary>Connections break, or stay open and nothing comes over them any more.</summary>
    [Theory]
    [InlineData("azure", RunKind.FineTuneRun, false)]
    [InlineData("azure", RunKind.FineTuneRun, true)]
    [InlineData("s3", RunKind.SamplingRun, false)]
    [InlineData("s3", RunKind.SamplingRun, true)]
    public async Task Network_GoneInMidRun_EndsWithASentence_AndTheNextAttemptGoesOn(string store, RunKind kind, bool silently)
    {
        var calm = await scenarios.CalmAsync(kind);
        var (server, uri, variables) = store == "azure"
            ? (azurite.Address, $"az://{azurite.NewContainer()}/run", (Func<Uri, IReadOnlyDictionary<string, string>>)Azurite.Variables)
            : (radosgw.Address, $"s3://{radosgw.NewBucket()}/run", Radosgw.Variables);
        // After the second chunk, or after the second checkpoint, nobody answers any more.
        var last = kind == RunKind.SamplingRun ? "samples/part-00000-00001" : "checkpoints/step-000008/COMPLETE";
        using var proxy = new FlakyProxy(server, share: 0, seed: 0)
        {
            Last = request => request.StartsWith("PUT", StringComparison.Ordinal) && request.Contains(last, StringComparison.Ordinal),
            Silently = silently,
        };
        using (WorkerProcess worker = WorkerProcess.Run(calm.Manifest, uri, Impatient(variables(proxy.Address), seconds: 5)))
        {
            var (code, errors) = await worker.ResultAsync();
            IsOneSentence(ExitCode.Failure, silently ? "cannot be reached (connected, and silent for " : "cannot be reached", code, errors);
        }
        using var next = WorkerProcess.Run(calm.Manifest, uri, variables(server));
        Assert.Equal((0, ""), await next.ResultAsync());
        Assert.Empty((await OutputSnapshot.TakeAsync(BlobUri.Open(uri))).DifferencesFrom(calm.Output));
    }

    /// <summary>A host that lets connections wait: three tries of eight seconds.</summary>
    [Fact]
    public async Task Host_ThatDoesNotAnswer_IsGivenUp()
    {
        using var silent = new SilentHost();
        using var worker = WorkerProcess.Start(["inspect", "samples", $"{silent.Address}samples.jsonl"], Nothing);
        var (code, errors) = await worker.ResultAsync();
        IsOneSentence(ExitCode.Failure, "cannot be reached (no answer within 8 s)", code, errors);
    }

    /// <summary>
    /// A server that takes connections and then says nothing, or begins an answer and does not end it: three silences, as long as the
    /// variable says.
    /// </summary>
    [Theory]
    [InlineData("http", "")]
    [InlineData("http", Beginning)]
    [InlineData("hf", "")]
    [InlineData("hf", Beginning)]
    [InlineData("az", "")]
    [InlineData("az", Beginning)]
    [InlineData("s3", "")]
    [InlineData("s3", Beginning)]
    public async Task Server_ThatFallsSilent_IsGivenUp(string store, string answer)
    {
        using var silent = new SilentServer(answer);
        var (uri, environment) = store switch
        {
            "hf" => ("hf://datasets/org/name/samples.jsonl", new Dictionary<string, string> { ["HF_ENDPOINT"] = $"{silent.Address}" }),
            "az" => ("az://container/samples.jsonl", new Dictionary<string, string>(Azurite.Variables(silent.Address))),
            "s3" => ("s3://bucket/samples.jsonl", Radosgw.Variables(silent.Address)),
            _ => ($"{silent.Address}samples.jsonl", Nothing),
        };
        using var worker = WorkerProcess.Start(["inspect", "samples", uri], Impatient(environment, seconds: 1));
        var (code, errors) = await worker.ResultAsync();
        IsOneSentence(ExitCode.Failure, $"{silent.Address.Authority} cannot be reached (connected, and silent for ", code, errors);
    }

    private static Dictionary<string, string> Impatient(IReadOnlyDictionary<string, string> environment, int seconds) =>
        new(environment) { ["LIGHTREASONER_NETWORK_TIMEOUT"] = $"{seconds}" };

    /// <summary>Whether there is a first chunk of samples, or a first checkpoint.</summary>
    private static bool HasBegun(string output) => new[] { ("samples", "part-*.jsonl"), ("checkpoints", RunOutput.Complete) }.Any(part =>
        Path.Combine(output, part.Item1) is var folder && Directory.Exists(folder)
        && Directory.EnumerateFiles(folder, part.Item2, SearchOption.AllDirectories).Any());

    private static void IsOneSentence(ExitCode expected, string words, int code, string errors)
    {
        Assert.True(code == (int)expected, $"exit code {code}: {errors}");
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        Assert.Contains(words, line);
    }

    /// <summary>The chunks that are there have the bytes of the undisturbed run; nothing is left of what could not be written.</summary>
    private static void IsWhole(string output, CalmRun calm)
    {
        string[] files = [.. Directory.EnumerateFiles(output, "*", SearchOption.AllDirectories)
            .Where(file => !Path.GetFileName(file).StartsWith('.'))];
        Assert.DoesNotContain(files, file => file.EndsWith(".~lr", StringComparison.Ordinal));
        Assert.All(files.Where(file => file.Contains("/samples/", StringComparison.Ordinal)), file =>
            Assert.Equal(File.ReadAllBytes(Path.Combine(calm.Folder, Path.GetRelativePath(output, file))), File.ReadAllBytes(file)));
    }
}
