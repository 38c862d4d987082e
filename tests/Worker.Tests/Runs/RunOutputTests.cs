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
        var older = await RunOutput.ClaimAsync(Store, "run", "older", default);
        await older.PutTextAsync("x", "1", default);
        var newer = await RunOutput.ClaimAsync(Store, "run", "newer", default);

        var error = await Assert.ThrowsAsync<WorkerException>(() => older.PutTextAsync("x", "2", default));
        Assert.Contains("now belongs to newer", error.Message);
        Assert.Equal(ExitCode.Failure, error.Code);
        Assert.Equal("1"u8.ToArray(), (await Store.GetAsync("x"))!.Bytes);
        await newer.PutTextAsync("x", "3", default);
    }

    [Fact]
    public async Task Claim_OfAPartThatAnotherAttemptHas_NamesThatOneFirst()
    {
        var older = await RunOutput.ClaimAsync(Store, "run", "older", default, _ => Assert.Fail("nobody had it"));
        string? said = null;
        await RunOutput.ClaimAsync(Store, "run", "newer", default, other =>
        {
            said = other;
            older.CheckClaimAsync(default).GetAwaiter().GetResult(); // it is still the older one's
        });
        Assert.StartsWith($"attempt older (process {Environment.ProcessId} on {Environment.MachineName}, since ", said);
        await Assert.ThrowsAsync<WorkerException>(() => older.CheckClaimAsync(default));
    }

    [Fact]
    public async Task Claims_OfDifferentShards_StandSideBySide()
    {
        RunOutput first = await RunOutput.ClaimAsync(Store, "shard-00000", "a", default),
            second = await RunOutput.ClaimAsync(Store, "shard-00001", "b", default);
        await first.PutTextAsync("x", "1", default);
        await second.PutTextAsync("y", "2", default);
        Assert.Equal("1"u8.ToArray(), (await Store.GetAsync("x"))!.Bytes);
        Assert.Equal("2"u8.ToArray(), (await Store.GetAsync("y"))!.Bytes);
    }

    [Fact]
    public async Task PutOnce_OverWhatIsThere_KeepsTheFirst()
    {
        var output = await RunOutput.ClaimAsync(Store, "run", "a", default);
        await output.PutOnceAsync("x", new MemoryStream([1]), default);
        await output.PutOnceAsync("x", new MemoryStream([2]), default);
        Assert.Equal([1], (await Store.GetAsync("x"))!.Bytes);
    }

    [Fact]
    public async Task Put_ThatAnOlderAttemptHadBegun_DoesNotReplaceWhatTheNewerOneWrote()
    {
        var paused = new PausingStore(Store);
        var older = await RunOutput.ClaimAsync(paused, "run", "older", default);
        await older.PutTextAsync("x", "1", default);
        // The older attempt has checked its claim and is stopped just before its write.
        paused.PauseNextPut();
        var late = older.PutTextAsync("x", "late", default);
        await paused.Paused;
        var newer = await RunOutput.ClaimAsync(Store, "run", "newer", default);
        await newer.PutTextAsync("x", "2", default);
        paused.Resume();

        Assert.Contains("now belongs to newer", (await Assert.ThrowsAsync<WorkerException>(() => late)).Message);
        Assert.Equal("2"u8.ToArray(), (await Store.GetAsync("x"))!.Bytes);
    }

    [Fact]
    public async Task Put_AfterALateWriteOfAnOlderAttempt_ReplacesIt()
    {
        var newer = await RunOutput.ClaimAsync(Store, "run", "newer", default);
        await newer.PutTextAsync("x", "1", default);
        await Store.PutAsync("x", new MemoryStream("late"u8.ToArray()));
        await newer.PutTextAsync("x", "2", default);
        Assert.Equal("2"u8.ToArray(), (await Store.GetAsync("x"))!.Bytes);
    }

    [Fact]
    public async Task Checkpoint_ThatIsDamaged_GivesWayToTheOneBefore()
    {
        var checkpoints = new Worker.Runs.Checkpoints(await RunOutput.ClaimAsync(Store, "run", "a", default), keep: 2);
        foreach (var step in new[] { 5L, 10 })
            await checkpoints.SaveAsync(step, folder => File.WriteAllText(Path.Combine(folder, "step"), $"{step}"), default);
        string? loaded = null;
        Assert.True(await checkpoints.LoadNewestAsync(folder => loaded = File.ReadAllText(Path.Combine(folder, "step")) is "10"
            ? throw new InvalidDataException("damaged") : "5", default));
        Assert.Equal("5", loaded);
        await Assert.ThrowsAsync<InvalidDataException>(() =>
            checkpoints.LoadNewestAsync(_ => throw new InvalidDataException("damaged"), default));
    }

    [Fact]
    public async Task Checkpoints_LeftHalfDeletedByAKill_AreCleared()
    {
        var checkpoints = new Worker.Runs.Checkpoints(await RunOutput.ClaimAsync(Store, "run", "a", default), keep: 1);
        await Store.PutAsync("checkpoints/step-000005/step", new MemoryStream("5"u8.ToArray()));
        await checkpoints.SaveAsync(10, folder => File.WriteAllText(Path.Combine(folder, "step"), "10"), default);
        Assert.All(await Store.ListAsync("checkpoints/"), blob => Assert.StartsWith("checkpoints/step-000010/", blob.Name));
        await checkpoints.ClearAsync(default);
        Assert.Empty(await Store.ListAsync("checkpoints/"));
    }

    [Fact]
    public async Task Checkpoints_BeyondTheLimit_AreDeletedOldestFirstAndTheNewestLoads()
    {
        var checkpoints = new Worker.Runs.Checkpoints(await RunOutput.ClaimAsync(Store, "run", "a", default), keep: 2);
        foreach (var step in new[] { 5L, 10, 15 })
            await checkpoints.SaveAsync(step, folder => File.WriteAllText(Path.Combine(folder, "step"), $"{step}"), default);
        Assert.Equal(["checkpoints/step-000010/COMPLETE", "checkpoints/step-000010/step", "checkpoints/step-000015/COMPLETE",
            "checkpoints/step-000015/step"],
            (await Store.ListAsync("checkpoints/")).Select(b => b.Name));

        // A checkpoint without its marker is not there.
        await Store.PutAsync("checkpoints/step-000020/step", new MemoryStream("20"u8.ToArray()));
        string? loaded = null;
        Assert.True(await checkpoints.LoadNewestAsync(folder => loaded = File.ReadAllText(Path.Combine(folder, "step")), default));
        Assert.Equal("15", loaded);
    }

    /// <summary>Stops before a write until it is told to go on.</summary>
    private sealed class PausingStore(IBlobStore store) : IBlobStore
    {
        private readonly TaskCompletionSource _paused = new(), _resume = new();
        private bool _pause;

        public string Uri => store.Uri;

        public Task Paused => _paused.Task;

        public void PauseNextPut() => _pause = true;

        public void Resume() => _resume.SetResult();

        public async Task<string?> PutAsync(string name, Stream content, PutCondition condition = default,
            CancellationToken cancellation = default)
        {
            if (_pause)
            {
                _pause = false;
                _paused.SetResult();
                await _resume.Task;
            }
            return await store.PutAsync(name, content, condition, cancellation);
        }

        public Task<IReadOnlyList<BlobInfo>> ListAsync(string prefix, CancellationToken cancellation = default) =>
            store.ListAsync(prefix, cancellation);

        public Task<Stream> OpenReadAsync(string name, CancellationToken cancellation = default) => store.OpenReadAsync(name, cancellation);

        public Task<BlobContent?> GetAsync(string name, CancellationToken cancellation = default) => store.GetAsync(name, cancellation);

        public Task<string?> TagAsync(string name, CancellationToken cancellation = default) => store.TagAsync(name, cancellation);

        public Task DeleteAsync(string name, string? etag = null, CancellationToken cancellation = default) =>
            store.DeleteAsync(name, etag, cancellation);
    }
}
