using System.Security.Cryptography;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Tests.Checkpoints;

namespace LightReasoner.Worker.Tests.Storage;

/// <summary>Large files are hashed once, and again when they change, however well the change is hidden.</summary>
public sealed class KnownHashesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LaterTime _later = new();

    public KnownHashesTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the state of a file is asked of Linux");
        File.WriteAllBytes(_folder["weights"], new byte[KnownHashes.Least]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Sha256_OfAnUnchangedFile_IsNotComputedAgain()
    {
        var hash = await HashAsync();
        var entry = Directory.GetFiles(_folder["hashes"]).Single();
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(_folder["weights"]))), hash);
        File.WriteAllText(entry, File.ReadAllText(entry).Replace(hash, "known", StringComparison.Ordinal));
        Assert.Equal("known", await HashAsync());
    }

    [Theory]
    [InlineData("written")]
    [InlineData("written, and its time set back")]
    [InlineData("replaced by one of the same size and time")]
    public async Task Sha256_OfAChangedFile_IsComputedAgain(string change)
    {
        string hash = await HashAsync(), path = _folder["weights"];
        var time = File.GetLastWriteTimeUtc(path);
        var target = change.StartsWith("replaced", StringComparison.Ordinal) ? path + ".new" : path;
        if (target != path) File.WriteAllBytes(target, new byte[KnownHashes.Least]);
        using (FileStream file = File.OpenWrite(target)) file.WriteByte(1);
        if (change != "written") File.SetLastWriteTimeUtc(target, time);
        if (target != path) File.Move(target, path, overwrite: true);
        Assert.NotEqual(hash, await HashAsync());
    }

    /// <summary>What was written just now may be written again without a sign in its time stamp.</summary>
    [Fact]
    public async Task Sha256_OfAFileThatHasJustChanged_IsNotKept()
    {
        _later.Ahead = TimeSpan.Zero;
        await HashAsync();
        Assert.False(Directory.Exists(_folder["hashes"]));
    }

    [Fact]
    public async Task Sha256_CacheThatCannotBeWritten_CostsNothingButTime()
    {
        File.WriteAllText(_folder["hashes"], "a file, not a folder");
        Assert.Equal(64, (await HashAsync()).Length);
    }

    private async Task<string> HashAsync()
    {
        await using var file = File.OpenRead(_folder["weights"]);
        return await new KnownHashes(_folder["hashes"], _later).Sha256Async(file, TestContext.Current.CancellationToken);
    }

    private sealed class LaterTime : TimeProvider
    {
        public TimeSpan Ahead { get; set; } = TimeSpan.FromMinutes(1);

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow + Ahead;
    }
}
