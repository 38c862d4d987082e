using Azure;
using Azure.Identity;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// Blobs of an Azure container under a prefix. Conditions are the service's own (If-Match, If-None-Match); the SDK repeats what fails on
/// the way, with back-off and the service's Retry-After.
/// </summary>
internal sealed class AzureBlobStore(BlobContainerClient container, string folder, string uri) : CloudBlobStore(folder, uri), IBlobStore
{
    private const int MaxBlocks = 50_000; // of a blob

    /// <summary>Marks the zero-byte blobs by which accounts with a hierarchical namespace list folders.</summary>
    private const string FolderMark = "hdi_isfolder";

    public Task<IReadOnlyList<BlobInfo>> ListAsync(string prefix, CancellationToken cancellation = default) =>
        ExplainAsync<IReadOnlyList<BlobInfo>>("", async () =>
    {
        var blobs = new List<BlobInfo>();
        await foreach (var blob in container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, Prefix + prefix, cancellation))
            if (blob.Metadata?.ContainsKey(FolderMark) != true)
                blobs.Add(new BlobInfo(blob.Name[Prefix.Length..], blob.Properties.ContentLength ?? 0));
        blobs.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return blobs;
    });

    public Task<Stream> OpenReadAsync(string name, CancellationToken cancellation = default) => ExplainAsync(name, () =>
        // A blob that is replaced while it is read ends in an error, not in a mixture.
        Blob(name).OpenReadAsync(new BlobOpenReadOptions(allowModifications: false) { BufferSize = PieceBytes }, cancellation));

    public Task<BlobContent?> GetAsync(string name, CancellationToken cancellation = default) => IfThereAsync(name, async () =>
    {
        BlobDownloadResult result = await Blob(name).DownloadContentAsync(cancellation);
        return new BlobContent(result.Content.ToArray(), result.Details.ETag.ToString());
    });

    public Task<string?> TagAsync(string name, CancellationToken cancellation = default) => IfThereAsync(name, async () =>
        (await Blob(name).GetPropertiesAsync(cancellationToken: cancellation)).Value.ETag.ToString());

    /// <summary>The content's MD5 where the service knows it (of blobs that were written in one request), else its tag.</summary>
    public Task<string?> FingerprintAsync(string name, CancellationToken cancellation = default) => IfThereAsync(name, async () =>
    {
        BlobProperties properties = await Blob(name).GetPropertiesAsync(cancellationToken: cancellation);
        return properties.ContentHash is { Length: 16 } md5 ? $"md5:{Convert.ToHexStringLower(md5)}"
            : $"etag:{properties.ETag.ToString().Trim('"')}";
    });

    public Task<string?> PutAsync(string name, Stream content, PutCondition condition = default,
        CancellationToken cancellation = default) => ExplainAsync(name, async () =>
    {
        BlobRequestConditions? conditions = condition.ETag switch
        {
            null => null,
            "" => new BlobRequestConditions { IfNoneMatch = ETag.All },
            var tag => new BlobRequestConditions { IfMatch = new ETag(tag) },
        };
        try
        {
            BlobContentInfo written = await Blob(name).UploadAsync(content,
                new BlobUploadOptions { Conditions = conditions, TransferOptions = Transfer(content.Length) }, cancellation);
            return written.ETag.ToString();
        }
        catch (RequestFailedException e) when (condition.ETag is not null
            && (e.Status == 412 || e.ErrorCode == BlobErrorCode.BlobAlreadyExists
                || (e.ErrorCode == BlobErrorCode.BlobNotFound && condition.ETag.Length > 0)))
        {
            return null;
        }
    });

    public Task DeleteAsync(string name, string? etag = null, CancellationToken cancellation = default) =>
        ExplainAsync<bool>(name, async () =>
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

    public Task DownloadAsync(string name, string path, Action<long>? arrived = null, CancellationToken cancellation = default) =>
        ExplainAsync(name, () => Blob(name).DownloadToAsync(path, new BlobDownloadToOptions
        {
            ProgressHandler = arrived is null ? null : new Increments(arrived),
            TransferOptions = Transfer(0),
        }, cancellation));

    private BlockBlobClient Blob(string name) => container.GetBlockBlobClient(Prefix + name);

    private static StorageTransferOptions Transfer(long length) => new()
    {
        InitialTransferSize = PieceBytes,
        MaximumTransferSize = Math.Max(PieceBytes, length / MaxBlocks + 1),
        MaximumConcurrency = Concurrency,
    };

    protected override bool IsMissing(Exception error) => error is RequestFailedException e
        && (e.ErrorCode == BlobErrorCode.BlobNotFound || (e.Status == 404 && string.IsNullOrEmpty(e.ErrorCode)));

    protected override Exception? Explain(Exception error, string what) => error switch
    {
        RequestFailedException e => Explain(e, what),
        CredentialUnavailableException e => new WorkerException(ExitCode.NoPermission,
            $"{Uri}: there are no credentials for Azure; name a Secret in spec.storage.secretRef with AZURE_STORAGE_CONNECTION_STRING "
            + "(or AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN), or give the pod a workload identity", e),
        AuthenticationFailedException e =>
            new WorkerException(ExitCode.Failure, $"{Uri}: no token for Azure ({FirstLine(e.GetBaseException())})", e),
        UnreachableHostException e =>
            new WorkerException(ExitCode.Failure, $"{Uri}: {e.Message}; is the account's name right ({container.AccountName})?", e),
        _ => null,
    };

    private Exception Explain(RequestFailedException e, string what)
    {
        var code = string.IsNullOrEmpty(e.ErrorCode) ? $"HTTP {e.Status}" : $"{e.ErrorCode}, HTTP {e.Status}";
        if (e.ErrorCode == BlobErrorCode.ContainerNotFound)
            return new WorkerException(ExitCode.MissingInput,
                $"{what}: account {container.AccountName} has no container '{container.Name}'; "
                + $"create it (az storage container create --account-name {container.AccountName} --name {container.Name}) or "
                + "name another one", e);
        return e.Status switch
        {
            404 => new FileNotFoundException($"{what}: there is no such blob ({code})", what, e),
            401 or 403 => new WorkerException(ExitCode.NoPermission,
                $"{what}: account {container.AccountName} refused the credentials ({code}); "
                + "a key or SAS must be current, an identity needs the role 'Storage Blob Data Contributor' (or Reader, for inputs)", e),
            400 => new WorkerException(ExitCode.BadManifest,
                $"{what}: the service rejects this request ({code}: {FirstLine(e)}); is the name right?", e),
            0 => new WorkerException(ExitCode.Failure, $"{what}: {container.Uri.Host} cannot be reached ({FirstLine(e)})", e),
            _ => new WorkerException(ExitCode.Failure, $"{what}: {FirstLine(e)} ({code})", e),
        };
    }

    private static string FirstLine(Exception e) => e.Message.Split('\n', 2)[0].Trim();

    /// <summary>The SDK tells sums; a meter of several blobs wants what was added.</summary>
    private sealed class Increments(Action<long> arrived) : IProgress<long>
    {
        private long _before;

        public void Report(long value) => arrived(value - Interlocked.Exchange(ref _before, value));
    }
}
