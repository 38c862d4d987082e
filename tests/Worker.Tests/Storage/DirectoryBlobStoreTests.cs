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
    public async Task Delete_OfTheLastBlobOfAFolder_RemovesTheFolder()
    {
        await Store.PutAsync("a/b/c", Text("1"));
        await Store.DeleteAsync("a/b/c");
        Assert.Empty(Directory.GetDirectories(_folder.Path));
    }
}
