using System.Collections.Concurrent;
using System.Net;
using System.Text;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Tests.Storage;

/// <summary><c>https://</c> files, here by http on loopback.</summary>
public sealed class HttpStoreTests : IDisposable
{
    private readonly ConcurrentDictionary<string, byte[]> _files = new();
    private readonly ConcurrentQueue<string> _requests = [];
    private readonly LoopbackServer _server;
    private readonly ScratchFolder _cache = new();
    private string? _tag = "\"1\"";
    private int _cut;

    public HttpStoreTests() => _server = new LoopbackServer(HandleAsync);

    public void Dispose()
    {
        _server.Dispose();
        _cache.Dispose();
    }

    [Fact]
    public async Task File_WithATag_IsDownloadedOncePerTag()
    {
        _files["/a b.jsonl"] = "one"u8.ToArray();
        Assert.Equal("one", await ReadAsync("a b.jsonl"));
        Assert.Equal("one", await ReadAsync("a b.jsonl"));
        Assert.Single(_requests, request => request.StartsWith("GET", StringComparison.Ordinal));
        (_files["/a b.jsonl"], _tag) = ("two"u8.ToArray(), "\"2\"");
        Assert.Equal("two", await ReadAsync("a b.jsonl"));
    }

    [Fact]
    public async Task File_WithoutATag_IsDownloadedForEachUse()
    {
        _tag = null;
        _files["/x"] = "one"u8.ToArray();
        Assert.Equal("one", await ReadAsync("x"));
        _files["/x"] = "two"u8.ToArray();
        Assert.Equal("two", await ReadAsync("x"));
    }

    [Fact]
    public async Task Download_ThatBreaksOff_GoesOnOnConditionOfTheTag()
    {
        _files["/x"] = [.. Enumerable.Range(0, 1 << 20).Select(i => (byte)(i * 7))];
        _cut = 400_000;
        await using Stream stream = await Store().OpenReadAsync("x");
        var got = new byte[stream.Length];
        await stream.ReadExactlyAsync(got);
        SameBytes.Assert(_files["/x"], got);
        Assert.Contains(_requests, request => request.StartsWith("GET /x bytes=", StringComparison.Ordinal) && request.EndsWith(" \"1\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Query_IsRepeatedForEachFile()
    {
        _files["/x"] = "one"u8.ToArray();
        (IBlobStore store, string name) = BlobUri.OpenFile($"{_server.Address}x?key=1");
        Assert.NotNull(await store.TagAsync(name));
        Assert.Contains("HEAD /x?key=1", _requests);
        Assert.DoesNotContain("key", store.Uri);
    }

    [Fact]
    public async Task ModelFolder_IsKnownByTheNamesOfItsFiles()
    {
        _files["/m/config.json"] = "{}"u8.ToArray();
        _files["/m/tokenizer.json"] = "{}"u8.ToArray();
        _files["/m/model.safetensors.index.json"] = Encoding.UTF8.GetBytes("""{"weight_map":{"a":"w-1.safetensors","b":"w-2.safetensors","c":"w-1.safetensors"}}""");
        _files["/m/w-1.safetensors"] = [1];
        _files["/m/w-2.safetensors"] = [2, 2];
        string folder = await LocalFolder.CopyAsync(Store("m/"), _cache.Path, default);
        Assert.Equal(["config.json", "model.safetensors.index.json", "tokenizer.json", "w-1.safetensors", "w-2.safetensors"],
            Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Glob_IsRefusedWithTheReason()
    {
        var error = await Assert.ThrowsAsync<WorkerException>(() => DataFile.FindAsync($"{_server.Address}data/*.jsonl", default));
        Assert.Contains("does not list its files", error.Message);
    }

    private HttpStore Store(string path = "") => new(new Uri(_server.Address, path), new Worker.Storage.WebClient(new RetryPolicy(3, TimeSpan.Zero, TimeSpan.Zero, (_, _) => Task.CompletedTask), TimeSpan.FromMinutes(2)), _cache.Path);

    private async Task<string> ReadAsync(string name)
    {
        await using Stream stream = await Store().OpenReadAsync(name);
        return await new StreamReader(stream).ReadToEndAsync();
    }

    private async Task HandleAsync(HttpListenerContext context)
    {
        HttpListenerRequest request = context.Request;
        _requests.Enqueue($"{request.HttpMethod} {request.Url!.PathAndQuery} {request.Headers["Range"]} {request.Headers["If-Range"]}".TrimEnd());
        if (!_files.TryGetValue(Uri.UnescapeDataString(request.Url.AbsolutePath), out byte[]? content))
        {
            await LoopbackServer.AnswerAsync(context, [], 404);
            return;
        }
        if (_tag is not null) context.Response.Headers["ETag"] = _tag;
        int cut = request.HttpMethod == "GET" ? Interlocked.Exchange(ref _cut, 0) : 0;
        if (cut > 0) await LoopbackServer.CutAsync(context, content, cut);
        else await FakeHub.SendAsync(context, content);
    }
}
