using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Tests.Storage;

public sealed class DirectoryBlobStoreTests : BlobStoreContract, IDisposable
{
    private readonly ScratchFolder _folder = new();

    protected override IBlobStore Store => new DirectoryBlobStore(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Name_LeadingOutOfTheRoot_IsRefused() =>
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync("../x", Text("1")));

    [Fact]
    public async Task Put_ClearsWhatAKilledProcessLeftOfTheSameBlob_ButNotWhatIsBeingWritten()
    {
        string abandoned = Path.Combine(_folder.Path, "x.1.~lr"), written = Path.Combine(_folder.Path, "x.2.~lr"),
            foreign = Path.Combine(_folder.Path, "xy.1.~lr");
        await File.WriteAllTextAsync(abandoned, "half");
        await File.WriteAllTextAsync(foreign, "half");
        await using (new FileStream(written, FileMode.CreateNew, FileAccess.Write, FileShare.None)) await Store.PutAsync("x", Text("1"));
        Assert.Equal(["x", "x.2.~lr", "xy.1.~lr"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Delete_OfTheLastBlobOfAFolder_RemovesTheFolder()
    {
        await Store.PutAsync("a/b/c", Text("1"));
        await Store.DeleteAsync("a/b/c");
        Assert.Empty(Directory.GetDirectories(_folder.Path));
    }
}
