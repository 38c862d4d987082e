using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Tests.Runs;

public sealed class RunOutputTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private DirectoryBlobStore Store => new(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Put_ByAnOlderAttempt_IsRefusedAndWritesNothing()
    {
        RunOutput older = await RunOutput.ClaimAsync(Store, "run", "older", default);
        await older.PutTextAsync("x", "1", default);
        RunOutput newer = await RunOutput.ClaimAsync(Store, "run", "newer", default);

        var error = await Assert.ThrowsAsync<WorkerException>(() => older.PutTextAsync("x", "2", default));
        Assert.Contains("now belongs to newer", error.Message);
        Assert.Equal(ExitCode.Failure, error.Code);
        Assert.Equal("1"u8.ToArray(), (await Store.GetAsync("x"))!.Bytes);
        await newer.PutTextAsync("x", "3", default);
    }

    [Fact]
    public async Task Claims_OfDifferentShards_StandSideBySide()
    {
        RunOutput first = await RunOutput.ClaimAsync(Store, "shard-00000", "a", default);
        await RunOutput.ClaimAsync(Store, "shard-00001", "b", default);
        await first.PutTextAsync("x", "1", default);
    }

    [Fact]
    public async Task PutOnce_OverWhatIsThere_KeepsTheFirst()
    {
        RunOutput output = await RunOutput.ClaimAsync(Store, "run", "a", default);
        await output.PutOnceAsync("x", [1], default);
        await output.PutOnceAsync("x", [2], default);
        Assert.Equal([1], (await Store.GetAsync("x"))!.Bytes);
    }

    [Fact]
    public async Task Checkpoints_BeyondTheLimit_AreDeletedOldestFirstAndTheNewestLoads()
    {
        var checkpoints = new Worker.Runs.Checkpoints(await RunOutput.ClaimAsync(Store, "run", "a", default), keep: 2);
        foreach (long step in new[] { 5L, 10, 15 })
            await checkpoints.SaveAsync(step, folder => File.WriteAllText(Path.Combine(folder, "step"), $"{step}"), default);
        Assert.Equal(["checkpoints/step-000010/COMPLETE", "checkpoints/step-000010/step", "checkpoints/step-000015/COMPLETE", "checkpoints/step-000015/step"],
            (await Store.ListAsync("checkpoints/")).Select(b => b.Name));

        // A checkpoint without its marker is not there.
        await Store.PutAsync("checkpoints/step-000020/step", new MemoryStream("20"u8.ToArray()));
        string? loaded = null;
        Assert.True(await checkpoints.LoadNewestAsync(folder => loaded = File.ReadAllText(Path.Combine(folder, "step")), default));
        Assert.Equal("15", loaded);
    }
}
