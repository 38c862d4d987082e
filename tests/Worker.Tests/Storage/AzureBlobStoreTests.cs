using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Tests.Storage;

/// <summary><c>az://</c> against a real Azurite, by every kind of credential that it takes.</summary>
public sealed class AzureBlobStoreTests : BlobStoreContract
{
    private readonly Azurite _azurite;
    private readonly string _container;

    public AzureBlobStoreTests(Azurite azurite)
    {
        _azurite = azurite;
        _container = azurite.NewContainer();
        Store = BlobUri.Open($"az://{_container}/some/folder");
    }

    protected override IBlobStore Store { get; }

    [Fact]
    public async Task Account_ByKeyOrSasOrConnectionString_ReachesTheSameBlobs()
    {
        await Store.PutAsync("x", Text("one"));
        var service = new BlobServiceClient(_azurite.ConnectionString);
        var sas = service.GenerateAccountSasUri(AccountSasPermissions.All, DateTimeOffset.UtcNow.AddHours(1),
            AccountSasResourceTypes.All).Query;
        foreach (var variables in ((string, string)[][])
        [
            [("AZURE_STORAGE_CONNECTION_STRING", _azurite.ConnectionString)],
            [("AZURE_STORAGE_ACCOUNT", Azurite.Account), ("AZURE_STORAGE_KEY", Azurite.Key),
                ("AZURE_STORAGE_BLOB_ENDPOINT", _azurite.Endpoint)],
            [("AZURE_STORAGE_ACCOUNT", Azurite.Account), ("AZURE_STORAGE_SAS_TOKEN", sas),
                ("AZURE_STORAGE_BLOB_ENDPOINT", _azurite.Endpoint)],
        ])
        {
            var store = Account(variables).Open(StorageUri.Parse($"az://{_container}/some/folder"));
            Assert.Equal("one"u8.ToArray(), (await store.GetAsync("x"))!.Bytes);
            Assert.Equal(Store.Uri, store.Uri);
        }
    }

    [Fact]
    public async Task Account_WithAWrongKey_EndsTheRunForGood()
    {
        var store = Account([("AZURE_STORAGE_ACCOUNT", Azurite.Account),
            ("AZURE_STORAGE_KEY", Convert.ToBase64String(new byte[64])), ("AZURE_STORAGE_BLOB_ENDPOINT", _azurite.Endpoint)])
            .Open(StorageUri.Parse($"az://{_container}"));
        var error = await Assert.ThrowsAsync<WorkerException>(() => store.GetAsync("x"));
        Assert.Equal(ExitCode.NoPermission, error.Code);
        Assert.Contains("refused the credentials", error.Message);
    }

    [Fact]
    public void Account_ThatNobodyNamed_IsAskedForByItsVariables()
    {
        var error = Assert.Throws<WorkerException>(() => Account([]).Open(StorageUri.Parse("az://data")));
        Assert.Equal(ExitCode.NoPermission, error.Code);
        Assert.Contains("AZURE_STORAGE_CONNECTION_STRING", error.Message);
    }

    [Fact]
    public async Task Container_ThatIsMissing_IsNamedWithTheCommandThatMakesIt()
    {
        var error = await Assert.ThrowsAsync<WorkerException>(() =>
            BlobUri.Open("az://no-such-container/x").PutAsync("y", Text("1"), PutCondition.IfAbsent));
        Assert.Equal(ExitCode.MissingInput, error.Code);
        Assert.Contains("az storage container create", error.Message);
    }

    [Theory]
    [InlineData("https://acc.blob.core.windows.net/data/gsm8k?sv=2023&sr=c&sig=secret", "https://acc.blob.core.windows.net/data/gsm8k")]
    [InlineData("https://acc.blob.core.usgovcloudapi.net/data", "https://acc.blob.core.usgovcloudapi.net/data")]
    public void Uri_OfABlobEndpoint_IsOpenedByTheSdkAndShownWithoutItsSignature(string uri, string shown) =>
        Assert.Equal(shown, Assert.IsType<AzureBlobStore>(BlobUri.Open(uri)).Uri);

    [Fact]
    public async Task Dataset_OfSeveralBlobsByGlob_IsReadInTheOrderOfTheirNames()
    {
        await Store.PutAsync("data/b-2.jsonl", Text("{\"n\":3}\n\n{\"n\":4}"));
        await Store.PutAsync("data/b-1.jsonl", Text("{\"n\":1}\n{\"n\":2}\n"));
        await Store.PutAsync("data/c.jsonl", Text("{\"n\":5}\n"));
        await Store.PutAsync("data/deep/b-3.jsonl", Text("{\"n\":6}\n"));
        Assert.Equal("1 2 3 4", await NumbersAsync("data/b-*.jsonl"));
        Assert.Equal("1 2 3 4 5 6", await NumbersAsync("data/**/*.jsonl"));
        var error = await Assert.ThrowsAsync<WorkerException>(() => NumbersAsync("data/*.parquet"));
        Assert.Equal(ExitCode.MissingInput, error.Code);
    }

    [Fact]
    public async Task Parquet_InABlob_IsReadInPlace()
    {
        var file = RepositoryFolder.Of("examples", "quickstart", "data", "refine.parquet");
        await using (FileStream stream = File.OpenRead(file)) await Store.PutAsync("refine.parquet", stream);
        Assert.Equal(await CountAsync("file://" + file), await CountAsync(BlobUri.Join(Store.Uri, "refine.parquet")));

        static async Task<int> CountAsync(string uri) =>
            (await Datasets.PromptResponsesAsync(uri, null, "prompt", "target", default)).Count;
    }

    [Fact]
    public async Task ModelFolder_InAContainer_IsCopiedOnceAndAnewWhenItChanges()
    {
        await Store.PutAsync("config.json", Text("{}"));
        await Store.PutAsync("model.safetensors", new MemoryStream(Bytes(10 << 20)));
        await Store.PutAsync("checkpoints/old.safetensors", Text("not of the folder itself"));
        using var cache = new ScratchFolder();
        var folders = await Task.WhenAll(Enumerable.Range(0, 4)
            .Select(_ => Task.Run(() => LocalFolder.CopyAsync(Store, new CacheFolder(cache.Path), null, default))));
        var folder = Assert.Single(folders.Distinct());
        Assert.Equal(["config.json", "model.safetensors"], Directory.GetFiles(folder).Select(Path.GetFileName)
            .Order(StringComparer.Ordinal));
        SameBytes.Assert(Bytes(10 << 20), await File.ReadAllBytesAsync(Path.Combine(folder, "model.safetensors")));

        await Store.PutAsync("config.json", Text("{ }"));
        var other = await LocalFolder.CopyAsync(Store, new CacheFolder(cache.Path), null, default);
        Assert.Equal("{ }", await File.ReadAllTextAsync(Path.Combine(other, "config.json")));
        Assert.NotEqual(folder, other);
    }

    /// <summary>A plain web server in the place of the service sends no x-ms-error-code.</summary>
    [Theory]
    [InlineData(400, ExitCode.BadManifest)]
    [InlineData(403, ExitCode.NoPermission)]
    [InlineData(404, ExitCode.MissingInput)]
    public async Task Answer_WithoutAnErrorCode_IsNamedByItsStatus(int status, ExitCode code)
    {
        using var server = new LoopbackServer(context => LoopbackServer.AnswerAsync(context, "<html>no</html>"u8.ToArray(), status));
        var store = Account([("AZURE_STORAGE_ACCOUNT", "acc"), ("AZURE_STORAGE_KEY", "U0VD"),
            ("AZURE_STORAGE_BLOB_ENDPOINT", $"{server.Address}forbid")]).Open(StorageUri.Parse("az://data"));
        var error = await Assert.ThrowsAnyAsync<Exception>(() => store.OpenReadAsync("x"));
        Assert.Equal(code, WorkerException.CodeOf(error));
        Assert.Contains($"HTTP {status}", error.Message);
        Assert.StartsWith("az://data/x: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Account_ThatCannotBeReached_IsSaidSo()
    {
        var store = Account([("AZURE_STORAGE_ACCOUNT", "acc"), ("AZURE_STORAGE_KEY", "U0VD"),
            ("AZURE_STORAGE_BLOB_ENDPOINT", $"http://127.0.0.1:{LoopbackServer.ClosedPort()}/acc")]).Open(StorageUri.Parse("az://data"));
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var error = await Assert.ThrowsAsync<WorkerException>(() => store.ListAsync("", patience.Token));
        Assert.Equal(ExitCode.Failure, error.Code);
        Assert.Contains("cannot be reached", error.Message);
    }

    [Theory]
    [InlineData("az://My_Data/x")]
    [InlineData("az://ab/x")]
    [InlineData("az://a--b/x")]
    public void ContainerName_ThatThereCannotBe_IsRefused(string uri)
    {
        var error = Assert.Throws<WorkerException>(() => BlobUri.Open(uri));
        Assert.Equal(ExitCode.BadManifest, error.Code);
        Assert.Contains("lower-case letters", error.Message);
    }

    private static AzureAccount Account((string Name, string Value)[] variables) =>
        new(name => variables.FirstOrDefault(v => v.Name == name).Value);

    private async Task<string> NumbersAsync(string pattern)
    {
        var numbers = new List<int>();
        await foreach (var record in RecordReader.ReadAsync(BlobUri.Join(Store.Uri, pattern), null, default))
            numbers.Add((int)record.Fields["n"]!);
        return string.Join(' ', numbers);
    }
}
