using System.Text;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Tests.Storage;

public sealed class DirectoryBlobStoreTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private DirectoryBlobStore Store => new(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Put_IfAbsent_WritesOnceOnly()
    {
        Assert.True(await Store.PutAsync("a/b.txt", Text("one"), PutCondition.IfAbsent));
        Assert.False(await Store.PutAsync("a/b.txt", Text("two"), PutCondition.IfAbsent));
        Assert.Equal("one", await ReadAsync("a/b.txt"));
    }

    [Fact]
    public async Task Put_IfMatch_RefusesAStaleTag()
    {
        await Store.PutAsync("x", Text("one"));
        string tag = (await Store.GetAsync("x"))!.ETag;
        Assert.True(await Store.PutAsync("x", Text("two"), PutCondition.IfMatch(tag)));
        Assert.False(await Store.PutAsync("x", Text("three"), PutCondition.IfMatch(tag)));
        Assert.Equal("two", await ReadAsync("x"));
    }

    [Fact]
    public async Task Put_IfAbsentByManyAtOnce_LetsOneWin()
    {
        bool[] won = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => Store.PutAsync("x", Text($"{i}"), PutCondition.IfAbsent))));
        int winner = Array.IndexOf(won, true);
        Assert.Single(won, w => w);
        Assert.Equal($"{winner}", await ReadAsync("x"));
    }

    [Fact]
    public async Task Put_ThatFailsHalfWay_LeavesNothing()
    {
        await Store.PutAsync("x", Text("old"));
        await Assert.ThrowsAsync<IOException>(() => Store.PutAsync("x", new BrokenStream()));
        Assert.Equal("old", await ReadAsync("x"));
        Assert.Equal(["x"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task List_ByPrefix_GivesNamesInOrderAndNoPrivateFiles()
    {
        foreach (string name in new[] { "samples/part-2", "samples/part-1", "other/x" }) await Store.PutAsync(name, Text("1"), PutCondition.IfAbsent);
        Assert.Equal(["samples/part-1", "samples/part-2"], (await Store.ListAsync("samples/part-")).Select(b => b.Name));
        Assert.Equal(["other/x", "samples/part-1", "samples/part-2"], (await Store.ListAsync("")).Select(b => b.Name));
    }

    [Fact]
    public async Task Name_LeadingOutOfTheRoot_IsRefused() =>
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync("../x", Text("1")));

    [Fact]
    public async Task OpenRead_OfAMissingBlob_NamesIt() =>
        Assert.Contains("file://", (await Assert.ThrowsAsync<FileNotFoundException>(() => Store.OpenReadAsync("nothing"))).Message);

    private async Task<string> ReadAsync(string name) => Encoding.UTF8.GetString((await Store.GetAsync(name))!.Bytes);

    private static MemoryStream Text(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>Gives some bytes and then an error.</summary>
    private sealed class BrokenStream : MemoryStream
    {
        private int _reads;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _reads++ == 0 ? ValueTask.FromResult(Math.Min(3, buffer.Length)) : throw new IOException("the source broke off");

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) => CopyAsync(destination);

        private async Task CopyAsync(Stream destination)
        {
            await destination.WriteAsync(new byte[3]);
            throw new IOException("the source broke off");
        }
    }
}
