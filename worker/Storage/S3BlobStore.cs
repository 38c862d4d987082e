using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Amazon.S3.Transfer;
using Polly;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// Objects of a bucket under a prefix. Conditions are the service's own (If-Match, If-None-Match); before the first conditional write the
/// store finds out whether the service keeps them, since a fence that lets everybody through is none. The SDK repeats requests that fail on
/// the way.
/// </summary>
internal sealed class S3BlobStore(IAmazonS3 s3, string bucket, string folder, string uri) : CloudBlobStore(folder, uri), IBlobStore
{
    private const long MaxPut = 5L << 30; // of the service

    /// <summary>Ends the names of objects that only show whether conditions hold.</summary>
    private const string ProbeSuffix = ".~lr";

    /// <summary>Another conditional write of the same object was under way: ask again, then it is known which of the two holds.</summary>
    private static readonly ResiliencePipeline Conflicts = Retries.Create(TimeProvider.System,
        handles: (e, _) => e is AmazonS3Exception { StatusCode: HttpStatusCode.Conflict });

    private Task<Conditions>? _conditions;

    /// <summary>How the service keeps conditions.</summary>
    /// <param name="QuotedTags">Whether a tag in If-Match stands in quotes, as HTTP has it; older Ceph compares it with the bare
    /// tag.</param>
    /// <param name="OnMultipart">Whether the request that completes a multipart upload keeps them as well.</param>
    private sealed record Conditions(bool QuotedTags, bool OnMultipart);

    public Task<IReadOnlyList<BlobInfo>> ListAsync(string prefix, CancellationToken cancellation = default) =>
        ExplainAsync<IReadOnlyList<BlobInfo>>("", async () =>
    {
        var blobs = new List<BlobInfo>();
        var request = new ListObjectsV2Request { BucketName = bucket, Prefix = Prefix + prefix };
        await foreach (var found in s3.Paginators.ListObjectsV2(request).S3Objects.WithCancellation(cancellation))
            if (!found.Key.EndsWith('/') && !found.Key.EndsWith(ProbeSuffix, StringComparison.Ordinal))
                blobs.Add(new BlobInfo(found.Key[Prefix.Length..], found.Size ?? 0));
        blobs.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return blobs;
    });

    public Task<Stream> OpenReadAsync(string name, CancellationToken cancellation = default) => ExplainAsync<Stream>(name, async () =>
    {
        var about = await s3.GetObjectMetadataAsync(bucket, Prefix + name, cancellation);
        var ranges = new RangeStream(about.ContentLength, (offset, range, stop) => ReadAsync(name, about.ETag, offset, range, stop));
        return new BufferedStream(ranges, (int)Math.Clamp(about.ContentLength, 1, PieceBytes));
    });

    public Task<BlobContent?> GetAsync(string name, CancellationToken cancellation = default) =>
        IfThereAsync(name, () => WebClient.OfProcess.RepeatAsync($"{Uri}/{name}", async stop =>
    {
        using var response = await s3.GetObjectAsync(bucket, Prefix + name, stop);
        var bytes = new byte[response.ContentLength];
        await response.ResponseStream.ReadExactlyAsync(bytes, stop);
        return new BlobContent(bytes, response.ETag);
    }, cancellation));

    public Task<string?> TagAsync(string name, CancellationToken cancellation = default) =>
        IfThereAsync(name, async () => (await s3.GetObjectMetadataAsync(bucket, Prefix + name, cancellation)).ETag);

    public Task<string?> PutAsync(string name, Stream content, PutCondition condition = default,
        CancellationToken cancellation = default) => ExplainAsync(name, async () =>
    {
        Conditions? conditions = condition.ETag is null ? null
            : await (_conditions is { IsFaulted: false } known ? known : _conditions = ProbeAsync(cancellation));
        string? none = condition.ETag is "" ? "*" : null, match = condition.ETag is { Length: > 0 } tag
            ? Tag(tag, conditions!.QuotedTags) : null;
        var noParts = conditions is { OnMultipart: false };
        if (noParts && content.Length > MaxPut)
            throw new WorkerException(ExitCode.BadManifest,
                $"{Uri}/{name}: {content.Length} bytes are too many for one request, and this service ignores conditions on multipart "
                + "uploads; write to another service");
        try
        {
            return await Conflicts.ExecuteAsync(async stop =>
                await UploadAsync(Prefix + name, content, none, match, noParts ? long.MaxValue : PieceBytes, stop), cancellation);
        }
        catch (AmazonS3Exception e) when (condition.ETag is not null
            && (e.StatusCode == HttpStatusCode.PreconditionFailed || (match is not null && e.ErrorCode == "NoSuchKey")))
        {
            return null;
        }
    });

    public Task DeleteAsync(string name, string? etag = null, CancellationToken cancellation = default) =>
        ExplainAsync<bool>(name, async () =>
    {
        // Not every service keeps conditions of deletions; where one does not, a write in the instant after this look is lost.
        if (etag is not null && await TagAsync(name, cancellation) != etag) return false;
        try
        {
            await s3.DeleteObjectAsync(new DeleteObjectRequest { BucketName = bucket, Key = Prefix + name, IfMatch = etag }, cancellation);
            return true;
        }
        catch (AmazonS3Exception e) when (IsMissing(e) || e.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict)
        {
            return false;
        }
    });

    public Task DownloadAsync(string name, string path, Action<long>? arrived = null, CancellationToken cancellation = default) =>
        ExplainAsync<bool>(name, async () =>
    {
        var about = await s3.GetObjectMetadataAsync(bucket, Prefix + name, cancellation);
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.Asynchronous);
        var count = checked((int)((about.ContentLength + PieceBytes - 1) / PieceBytes));
        var several = new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellation };
        await Parallel.ForAsync(0, count, several, async (number, stop) =>
        {
            var offset = (long)number * PieceBytes;
            var piece = new byte[Math.Min(PieceBytes, about.ContentLength - offset)];
            await ReadAsync(name, about.ETag, offset, piece, stop);
            await RandomAccess.WriteAsync(file, piece, offset, stop);
            arrived?.Invoke(piece.Length);
        });
        return true;
    });

    /// <summary>Reads a range whole. An object that is replaced while it is read ends in an error, not in a mixture.</summary>
    private Task ReadAsync(string name, string etag, long offset, Memory<byte> piece, CancellationToken cancellation) =>
        ExplainAsync(name, () => WebClient.OfProcess.RepeatAsync($"{Uri}/{name}", async stop =>
    {
        var range = new ByteRange(offset, offset + piece.Length - 1);
        using var response = await s3.GetObjectAsync(
            new GetObjectRequest { BucketName = bucket, Key = Prefix + name, ByteRange = range, EtagToMatch = etag }, stop);
        await response.ResponseStream.ReadExactlyAsync(piece, stop);
        return true;
    }, cancellation));

    /// <summary>Writes an object, in parts from a length on; the parts of a file that was opened to be read go several at once.</summary>
    private async Task<string> UploadAsync(string key, Stream content, string? none, string? match, long inPartsFrom,
        CancellationToken cancellation)
    {
        using var transfer = new TransferUtility(s3,
            new TransferUtilityConfig { MinSizeBeforePartUpload = inPartsFrom, ConcurrentServiceRequests = Concurrency });
        var request = new TransferUtilityUploadRequest
        {
            BucketName = bucket,
            Key = key,
            AutoCloseStream = false,
            IfNoneMatch = none,
            IfMatch = match,
        };
        if (content is FileStream { CanWrite: false } file) request.FilePath = file.Name; // read by all parts
        else request.InputStream = content;
        var written = await transfer.UploadWithResponseAsync(request, cancellation);
        // Older Ceph gives no tag for what came in parts.
        return string.IsNullOrEmpty(written.ETag) ? (await s3.GetObjectMetadataAsync(bucket, key, cancellation)).ETag : written.ETag;
    }

    /// <summary>Tries on an object of its own whether conditions hold.</summary>
    /// <exception cref="WorkerException">They do not.</exception>
    private async Task<Conditions> ProbeAsync(CancellationToken cancellation)
    {
        var key = $"{Prefix}{Guid.NewGuid():N}{ProbeSuffix}";
        try
        {
            var tag = await UploadAsync(key, new MemoryStream([1]), null, null, long.MaxValue, cancellation);
            var refuses = await PutRefusedAsync([2], "*", null) && await PutRefusedAsync([2], null, $"\"{new string('0', 32)}\"");
            var quoted = refuses && !await PutRefusedAsync([1], null, Tag(tag, quoted: true));
            if (!refuses || (!quoted && await PutRefusedAsync([1], null, Tag(tag, quoted: false))))
                throw new WorkerException(ExitCode.BadManifest,
                    $"{Uri}: this service ignores conditions of writes (If-None-Match, If-Match), so that two attempts could overwrite "
                    + "each other; write the output to a service that honours them (Amazon S3, MinIO, Ceph, R2, Azure Blob Storage) or to "
                    + "a mounted volume");
            return new Conditions(quoted, await RefusesAsync(UploadAsync(key, new MemoryStream([3]), "*", null, 1, cancellation)));
        }
        finally
        {
            await s3.DeleteObjectAsync(bucket, key, CancellationToken.None);
        }

        Task<bool> PutRefusedAsync(byte[] content, string? none, string? match) =>
            RefusesAsync(UploadAsync(key, new MemoryStream(content), none, match, long.MaxValue, cancellation));
    }

    private static async Task<bool> RefusesAsync<T>(Task<T> write)
    {
        try
        {
            await write;
            return false;
        }
        catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict
            or HttpStatusCode.NotImplemented or HttpStatusCode.BadRequest)
        {
            return e.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict;
        }
    }

    private static string Tag(string tag, bool quoted) => quoted ? tag : tag.Trim('"');

    protected override bool IsMissing(Exception error) =>
        error is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound, ErrorCode: not "NoSuchBucket" };

    protected override Exception? Explain(Exception error, string what) => error switch
    {
        AmazonS3Exception e => Explain(e, what),
        UnreachableHostException or HttpRequestException => new WorkerException(ExitCode.Failure, $"{what}: {error.Message}", error),
        AmazonClientException => new WorkerException(ExitCode.NoPermission,
            $"{what}: there are no credentials for S3 ({error.Message.Split('\n')[0]}); name a Secret in spec.storage.secretRef with "
            + "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the pod's service account a role", error),
        _ => null,
    };

    private Exception Explain(AmazonS3Exception e, string what)
    {
        var said = string.IsNullOrWhiteSpace(e.Message) ? "" : ": " + e.Message.Split('\n')[0];
        var code = $"{e.ErrorCode}, HTTP {(int)e.StatusCode}{said}";
        return e.StatusCode switch
        {
            HttpStatusCode.NotFound when e.ErrorCode == "NoSuchBucket" => new WorkerException(ExitCode.MissingInput,
                $"{what}: there is no bucket '{bucket}'; create it (aws s3 mb s3://{bucket}) or name another one", e),
            HttpStatusCode.NotFound => new FileNotFoundException($"{what}: there is no such object ({code})", what, e),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new WorkerException(ExitCode.NoPermission,
                $"{what}: the service refused the credentials ({code}); keys must be current, and their owner needs s3:GetObject, "
                + "s3:PutObject, s3:DeleteObject and s3:ListBucket", e),
            HttpStatusCode.PreconditionFailed => new WorkerException(ExitCode.Failure, $"{what}: was replaced while it was read", e),
            HttpStatusCode.Moved or HttpStatusCode.TemporaryRedirect => new WorkerException(ExitCode.BadManifest,
                $"{what}: the bucket is in another region ({code}); set AWS_REGION to it", e),
            _ => new WorkerException(ExitCode.Failure, $"{what}: {code}", e),
        };
    }

    /// <summary>An object from any place on: every read is a request for a range of it.</summary>
    private sealed class RangeStream(long length, Func<long, Memory<byte>, CancellationToken, Task> read) : ReadOnlyStream
    {
        public override bool CanSeek => true;

        public override long Length => length;

        public override long Position { get; set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = (int)Math.Clamp(length - Position, 0, buffer.Length);
            if (count > 0) await read(Position, buffer[..count], cancellationToken);
            Position += count;
            return count;
        }
    }
}
