using Azure;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Storage;

/// <summary>What the Azure SDK reports, as errors with a remedy and the exit code that says whether trying again can help.</summary>
internal static class AzureErrors
{
    /// <param name="uri">The store.</param>
    /// <param name="name">The blob; empty for the store itself.</param>
    /// <returns>Null for what does not come from the SDK or the way to the service.</returns>
    public static Exception? Explain(Exception error, string uri, string name, BlobContainerClient container) => error switch
    {
        RequestFailedException e => Explain(e, name.Length == 0 ? uri : $"{uri}/{name}", container),
        AuthenticationFailedException e => Explain(e, uri),
        UnreachableHostException e => new WorkerException(ExitCode.Failure,
            $"{uri}: {e.Message}; is the account's name right ({container.AccountName})?", e),
        _ => null,
    };

    private static Exception Explain(RequestFailedException e, string uri, BlobContainerClient container)
    {
        var code = string.IsNullOrEmpty(e.ErrorCode) ? $"HTTP {e.Status}" : $"{e.ErrorCode}, HTTP {e.Status}";
        if (Is(e, BlobErrorCode.ContainerNotFound))
            return new WorkerException(ExitCode.MissingInput,
                $"{uri}: account {container.AccountName} has no container '{container.Name}'; "
                + $"create it (az storage container create --account-name {container.AccountName} --name {container.Name}) or name "
                    + "another one", e);
        return e.Status switch
        {
            404 => new FileNotFoundException($"{uri}: there is no such blob ({code})", uri, e),
            401 or 403 => new WorkerException(ExitCode.NoPermission,
                $"{uri}: account {container.AccountName} refused the credentials ({code}); "
                + "a key or SAS must be current, an identity needs the role 'Storage Blob Data Contributor' (or Reader, for inputs)", e),
            400 => new WorkerException(ExitCode.BadManifest,
                $"{uri}: the service rejects this request ({code}: {FirstLine(e)}); is the name right?", e),
            0 => new WorkerException(ExitCode.Failure, $"{uri}: {container.Uri.Host} cannot be reached ({FirstLine(e)})", e),
            _ => new WorkerException(ExitCode.Failure, $"{uri}: {FirstLine(e)} ({code})", e),
        };
    }

    private static WorkerException Explain(AuthenticationFailedException e, string uri) => e is CredentialUnavailableException
        ? new WorkerException(ExitCode.NoPermission,
            $"{uri}: there are no credentials for Azure; name a Secret in spec.storage.secretRef with AZURE_STORAGE_CONNECTION_STRING "
            + "(or AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN), or give the pod a workload identity", e)
        : new WorkerException(ExitCode.Failure, $"{uri}: no token for Azure ({FirstLine(e.GetBaseException())})", e);

    /// <summary>Whether an answer has this code; one that did not come from the service itself has none.</summary>
    public static bool Is(RequestFailedException e, BlobErrorCode code) =>
        string.Equals(e.ErrorCode, code.ToString(), StringComparison.Ordinal);

    private static string FirstLine(Exception e) => e.Message.Split('\n', 2)[0].Trim();
}
