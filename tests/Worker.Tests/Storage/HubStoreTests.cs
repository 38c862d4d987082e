using System.Text;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Tests.Storage;

/// <summary><c>hf://</c> against a server that speaks the hub's paths, in good days and bad ones.</summary>
public sealed class HubStoreTests : IDisposable
{
    private const string Model = "hf://org/name", Weights = "model.safetensors";

    private readonly FakeHub _hub = new();
    private readonly byte[] _weights = new byte[3 << 20];

    public HubStoreTests()
    {
        new Random(1).NextBytes(_weights);
        _hub.Files["config.json"] = "{}"u8.ToArray();
        _hub.Files["tokenizer.json"] = "{\"é\":1}"u8.ToArray();
        _hub.Files["onnx/model.onnx"] = [1, 2, 3];
        _hub.Files["pytorch_model.bin"] = [1, 2, 3];
        _hub.Files[Weights] = _weights;
        _hub.Large.Add(Weights);
    }

    public void Dispose() => _hub.Dispose();

    [Fact]
    public async Task Model_IsFetchedOnceIntoTheHubsCacheLayout()
    {
        var folder = await FetchAsync();
        Assert.Equal(Path.Combine(_hub.Cache, "models--org--name", "snapshots", FakeHub.Commit), folder);
        Assert.Equal(["config.json", Weights, "tokenizer.json"],
            Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        SameBytes.Assert(_weights, await File.ReadAllBytesAsync(Path.Combine(folder, Weights)));
        Assert.Equal(FakeHub.Commit, await File.ReadAllTextAsync(Path.Combine(_hub.Cache, "models--org--name", "refs", "main")));
        var downloads = _hub.Downloads.Count();
        Assert.Equal(folder, await FetchAsync());
        Assert.Equal(downloads, _hub.Downloads.Count());
    }

    [Fact]
    public async Task Model_FetchedByManyAtOnce_IsDownloadedOnce()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => FetchAsync())));
        Assert.Equal(3, _hub.Downloads.Count(request => request.Server == "hub"));
    }

    [Fact]
    public async Task Token_GoesToTheHubAndToNoOtherHost()
    {
        await FetchAsync();
        Assert.All(_hub.Requests.Where(request => request.Server == "hub"), request => Assert.Equal(FakeHub.Token, request.Token));
        Assert.All(_hub.Requests.Where(request => request.Server == "network"), request => Assert.Null(request.Token));
        Assert.Contains(_hub.Requests, request => request.Server == "network");
    }

    [Fact]
    public async Task TooManyRequests_WaitsAsLongAsTheServerAsks()
    {
        _hub.Trouble = async (_, path, before, context) =>
        {
            if (!path.Contains("/revision/") || before > 0) return false;
            context.Response.Headers["Retry-After"] = "7";
            await LoopbackServer.AnswerAsync(context, [], 429);
            return true;
        };
        await FetchAsync();
        Assert.Equal(TimeSpan.FromSeconds(7), Assert.Single(_hub.Waits));
    }

    [Fact]
    public async Task ServerErrors_AreTriedAgainAndInTheEndNamed()
    {
        var times = 3;
        _hub.Trouble = async (server, _, before, context) =>
        {
            if (server != "network" || before >= times) return false;
            await LoopbackServer.AnswerAsync(context, [], 500);
            return true;
        };
        await FetchAsync();
        Assert.Equal(3, _hub.Waits.Count);

        times = int.MaxValue;
        _hub.Files[Weights] = _weights[1..];
        var error = await Assert.ThrowsAsync<WorkerException>(() => FetchAsync());
        Assert.Equal(ExitCode.Failure, error.Code);
        Assert.Equal($"{Model}/{Weights}: answered 500 Internal Server Error (5 tries)", error.Message);
    }

    [Fact]
    public async Task DownloadThatBreaksOff_GoesOnWhereItStopped()
    {
        _hub.Trouble = async (server, _, before, context) =>
        {
            if (server != "network" || before > 0) return false;
            await LoopbackServer.CutAsync(context, _weights, 1 << 20);
            return true;
        };
        var folder = await FetchAsync();
        SameBytes.Assert(_weights, await File.ReadAllBytesAsync(Path.Combine(folder, Weights)));
        var range = Assert.Single(_hub.Requests, request => request.Server == "network" && request.Range is not null).Range!;
        Assert.InRange(long.Parse(range["bytes=".Length..].TrimEnd('-'), System.Globalization.CultureInfo.InvariantCulture), 1, 1 << 20);
    }

    /// <summary>It ignores the range that is asked for, and never gets further than before.</summary>
    [Fact]
    public async Task DownloadThatAlwaysBreaksOffAtOnePlace_IsGivenUp()
    {
        _hub.Trouble = async (server, _, _, context) =>
        {
            if (server != "network") return false;
            await LoopbackServer.CutAsync(context, _weights, 1 << 20);
            return true;
        };
        var error = await Assert.ThrowsAsync<WorkerException>(() => FetchAsync());
        Assert.Matches($@"{Weights}: .* \(5 tries\)$", error.Message);
    }

    [Fact]
    public async Task ServerThatFallsSilent_IsAskedAgain()
    {
        using var end = new CancellationTokenSource();
        _hub.Trouble = async (server, _, before, context) =>
        {
            if (server != "network" || before > 0) return false;
            context.Response.ContentLength64 = _weights.Length;
            await context.Response.OutputStream.WriteAsync(_weights.AsMemory(0, 1000));
            await context.Response.OutputStream.FlushAsync();
            await Task.Delay(Timeout.Infinite, end.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            context.Response.Abort();
            return true;
        };
        var folder = await _hub.Open(Model, patience: TimeSpan.FromSeconds(2)).FetchAsync(LocalFolder.IsModelFile, null, default);
        await end.CancelAsync();
        SameBytes.Assert(_weights, await File.ReadAllBytesAsync(Path.Combine(folder, Weights)));
    }

    [Fact]
    public async Task WrongContent_IsNamedByItsHashAndNeverUsed()
    {
        byte[] wrong = [.. _weights];
        wrong[77] ^= 1;
        _hub.Trouble = async (server, _, _, context) =>
        {
            if (server != "network") return false;
            await FakeHub.SendAsync(context, wrong);
            return true;
        };
        var error = await Assert.ThrowsAsync<WorkerException>(() => FetchAsync());
        Assert.Matches($"{Weights}: its SHA256 is [0-9a-f]{{64}}, should be [0-9a-f]{{64}}; what arrived is not used", error.Message);
        Assert.DoesNotContain(Directory.EnumerateFiles(_hub.Cache, "*", SearchOption.AllDirectories), file =>
            new FileInfo(file).Length > 1 << 20);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task WrongLength_IsNamedAndNeverUsed(int difference)
    {
        _hub.Trouble = async (server, _, _, context) =>
        {
            if (server != "network") return false;
            await LoopbackServer.AnswerAsync(context, new byte[_weights.Length + difference]);
            return true;
        };
        var error = await Assert.ThrowsAsync<WorkerException>(() => FetchAsync());
        Assert.Contains($"{_weights.Length + difference} bytes arrived, should be {_weights.Length}", error.Message);
    }

    [Fact]
    public async Task Beginning_LeftByAKilledProcess_IsGoneOnWithUnlessDamaged()
    {
        var blob = Path.Combine(_hub.Cache, "models--org--name", "blobs",
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(_weights)));
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        await File.WriteAllBytesAsync(blob + ".incomplete", _weights[..100_000]);
        await FetchAsync();
        Assert.Equal("bytes=100000-", Assert.Single(_hub.Requests, request => request.Server == "network").Range);

        File.Delete(blob);
        await File.WriteAllBytesAsync(blob + ".incomplete", new byte[200_000]);
        var folder = await FetchAsync();
        SameBytes.Assert(_weights, await File.ReadAllBytesAsync(Path.Combine(folder, Weights)));
    }

    [Fact]
    public async Task Refusal_WithoutAToken_SaysWhichVariableIsMissing()
    {
        _hub.Trouble = async (_, _, _, context) =>
        {
            context.Response.Headers["X-Error-Message"] = "Access to model org/name is restricted.";
            await LoopbackServer.AnswerAsync(context, [], 401);
            return true;
        };
        var error = await Assert.ThrowsAsync<WorkerException>(() => _hub.Open(Model, token: null).ListAsync(""));
        Assert.Equal(ExitCode.NoPermission, error.Code);
        Assert.Contains("HF_TOKEN", error.Message);
        Assert.Contains("is restricted", error.Message);
    }

    /// <summary>The hashes that the commit's tree lists: of git for small files, of Git LFS for large ones.</summary>
    [Fact]
    public async Task Fingerprints_FollowTheContent()
    {
        var weights = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(_weights));
        Assert.Equal($"sha256:{weights}", await _hub.Open(Model).FingerprintAsync(Weights));
        var config = (await _hub.Open(Model).FingerprintAsync("config.json"))!;
        Assert.Equal("git:9e26dfeeb6e641a33dae4961196235bdb965b21b", config); // git hash-object of {}
        _hub.Files["config.json"] = "{ }"u8.ToArray();
        Assert.NotEqual(config, await _hub.Open(Model).FingerprintAsync("config.json"));
        Assert.Empty(_hub.Downloads);
    }

    [Fact]
    public async Task Dataset_OfManyPages_IsListedAndReadBelowItsFolder()
    {
        for (int i = 0; i < 5; i++) _hub.Files[$"data/train {i}.jsonl"] = Encoding.UTF8.GetBytes($"{{\"n\":{i}}}\n");
        var store = _hub.Open("hf://datasets/org/set@v1.0/data");
        Assert.Equal(Enumerable.Range(0, 5).Select(i => $"train {i}.jsonl"), (await store.ListAsync("train")).Select(blob => blob.Name));
        await using var stream = await store.OpenReadAsync("train 3.jsonl");
        Assert.Equal("{\"n\":3}\n", await new StreamReader(stream).ReadToEndAsync());
        Assert.Contains(_hub.Requests, request => request.Path == "/api/datasets/org/set/revision/v1.0");
        await Assert.ThrowsAsync<WorkerException>(() => ((IBlobStore)store).PutAsync("x", Stream.Null));
    }

    [Theory]
    [InlineData("hf://org/name", "models", "org/name", "main", "")]
    [InlineData("hf://org/name@v2", "models", "org/name", "v2", "")]
    [InlineData("hf://org/na.me@refs/pr/3/sub/dir", "models", "org/na.me", "refs/pr/3", "sub/dir")]
    [InlineData("hf://datasets/org/name@feature%2Fx/data", "datasets", "org/name", "feature/x", "data")]
    public void Uri_IsTakenApart(string uri, string type, string id, string revision, string folder)
    {
        var repository = HubRepository.Parse(uri);
        Assert.Equal((type, id, revision, folder), (repository.Type, repository.Id, repository.Revision, repository.Folder));
        Assert.Equal(repository, HubRepository.Parse(repository.Uri));
    }

    [Theory]
    [InlineData("hf://name")]
    [InlineData("hf://datasets/org")]
    [InlineData("hf://org/name@")]
    public void Uri_OfAnotherForm_IsRefused(string uri) => Assert.Equal(ExitCode.BadManifest,
        Assert.Throws<WorkerException>(() => HubRepository.Parse(uri)).Code);

    [Fact]
    public void Options_FollowTheVariablesOfTheHubsOwnTools()
    {
        HubOptions Of(params (string Name, string Value)[] variables) =>
            HubOptions.From(name => variables.FirstOrDefault(v => v.Name == name).Value, _hub.Client());
        Assert.Equal(("https://huggingface.co", null, "/home/u/.cache/huggingface/hub"), Parts(Of(("HOME", "/home/u"))));
        Assert.Equal(("http://mirror", "t", "/hf/hub"),
            Parts(Of(("HF_ENDPOINT", "http://mirror/"), ("HF_TOKEN", " t\n"), ("HF_HOME", "/hf"))));
        Assert.Equal("/c", Of(("HF_HUB_CACHE", "/c"), ("HF_HOME", "/hf")).Cache);
        Assert.Equal("/node/huggingface/hub", Of(("LIGHTREASONER_CACHE", "/node"), ("HOME", "/home/u")).Cache);

        static (string, string?, string) Parts(HubOptions options) => (options.Endpoint, options.Token, options.Cache);
    }

    private Task<string> FetchAsync() => _hub.Open(Model).FetchAsync(LocalFolder.IsModelFile, null, default);
}
