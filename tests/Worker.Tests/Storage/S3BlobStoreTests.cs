using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Amazon.S3;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Tests.Faults;

namespace LightReasoner.Worker.Tests.Storage;

/// <summary><c>s3://</c> against a real radosgw.</summary>
public sealed class S3BlobStoreTests : BlobStoreContract
{
    private readonly Radosgw _radosgw;
    private readonly string _bucket;

    public S3BlobStoreTests(Radosgw radosgw)
    {
        _radosgw = radosgw;
        _bucket = radosgw.NewBucket();
        Store = BlobUri.Open($"s3://{_bucket}/some/folder");
    }

    protected override IBlobStore Store { get; }

    [Fact]
    public async Task Put_OnCondition_LeavesNothingOfTheProbe()
    {
        await Store.PutAsync("x", Text("one"), PutCondition.IfAbsent);
        Assert.Equal(["some/folder/x"], (await BlobUri.Open($"s3://{_bucket}").ListAsync("")).Select(blob => blob.Name));
    }

    [Fact]
    public async Task Download_TellsHowFarItIs()
    {
        var content = Bytes(21 << 20);
        await Store.PutAsync("large", new MemoryStream(content));
        using var folder = new ScratchFolder();
        long arrived = 0;
        await Store.DownloadAsync("large", Path.Combine(folder.Path, "x"), bytes => Interlocked.Add(ref arrived, bytes));
        Assert.Equal(content.Length, arrived);
    }

    /// <summary>A range whose answer breaks off is asked for again; the others stay.</summary>
    [Fact]
    public async Task Download_ThatBreaksOff_GoesOnByRanges()
    {
        var content = Bytes(45 << 20);
        await Store.PutAsync("large", new MemoryStream(content));
        using var proxy = new FlakyProxy(_radosgw.Address, share: 0.4, seed: 3);
        var config = new AmazonS3Config
        {
            ServiceURL = proxy.Address.ToString(),
            ForcePathStyle = true,
            AuthenticationRegion = "us-east-1",
            MaxErrorRetry = Retries.Most,
            HttpClientFactory = S3Account.Shared,
        };
        var client = new AmazonS3Client(Radosgw.AccessKey, Radosgw.SecretKey, config);
        var store = new S3BlobStore(client, _bucket, "some/folder", $"s3://{_bucket}/some/folder");
        using var folder = new ScratchFolder();
        var path = Path.Combine(folder.Path, "copy");
        await store.DownloadAsync("large", path);
        SameBytes.Assert(content, await File.ReadAllBytesAsync(path));
        Assert.True(proxy.Failed > 0);
    }

    [Fact]
    public async Task Bucket_ThatIsMissing_IsNamedWithTheCommandThatMakesIt()
    {
        var error = await Assert.ThrowsAsync<WorkerException>(() => BlobUri.Open("s3://no-such-bucket/x").ListAsync(""));
        Assert.Equal(ExitCode.MissingInput, error.Code);
        Assert.Contains("aws s3 mb", error.Message);
    }

    [Fact]
    public async Task Credentials_ThatAreWrong_EndTheRunForGood()
    {
        var config = new AmazonS3Config { ServiceURL = Environment.GetEnvironmentVariable("AWS_ENDPOINT_URL"), ForcePathStyle = true };
        var store = new S3BlobStore(new AmazonS3Client(Radosgw.AccessKey, "wrong", config), _bucket, "", $"s3://{_bucket}");
        var error = await Assert.ThrowsAsync<WorkerException>(() => store.GetAsync("x"));
        Assert.Equal(ExitCode.NoPermission, error.Code);
        Assert.Contains("refused the credentials", error.Message);
    }

    [Theory]
    [InlineData("s3://ab/x")]
    [InlineData("s3://my bucket/x")]
    public void BucketName_ThatThereCannotBe_IsRefused(string uri) =>
        Assert.Equal(ExitCode.BadManifest, Assert.Throws<WorkerException>(() => BlobUri.Open(uri)).Code);
}

/// <summary><c>s3://</c> against servers that no real one stands for.</summary>
public sealed class S3ServiceTests
{
    [Fact]
    public async Task Put_OnConditionThatTheServiceIgnores_IsRefused()
    {
        var objects = new ConcurrentDictionary<string, byte[]>();
        using var server = new LoopbackServer(async context =>
        {
            if (context.Request.HttpMethod == "PUT") objects[context.Request.Url!.AbsolutePath] = [1];
            context.Response.Headers["ETag"] = "\"1\"";
            await LoopbackServer.AnswerAsync(context, [], context.Request.HttpMethod == "DELETE" ? 204 : 200);
        });
        var store = Store(server.Address);
        var error = await Assert.ThrowsAsync<WorkerException>(() => store.PutAsync("x", new MemoryStream([1]), PutCondition.IfAbsent));
        Assert.Equal(ExitCode.BadManifest, error.Code);
        Assert.Contains("ignores conditions", error.Message);
        Assert.DoesNotContain("/bucket/x", objects.Keys);
        Assert.NotNull(await store.PutAsync("x", new MemoryStream([1])));
    }

    [Fact]
    public async Task Service_ThatCannotBeReached_IsSaidSo()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var error = await Assert.ThrowsAsync<WorkerException>(() =>
            Store(new Uri($"http://127.0.0.1:{LoopbackServer.ClosedPort()}")).ListAsync("", patience.Token));
        Assert.Equal(ExitCode.Failure, error.Code);
        Assert.Contains("cannot be reached", error.Message);
    }

    /// <summary>The token of a pod's service account is exchanged for keys, and those sign the requests.</summary>
    [Fact]
    public async Task Credentials_ByAServiceAccountsToken_SignRequests()
    {
        using var folder = new ScratchFolder();
        string token = Path.Combine(folder.Path, "token"), source = Path.Combine(folder.Path, "in.jsonl");
        await File.WriteAllTextAsync(token, "token-of-the-pod");
        await File.WriteAllTextAsync(source, "{\"question\":\"1+1?\",\"answer\":\"2\"}\n");
        ConcurrentQueue<string> requests = [], headers = [];
        using var server = new LoopbackServer(async context =>
        {
            var body = await new StreamReader(context.Request.InputStream).ReadToEndAsync();
            requests.Enqueue($"{context.Request.HttpMethod} {context.Request.Url!.AbsolutePath} {context.Request.Headers["Authorization"]} {context.Request.Headers["X-Amz-Security-Token"]} {body}");
            foreach (var name in context.Request.Headers.AllKeys.OfType<string>()) headers.Enqueue(name.ToLowerInvariant());
            context.Response.ContentType = "text/xml";
            context.Response.Headers["ETag"] = "\"1\"";
            await LoopbackServer.AnswerAsync(context, context.Request.HttpMethod != "POST" ? [] : Encoding.UTF8.GetBytes($"""
                <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>KEYOFTHEROLE</AccessKeyId>
                <SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken><Expiration>{DateTime.UtcNow
                    .AddHours(1):yyyy-MM-ddTHH:mm:ssZ}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>
                """));
        });
        using var worker = WorkerProcess.Start(["prepare", "gsm8k", source, "s3://bucket/out.jsonl"], new Dictionary<string, string>
        {
            ["AWS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/test",
            ["AWS_WEB_IDENTITY_TOKEN_FILE"] = token,
            ["AWS_REGION"] = "us-east-1",
            ["AWS_ENDPOINT_URL"] = server.Address.ToString(),
        });
        var (code, errors) = await worker.ResultAsync();
        Assert.True(code == 0, errors);
        Assert.Contains(requests, request => request.StartsWith("POST", StringComparison.Ordinal) && request.Contains("token-of-the-pod"));
        Assert.Contains(requests, request => request.StartsWith("PUT /bucket/out.jsonl", StringComparison.Ordinal)
            && request.Contains("Credential=KEYOFTHEROLE/") && request.Contains(" session "));
        // Checksums that nobody asked for (RequestChecksumCalculation.WHEN_REQUIRED) make older servers refuse what is sent.
        Assert.DoesNotContain(headers, name => name is "x-amz-sdk-checksum-algorithm" or "x-amz-trailer"
            || name.StartsWith("x-amz-checksum"));
    }

    private static S3BlobStore Store(Uri address) =>
        new(new AmazonS3Client("key", "secret-of-the-test",
            new AmazonS3Config { ServiceURL = address.ToString(), ForcePathStyle = true, HttpClientFactory = S3Account.Shared }), "bucket",
            "", "s3://bucket");
}
