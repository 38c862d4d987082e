using System.Text;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Tests.Storage;

/// <summary>What every store that can be written promises.</summary>
public abstract class BlobStoreContract
{
    /// <summary>The same store on every call.</summary>
    protected abstract IBlobStore Store { get; }

    [Fact]
    public async Task Put_IfAbsent_WritesOnceOnly()
    {
        Assert.NotNull(await Store.PutAsync("a/b.txt", Text("one"), PutCondition.IfAbsent));
        Assert.Null(await Store.PutAsync("a/b.txt", Text("two"), PutCondition.IfAbsent));
        Assert.Equal("one", await ReadAsync("a/b.txt"));
    }

    [Fact]
    public async Task Put_IfMatch_RefusesAStaleTag()
    {
        var first = (await Store.PutAsync("x", Text("one")))!;
        Assert.Equal(first, (await Store.GetAsync("x"))!.ETag);
        Assert.Equal(first, await Store.TagAsync("x"));
        var second = (await Store.PutAsync("x", Text("two"), PutCondition.IfMatch(first)))!;
        Assert.NotEqual(first, second);
        Assert.Null(await Store.PutAsync("x", Text("three"), PutCondition.IfMatch(first)));
        Assert.Equal("two", await ReadAsync("x"));
    }

    [Fact]
    public async Task Put_IfMatchOverNothing_IsRefused()
    {
        var tag = (await Store.PutAsync("x", Text("one")))!;
        await Store.DeleteAsync("x");
        Assert.Null(await Store.PutAsync("x", Text("two"), PutCondition.IfMatch(tag)));
        Assert.Null(await Store.TagAsync("x"));
    }

    [Fact]
    public async Task Put_IfAbsentByManyAtOnce_LetsOneWin()
    {
        foreach (var name in Enumerable.Range(0, 20).Select(n => $"x{n}"))
        {
            var tags = await Task.WhenAll(Enumerable.Range(0, 16)
                .Select(i => Task.Run(() => Store.PutAsync(name, Text($"{i}"), PutCondition.IfAbsent))));
            var winner = Array.FindIndex(tags, tag => tag is not null);
            Assert.Single(tags, tag => tag is not null);
            Assert.Equal($"{winner}", await ReadAsync(name));
        }
    }

    [Fact]
    public async Task Put_OfALargeBlob_ReadsBackWholeAndFromAnyPlace()
    {
        var content = Bytes(21 << 20);
        using var folder = new Worker.Runs.ScratchFolder();
        var path = Path.Combine(folder.Path, "content");
        await File.WriteAllBytesAsync(path, content);
        string tag;
        await using (var file = File.OpenRead(path)) tag = (await Store.PutAsync("large", file, PutCondition.IfAbsent))!;
        Assert.Equal(tag, await Store.TagAsync("large"));
        await using var stream = await Store.OpenReadAsync("large");
        Assert.Equal(content.Length, stream.Length);
        stream.Position = 17 << 20;
        var part = new byte[1000];
        await stream.ReadExactlyAsync(part);
        SameBytes.Assert(content[(17 << 20)..((17 << 20) + 1000)], part);

        File.Delete(path);
        await Store.DownloadAsync("large", path);
        SameBytes.Assert(content, await File.ReadAllBytesAsync(path));
    }

    [Fact]
    public async Task Put_OfTwoLargeBlobsOverEachOther_NeverMixesThem()
    {
        byte[][] contents = [Bytes(18 << 20), Bytes((18 << 20) + 1)];
        var tags = await Task.WhenAll(contents.Select(content =>
            Task.Run(() => Store.PutAsync("x", new MemoryStream(content), PutCondition.IfAbsent))));
        var winner = Array.FindIndex(tags, tag => tag is not null);
        Assert.Single(tags, tag => tag is not null);
        SameBytes.Assert(contents[winner], (await Store.GetAsync("x"))!.Bytes);
    }

    [Fact]
    public async Task Put_ThatFailsHalfWay_LeavesTheOldContent()
    {
        await Store.PutAsync("x", Text("old"));
        await Assert.ThrowsAsync<IOException>(() => Store.PutAsync("x", new BrokenStream(20 << 20)));
        Assert.Equal("old", await ReadAsync("x"));
        Assert.Equal(["x"], (await Store.ListAsync("")).Select(blob => blob.Name));
    }

    [Fact]
    public async Task Delete_OfContentThatChanged_LeavesIt()
    {
        var old = (await Store.PutAsync("x", Text("one")))!;
        var now = (await Store.PutAsync("x", Text("two")))!;
        await Store.DeleteAsync("x", old);
        Assert.Equal("two", await ReadAsync("x"));
        await Store.DeleteAsync("x", now);
        Assert.Null(await Store.GetAsync("x"));
        await Store.DeleteAsync("x");
    }

    [Fact]
    public async Task List_ByPrefix_GivesNamesInOrder()
    {
        foreach (var name in new[] { "samples/part-2", "samples/part-1", "other/x y", "samples-b" })
            await Store.PutAsync(name, Text("1"), PutCondition.IfAbsent);
        Assert.Equal(["samples/part-1", "samples/part-2"], (await Store.ListAsync("samples/part-")).Select(b => b.Name));
        Assert.Equal(["other/x y", "samples-b", "samples/part-1", "samples/part-2"], (await Store.ListAsync("")).Select(b => b.Name));
        Assert.Empty(await Store.ListAsync("nothing/"));
    }

    [Theory]
    [InlineData("my data.jsonl")]
    [InlineData("pc%41/q é.jsonl")]
    [InlineData("100%/a+b&c=d#e.jsonl")]
    [InlineData("what?/is*.jsonl")]
    public async Task Uri_OfAnyName_LeadsToItAgain(string name)
    {
        await Store.PutAsync(name, Text("{}"));
        var uri = BlobUri.Join(Store.Uri, StorageUri.Escape(name));
        var (store, found) = BlobUri.OpenFile(uri);
        Assert.Equal("{}"u8.ToArray(), (await store.GetAsync(found))!.Bytes);
        Assert.Equal(uri, Assert.Single(await LightReasoner.Worker.Data.DataFile.FindAsync(uri, default)).Uri);
        Assert.Equal(uri, Assert.Single(await LightReasoner.Worker.Data.DataFile.FindAsync(BlobUri.Join(Store.Uri, "**"), default)).Uri);
    }

    [Fact]
    public async Task Folder_AsADataset_StandsForItsFiles()
    {
        foreach (var name in new[] { "data/b", "data/a", "data/deep/c", "database" }) await Store.PutAsync(name, Text("1"));
        foreach (var uri in new[] { "data", "data/", "data/*" })
            Assert.Equal(["data/a", "data/b"], (await LightReasoner.Worker.Data.DataFile.FindAsync(BlobUri.Join(Store.Uri, uri), default))
                .Select(file => file.Uri[(Store.Uri.Length + 1)..]));
    }

    [Fact]
    public async Task Fingerprint_FollowsTheContent()
    {
        await Store.PutAsync("x", Text("one"));
        var before = (await Store.FingerprintAsync("x"))!;
        Assert.Equal(before, await Store.FingerprintAsync("x"));
        await Store.PutAsync("x", Text("two"));
        Assert.NotEqual(before, await Store.FingerprintAsync("x"));
        await Store.PutAsync("x", Text("one"));
        Assert.Equal(before, await Store.FingerprintAsync("x"));
        Assert.Null(await Store.FingerprintAsync("y"));
    }

    [Fact]
    public async Task OpenRead_OfAMissingBlob_NamesIt() =>
        Assert.Contains($"{Store.Uri}/nothing",
            (await Assert.ThrowsAsync<FileNotFoundException>(() => Store.OpenReadAsync("nothing"))).Message);

    protected async Task<string> ReadAsync(string name) => Encoding.UTF8.GetString((await Store.GetAsync(name))!.Bytes);

    protected static MemoryStream Text(string text) => new(Encoding.UTF8.GetBytes(text));

    protected static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Gives half of what it promises and then an error.</summary>
    private sealed class BrokenStream(int length) : MemoryStream(new byte[length])
    {
        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (Position >= Length / 2) throw new IOException("the source broke off");
            var count = Math.Min(buffer.Length, 1 << 20);
            Position += count;
            return count;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            Task.FromResult(Read(buffer, offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(Read(buffer.Span));

        public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
        {
            await destination.WriteAsync(new byte[3], cancellationToken);
            throw new IOException("the source broke off");
        }
    }
}
