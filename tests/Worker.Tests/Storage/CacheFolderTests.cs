using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Tests.Storage;

/// <summary>A cache that processes share; other processes are played by locks, which know no difference.</summary>
public sealed class CacheFolderTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Get_ByManyAtOnce_MakesOnce()
    {
        var made = 0;
        var cache = new CacheFolder(_folder.Path);
        var paths = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => cache.GetAsync("folders/a", 1, partial =>
        {
            Interlocked.Increment(ref made);
            return File.WriteAllTextAsync(partial, "x");
        }, default))));
        Assert.Equal(1, made);
        Assert.Equal([Path.Combine(_folder.Path, "folders", "a")], paths.Distinct());
    }

    [Fact]
    public async Task Get_ThatFailed_IsGoneOnWith()
    {
        var cache = new CacheFolder(_folder.Path);
        await Assert.ThrowsAsync<IOException>(() => cache.GetAsync("folders/a", 1, async partial =>
        {
            Directory.CreateDirectory(partial);
            await File.WriteAllTextAsync(Path.Combine(partial, "1"), "first");
            throw new IOException("broke off");
        }, default));
        var path = await cache.GetAsync("folders/a", 1, partial =>
            File.WriteAllTextAsync(Path.Combine(partial, "2"), "second"), default);
        Assert.Equal(["1", "2"], Directory.GetFiles(path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Get_BeyondTheLimit_EvictsWhatWasNotUsedForLongestAndNobodyHolds()
    {
        foreach (var (name, age) in new[] { ("held", 4), ("oldest", 3), ("older", 2), ("newer", 1) })
        {
            var path = Path.Combine(_folder.Path, "folders", name);
            Directory.CreateDirectory(path);
            await File.WriteAllBytesAsync(Path.Combine(path, "x"), new byte[100]);
            await File.WriteAllTextAsync(path + ".lock", "");
            File.SetLastWriteTimeUtc(path + ".lock", DateTime.UtcNow.AddDays(-age));
        }
        using var hold = FileLock.Try(Path.Combine(_folder.Path, "folders", "held.lock"), shared: true);
        await new CacheFolder(_folder.Path, limit: 350).GetAsync("folders/new", 100, partial =>
            File.WriteAllBytesAsync(partial, new byte[100]), default);
        Assert.Equal(["held", "new", "newer"], Directory.GetFileSystemEntries(Path.Combine(_folder.Path, "folders"))
            .Select(Path.GetFileName).Where(name => !name!.EndsWith(".lock", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public async Task Model_OfTheHub_IsEvictedWhenAnotherNeedsTheRoom()
    {
        using var hub = new FakeHub();
        hub.Files["config.json"] = new byte[1000];
        var old = Path.Combine(_folder.Path, "huggingface", "hub", "models--org--old");
        Directory.CreateDirectory(old);
        await File.WriteAllBytesAsync(Path.Combine(old, "x"), new byte[1000]);
        var store = new HubStore(HubRepository.Parse("hf://org/name"),
            hub.Options with
            {
                Cache = Path.Combine(_folder.Path, "huggingface", "hub"),
                Room = new CacheFolder(_folder.Path, limit: 1500)
            });
        var folder = await store.FetchAsync(LocalFolder.IsModelFile, null, default);
        Assert.True(File.Exists(Path.Combine(folder, "config.json")));
        Assert.False(Directory.Exists(old));
        // This process uses it until it ends.
        new CacheFolder(_folder.Path, limit: 0).MakeRoom(1);
        Assert.True(File.Exists(Path.Combine(folder, "config.json")));
    }

    [Fact]
    public async Task Copy_TellsHowFarItIs()
    {
        using var source = new ScratchFolder();
        await File.WriteAllBytesAsync(Path.Combine(source.Path, "config.json"), new byte[3_100_000]);
        var told = new List<DownloadProgress>();
        await LocalFolder.CopyAsync(new DirectoryBlobStore(source.Path), new CacheFolder(_folder.Path), new Told(told), default);
        Assert.Equal("downloading 3.1 of 3.1 MB", $"{told[^1]}");
        Assert.Equal("downloading 3.1 of 14.2 GB", $"{new DownloadProgress("hf://a/b", 3_100_000_000, 14_200_000_000)}");
    }

    [Theory]
    [InlineData("200Gi", 200L << 30)]
    [InlineData("200GB", 200_000_000_000)]
    [InlineData("1.5T", 1_500_000_000_000)]
    [InlineData("1000", 1000)]
    public void Size_IsReadAsKubernetesAndPeopleWriteIt(string text, long bytes) => Assert.Equal(bytes, CacheFolder.ParseSize(text));

    [Fact]
    public void Size_OfAnotherForm_IsRefused() => Assert.Equal(ExitCode.Usage,
        Assert.Throws<WorkerException>(() => CacheFolder.ParseSize("much")).Code);

    private sealed class Told(List<DownloadProgress> all) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => all.Add(value);
    }
}
