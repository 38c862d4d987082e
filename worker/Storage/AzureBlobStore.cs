using System.Buffers;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// Blobs of an Azure container under a prefix. Conditions are the service's own (If-Match, If-None-Match); the SDK repeats what fails on the way,
/// with back-off and the service's Retry-After.
/// </summary>
/// <param name="container">The container.</param>
/// <param name="folder">Prefix of all names, without a slash at its end; empty for the container itself.</param>
/// <param name="uri">The root as the user wrote it, without credentials.</param>
public sealed class AzureBlobStore(BlobContainerClient container, string folder, string uri) : IBlobStore
{
    /// <summary>What goes in one request: more is uploaded as blocks, and read piece by piece.</summary>
    private const int PieceBytes = 8 << 20;

    /// <summary>A block blob has at most 50,000 blocks.</summary>
    private const int MaxBlocks = 50_000;

    /// <summary>Requests under way at once for one large blob.</summary>
    private const int Concurrency = 4;

    /// <summary>Marks the zero-byte blobs by which accounts with a hierarchical namespace list folders.</summary>
    private const string FolderMark = "hdi_isfolder";

    private readonly string _prefix = folder.Length == 0 ? "" : folder + "/";

    /// <inheritdoc/>
    public string Uri => uri;

    /// <inheritdoc/>
    public Task<IReadOnlyList<BlobInfo>> ListAsync(string prefix, CancellationToken cancellation = default) => ExplainAsync<IReadOnlyList<BlobInfo>>("", async () =>
    {
        var blobs = new List<BlobInfo>();
        await foreach (BlobItem blob in container.GetBlobsAsync(BlobTraits.Metadata, prefix: _prefix + prefix, cancellationToken: cancellation))
            if (blob.Metadata?.ContainsKey(FolderMark) != true)
                blobs.Add(new BlobInfo(blob.Name[_prefix.Length..], blob.Properties.ContentLength ?? 0));
        blobs.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return blobs;
    });

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string name, CancellationToken cancellation = default) => ExplainAsync(name, () =>
        // A blob that is replaced while it is read ends in an error, not in a mixture.
        Blob(name).OpenReadAsync(new BlobOpenReadOptions(allowModifications: false) { BufferSize = PieceBytes }, cancellation));

    /// <inheritdoc/>
    public Task<BlobContent?> GetAsync(string name, CancellationToken cancellation = default) => ExplainAsync(name, async () =>
    {
        try
        {
            BlobDownloadResult result = await Blob(name).DownloadContentAsync(cancellation);
            return new BlobContent(result.Content.ToArray(), result.Details.ETag.ToString());
        }
        catch (RequestFailedException e) when (IsMissing(e))
        {
            return null;
        }
    });

    /// <inheritdoc/>
    public Task<string?> TagAsync(string name, CancellationToken cancellation = default) => ExplainAsync(name, async () =>
    {
        try
        {
            BlobProperties properties = await Blob(name).GetPropertiesAsync(cancellationToken: cancellation);
            return properties.ETag.ToString();
        }
        catch (RequestFailedException e) when (IsMissing(e))
        {
            return null;
        }
    });

    /// <inheritdoc/>
    public Task<string?> PutAsync(string name, Stream content, PutCondition condition = default, CancellationToken cancellation = default) => ExplainAsync(name, async () =>
    {
        BlobRequestConditions? conditions = condition.ETag switch
        {
            null => null,
            "" => new BlobRequestConditions { IfNoneMatch = ETag.All },
            var tag => new BlobRequestConditions { IfMatch = new ETag(tag) },
        };
        try
        {
            BlobContentInfo written = content.Length <= PieceBytes
                ? await Blob(name).UploadAsync(content, new BlobUploadOptions
                {
                    Conditions = conditions,
                    TransferOptions = new StorageTransferOptions { InitialTransferSize = PieceBytes, MaximumTransferSize = PieceBytes },
                }, cancellation)
                : await PutBlocksAsync(Blob(name), content, conditions, cancellation);
            return written.ETag.ToString();
        }
        catch (RequestFailedException e) when (condition.ETag is not null
            && (e.Status == 412 || e.ErrorCode == BlobErrorCode.BlobAlreadyExists || (e.ErrorCode == BlobErrorCode.BlobNotFound && condition.ETag.Length > 0)))
        {
            return null;
        }
    });

    /// <inheritdoc/>
    public Task DeleteAsync(string name, string? etag = null, CancellationToken cancellation = default) => ExplainAsync<bool>(name, async () =>
    {
        try
        {
            return await Blob(name).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots,
                etag is null ? null : new BlobRequestConditions { IfMatch = new ETag(etag) }, cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 412)
        {
            return false;
        }
    });

    /// <inheritdoc/>
    public Task DownloadAsync(string name, string path, CancellationToken cancellation = default) => ExplainAsync(name, () =>
        Blob(name).DownloadToAsync(path, new BlobDownloadToOptions
        {
            TransferOptions = new StorageTransferOptions { InitialTransferSize = PieceBytes, MaximumTransferSize = PieceBytes, MaximumConcurrency = Concurrency },
        }, cancellation));

    /// <summary>
    /// Stages blocks under names that no other writer uses and commits them in one request. (The SDK's own names follow from the offset, so that two
    /// attempts which write the same blob at once would mix their blocks.)
    /// </summary>
    private static async Task<BlobContentInfo> PutBlocksAsync(BlockBlobClient blob, Stream content, BlobRequestConditions? conditions, CancellationToken cancellation)
    {
        string upload = Guid.NewGuid().ToString("N");
        int size = (int)Math.Max(PieceBytes, (content.Length + MaxBlocks - 1) / MaxBlocks);
        var blocks = new List<string>();
        var underWay = new List<Task>();
        using var first = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            while (content.Position < content.Length)
            {
                byte[] buffer = ArrayPool<byte>.Shared.Rent(size);
                int length = await content.ReadAtLeastAsync(buffer.AsMemory(0, size), size, throwOnEndOfStream: false, cancellation);
                if (length == 0) break;
                string id = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(FormattableString.Invariant($"{upload}-{blocks.Count:D6}")));
                blocks.Add(id);
                underWay.Add(StageAsync(id, buffer, length));
                if (underWay.Count < Concurrency) continue;
                Task done = await Task.WhenAny(underWay);
                underWay.Remove(done);
                await done;
            }
            await Task.WhenAll(underWay);
        }
        catch
        {
            await first.CancelAsync();
            await Task.WhenAll(underWay).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
        return await blob.CommitBlockListAsync(blocks, new CommitBlockListOptions { Conditions = conditions }, cancellation);

        async Task StageAsync(string id, byte[] buffer, int length)
        {
            try
            {
                await blob.StageBlockAsync(id, new MemoryStream(buffer, 0, length), cancellationToken: first.Token);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private BlockBlobClient Blob(string name) => container.GetBlockBlobClient(_prefix + name);

    private static bool IsMissing(RequestFailedException e) => e.ErrorCode == BlobErrorCode.BlobNotFound || (e.Status == 404 && e.ErrorCode is null or "");

    /// <summary>The SDK's errors as a person needs them: what was touched, what the service said, what to do.</summary>
    private async Task<T> ExplainAsync<T>(string name, Func<Task<T>> request)
    {
        try
        {
            return await request();
        }
        catch (RequestFailedException e)
        {
            throw AzureErrors.Explain(e, name.Length == 0 ? uri : $"{uri}/{name}", container);
        }
        catch (Azure.Identity.AuthenticationFailedException e)
        {
            throw AzureErrors.Explain(e, uri);
        }
    }
}
