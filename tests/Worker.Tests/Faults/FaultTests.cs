using System.Diagnostics;
using System.Globalization;
using LightReasoner.Api;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Tests.Storage;

namespace LightReasoner.Worker.Tests.Faults;

/// <summary>
/// The worker's process killed at random moments, stopped and woken up beside its successor, asked to end, and on storage that fails: the
/// outputs are those of an undisturbed run, byte for byte. <c>LIGHTREASONER_FAULT_KILLS</c> sets how many kills there are for each kind and
/// store, <c>LIGHTREASONER_FAULT_SEED</c> draws the same moments again.
/// </summary>
[Trait("Suite", "long")]
public sealed class FaultTests(Scenarios scenarios, Azurite azurite, Radosgw radosgw, ITestOutputHelper output)
{
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("LIGHTREASONER_FAULT_KILLS") ?? "2",
        CultureInfo.InvariantCulture);

    private static readonly int Seed = Environment.GetEnvironmentVariable("LIGHTREASONER_FAULT_SEED") is { } given
        ? int.Parse(given, CultureInfo.InvariantCulture) : Environment.TickCount;

    private static readonly Dictionary<string, string> Nothing = [];

    public static TheoryData<RunKind> Kinds => [RunKind.SamplingRun, RunKind.FineTuneRun, RunKind.RefineRun];

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Kills_OnADirectory_LeaveTheSameBytes(RunKind kind) =>
        KillAsync(kind, "file", n => $"file://{scenarios.Folder}/killed-{kind}-{n}", Nothing);

    /// <summary>Sampling on two devices gives the bytes of one; training those of an undisturbed run on two.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Kills_OnTwoDevices_LeaveTheSameBytes(RunKind kind) =>
        KillAsync(kind, "file", n => $"file://{scenarios.Folder}/two-{kind}-{n}", Scenarios.Replicas(2),
        kind == RunKind.SamplingRun ? 1 : 2);

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Kills_OnAzureStorage_LeaveTheSameBytes(RunKind kind)
    {
        var container = azurite.NewContainer();
        return KillAsync(kind, "azure", n => $"az://{container}/killed-{n}", Azurite.Variables(azurite.Address));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Kills_OnS3_LeaveTheSameBytes(RunKind kind)
    {
        var bucket = radosgw.NewBucket();
        return KillAsync(kind, "s3", n => $"s3://{bucket}/killed-{n}", Radosgw.Variables(radosgw.Address));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task AzureStorage_ThatFailsOneRequestInTen_GetsTheSameBytes(RunKind kind) => FailAsync(kind, azurite.Address,
        $"az://{azurite.NewContainer()}/run", Azurite.Variables);

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task S3_ThatFailsOneRequestInTen_GetsTheSameBytes(RunKind kind) => FailAsync(kind, radosgw.Address,
        $"s3://{radosgw.NewBucket()}/run", Radosgw.Variables);

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Sigterm_SavesWhatIsDoneAndAsksForAnotherAttempt(RunKind kind)
    {
        // Checkpoints come only by the signal here.
        var calm = await scenarios.CalmAsync(kind, rareCheckpoints: true);
        var folder = "";
        var code = 0;
        // On a busy machine a run may be over before the signal comes; then the next one is sent it.
        for (int attempt = 1; code == 0 && attempt <= 10; attempt++)
        {
            folder = Path.Combine(scenarios.Folder, $"stopped-{kind}-{attempt}");
            using var worker = WorkerProcess.Run(calm.Manifest, "file://" + folder, Nothing);
            var result = worker.ResultAsync();
            while (!result.IsCompleted && !File.Exists(Path.Combine(folder, "metrics.jsonl"))) await Task.Delay(5);
            worker.Signal(WorkerProcess.SigTerm);
            (code, string errors) = await result;
            Assert.True(code is 0 or (int)ExitCode.Terminated, $"exit code {code}: {errors}");
        }
        Assert.Equal((int)ExitCode.Terminated, code);
        if (kind != RunKind.SamplingRun) Assert.Single(Directory.GetFiles(Path.Combine(folder, "checkpoints"), "COMPLETE",
            SearchOption.AllDirectories));
        using var next = WorkerProcess.Run(calm.Manifest, "file://" + folder, Nothing);
        Assert.Equal((0, ""), await next.ResultAsync());
        Assert.Empty((await OutputSnapshot.TakeAsync(new DirectoryBlobStore(folder))).DifferencesFrom(calm.Output, withCheckpoints: false));
    }

    private async Task FailAsync(RunKind kind, Uri server, string uri, Func<Uri, IReadOnlyDictionary<string, string>> variables)
    {
        var calm = await scenarios.CalmAsync(kind);
        using var proxy = new FlakyProxy(server, share: 0.1, seed: 1);
        using var worker = WorkerProcess.Run(calm.Manifest, uri, variables(proxy.Address));
        var (code, errors) = await worker.ResultAsync();
        Assert.True(code == 0, errors);
        output.WriteLine($"{kind}: {proxy.Failed} of {proxy.Passed + proxy.Failed} requests failed");
        Assert.True(proxy.Failed > 0);
        Assert.Empty((await OutputSnapshot.TakeAsync(BlobUri.Open(uri))).DifferencesFrom(calm.Output));
    }

    private async Task KillAsync(
        RunKind kind, string store, Func<int, string> uriOf, IReadOnlyDictionary<string, string> environment, int devices = 1)
    {
        var calm = await scenarios.CalmAsync(kind, devices: devices);
        output.WriteLine($"LIGHTREASONER_FAULT_SEED={Seed}");
        var random = new Random(Seed ^ (int)kind ^ store[0] << 8); // each test draws its own
        int kills = 0, stops = 0, outputs = 0, differences = 0;
        while (kills < Kills)
        {
            var uri = uriOf(outputs++);
            var start = Stopwatch.GetTimestamp();
            var (killed, stopped) = await DisturbAsync(calm, uri, environment, random, Math.Min(5, Kills - kills));
            // The machine is faster now than when the undisturbed run was timed: the moments are drawn closer.
            if (killed == 0 && calm.Duration / Stopwatch.GetElapsedTime(start) is var faster and > 1)
                calm = calm with { ClaimAfter = calm.ClaimAfter / faster, Duration = calm.Duration / faster };
            (kills, stops) = (kills + killed, stops + stopped);
            var result = await OutputSnapshot.TakeAsync(BlobUri.Open(uri));
            Assert.True(result.Count > 0);
            var different = result.DifferencesFrom(calm.Output, withRemnants: stopped == 0);
            differences += different.Count;
            foreach (var name in different) output.WriteLine($"{uri}/{name} differs");
        }
        output.WriteLine($"{kind} on {store}: {kills} kills, {stops} of them after an overlap with the next attempt, {outputs} outputs, "
            + $"{differences} differences");
        Assert.Equal(0, differences);
    }

    /// <summary>One run to its end, through so many kills; some attempts are stopped first and woken up while the next one works.</summary>
    private static async Task<(int Kills, int Stops)> DisturbAsync(CalmRun calm, string uri, IReadOnlyDictionary<string,
        string> environment, Random random, int most)
    {
        int kills = 0, stops = 0;
        WorkerProcess? sleeper = null;
        try
        {
            while (true)
            {
                using var late = sleeper;
                sleeper = null;
                var worker = WorkerProcess.Run(calm.Manifest, uri, environment);
                try
                {
                    var result = worker.ResultAsync();
                    TimeSpan earliest = calm.ClaimAfter * 0.9, span = calm.Duration - earliest;
                    if (late is not null)
                    {
                        await Task.WhenAny(result, Task.Delay(earliest + span * random.NextDouble()));
                        late.Signal(WorkerProcess.SigCont);
                    }
                    if (kills < most) await Task.WhenAny(result,
                        Task.Delay(late is null ? earliest + span * random.NextDouble() : span * random.NextDouble()));
                    else await result;
                    if (late is not null && !result.IsCompleted && random.Next(2) == 0) await late.ExitAsync;
                    if (result.IsCompleted)
                    {
                        var (code, errors) = await result;
                        if (code == 0 && late is not null)
                        {
                            var (lateCode, lateErrors) = await late.ResultAsync();
                            Assert.True(lateCode == 0 || lateErrors.Contains("now belongs to", StringComparison.Ordinal),
                                $"{lateCode}: {lateErrors}");
                        }
                        if (code == 0) return (kills, stops);
                        // One that was stopped before its claim made it after this one's.
                        Assert.Contains("now belongs to", errors);
                        continue;
                    }
                    kills++;
                    if (late is null && random.Next(3) == 0)
                    {
                        stops++;
                        worker.Signal(WorkerProcess.SigStop);
                        sleeper = worker;
                    }
                }
                finally
                {
                    if (sleeper != worker) worker.Dispose();
                }
            }
        }
        finally
        {
            sleeper?.Dispose();
        }
    }
}
