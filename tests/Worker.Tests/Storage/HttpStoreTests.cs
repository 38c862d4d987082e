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
    private string? _redirect;
    private int _cut, _head = 200;
    private bool _refuse;

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
        Assert.Single(Directory.GetFiles(Path.Combine(_cache.Path, "files")), file => !file.EndsWith(".lock", StringComparison.Ordinal));
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
    public async Task Fingerprint_IsTheServersTag_OrThatOfTheContent()
    {
        _files["/x"] = "{}"u8.ToArray();
        Assert.Equal("etag:1", await Store().FingerprintAsync("x"));
        _tag = null;
        Assert.Equal("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", await Store().FingerprintAsync("x"));
        Assert.Null(await Store().FingerprintAsync("y"));
    }

    [Fact]
    public async Task Download_ThatBreaksOff_GoesOnOnConditionOfTheTag()
    {
        _files["/x"] = [.. Enumerable.Range(0, 1 << 20).Select(i => (byte)(i * 7))];
        _cut = 400_000;
        await using var stream = await Store().OpenReadAsync("x");
        var got = new byte[stream.Length];
        await stream.ReadExactlyAsync(got);
        SameBytes.Assert(_files["/x"], got);
        Assert.Contains(_requests, request => request.StartsWith("GET /x bytes=", StringComparison.Ordinal)
            && request.EndsWith(" \"1\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Query_IsRepeatedForEachFile()
    {
        _files["/x"] = "one"u8.ToArray();
        var (store, name) = BlobUri.OpenFile($"{_server.Address}x?key=1");
        Assert.NotNull(await store.TagAsync(name));
        Assert.Contains("GET /x?key=1", _requests);
        Assert.DoesNotContain("key", store.Uri);
    }

    [Fact]
    public async Task ModelFolder_IsKnownByTheNamesOfItsFiles()
    {
        _files["/m/config.json"] = "{}"u8.ToArray();
        _files["/m/tokenizer.json"] = "{}"u8.ToArray();
        _files["/m/model.safetensors.index.json"] =
            Encoding.UTF8.GetBytes("""{"weight_map":{"a":"w-1.safetensors","b":"w-2.safetensors","c":"w-1.safetensors"}}""");
        _files["/m/w-1.safetensors"] = [1];
        _files["/m/w-2.safetensors"] = [2, 2];
        var folder = await LocalFolder.CopyAsync(Store("m/"), new CacheFolder(_cache.Path), null, default);
        Assert.Equal(["config.json", "model.safetensors.index.json", "tokenizer.json", "w-1.safetensors", "w-2.safetensors"],
            Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(400)]
    public async Task Head_ThatFails_DoesNotMatter(int status)
    {
        _head = status;
        _files["/x"] = "one"u8.ToArray();
        Assert.Equal("one", await ReadAsync("x"));
        Assert.Single(await DataFile.FindAsync($"{_server.Address}x?X-Amz-Signature=1", default));
    }

    [Fact]
    public async Task Redirect_ToASignedAddress_IsFollowedWithoutThePassword()
    {
        using var other = new LoopbackServer(context =>
        {
            _requests.Enqueue($"other {context.Request.Url!.PathAndQuery} {context.Request.Headers["Authorization"]}".TrimEnd());
            return LoopbackServer.AnswerAsync(context, context.Request.HttpMethod == "GET" ? "one"u8.ToArray() : [],
                context.Request.HttpMethod == "GET" ? 200 : 403);
        });
        _redirect = $"{other.Address}signed?X-Amz-Signature=1";
        var store = new HttpStore(new Uri($"http://alice:pass%20word@{_server.Address.Authority}/"), Client(),
            new CacheFolder(_cache.Path));
        await using var stream = await store.OpenReadAsync("x");
        Assert.Equal("one", await new StreamReader(stream).ReadToEndAsync());
        Assert.Contains("other /signed?X-Amz-Signature=1", _requests);
        Assert.Contains($"GET /x  Basic {Convert.ToBase64String("alice:pass word"u8)}", _requests);
        Assert.DoesNotContain("alice", store.Uri);
    }

    [Theory]
    [InlineData("")]
    [InlineData("alice:PASSWORD@")]
    public async Task Refusal_SaysWhatAnAddressCanHold(string user)
    {
        _refuse = true;
        var store = new HttpStore(new Uri($"http://{user}{_server.Address.Authority}/"), Client(), new CacheFolder(_cache.Path));
        var error = await Assert.ThrowsAsync<WorkerException>(() => store.OpenReadAsync("q.jsonl"));
        Assert.Equal(ExitCode.NoPermission, error.Code);
        Assert.Contains("password", error.Message);
        Assert.DoesNotContain("HF_TOKEN", error.Message);
        Assert.DoesNotContain("PASSWORD", error.Message);
    }

    [Fact]
    public async Task Host_ThatCannotBeReached_IsSaidSo()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var store = BlobUri.Open($"http://127.0.0.1:{LoopbackServer.ClosedPort()}");
        var error = await Assert.ThrowsAsync<WorkerException>(() => store.GetAsync("x", patience.Token));
        Assert.Equal(ExitCode.Failure, error.Code);
        Assert.Contains("cannot be reached", error.Message);
    }

    [Fact]
    public async Task Model_OfAServerThatAnswersWithALoginPage_IsCalledThat()
    {
        foreach (var name in new[] { "config.json", "model.safetensors" })
            _files[$"/m/{name}"] = "<!DOCTYPE html><title>Sign in</title>"u8.ToArray();
        var error = await Assert.ThrowsAsync<WorkerException>(() => LocalFolder.OfModelAsync($"{_server.Address}m", default));
        Assert.Equal(ExitCode.BadData, error.Code);
        Assert.Contains("m/config.json: is an HTML page", error.Message);
    }

    [Fact]
    public async Task Glob_IsRefusedWithTheReason()
    {
        var error = await Assert.ThrowsAsync<WorkerException>(() => DataFile.FindAsync($"{_server.Address}data/*.jsonl", default));
        Assert.Contains("does not list its files", error.Message);
    }

    private HttpStore Store(string path = "") => new(new Uri(_server.Address, path), Client(), new CacheFolder(_cache.Path));

    private static Worker.Storage.WebClient Client() => new(Retries.Create(new InstantTime(), most: 2), TimeSpan.FromMinutes(2));

    private async Task<string> ReadAsync(string name)
    {
        await using var stream = await Store().OpenReadAsync(name);
        return await new StreamReader(stream).ReadToEndAsync();
    }

    private async Task HandleAsync(HttpListenerContext context)
    {
        var request = context.Request;
        _requests.Enqueue($"{request.HttpMethod} {request.Url!.PathAndQuery} {request.Headers["Range"]} {request.Headers["If-Range"]}{request.Headers["Authorization"]}".TrimEnd());
        if (_redirect is not null)
        {
            context.Response.Headers["Location"] = _redirect;
            await LoopbackServer.AnswerAsync(context, [], 302);
            return;
        }
        if (_refuse || (request.HttpMethod == "HEAD" && _head != 200))
        {
            await LoopbackServer.AnswerAsync(context, [], _refuse ? 403 : _head);
            return;
        }
        if (!_files.TryGetValue(Uri.UnescapeDataString(request.Url.AbsolutePath), out var content))
        {
            await LoopbackServer.AnswerAsync(context, [], 404);
            return;
        }
        if (_tag is not null) context.Response.Headers["ETag"] = _tag;
        // The first request asks for the headers only.
        var cut = _requests.Count > 1 ? Interlocked.Exchange(ref _cut, 0) : 0;
        if (cut > 0) await LoopbackServer.CutAsync(context, content, cut);
        else await FakeHub.SendAsync(context, content);
    }
}
