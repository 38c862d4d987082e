using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Azure.Storage;
using Azure.Storage.Blobs;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// Which storage account is meant, and with which credentials: a connection string, an account key, a SAS, else DefaultAzureCredential
/// (workload identity in a cluster, <c>az login</c> on a developer's machine). Named by the environment, as the Azure command line does.
/// </summary>
internal sealed partial class AzureAccount(Func<string, string?> environment)
{
    private const string ConnectionString = "AZURE_STORAGE_CONNECTION_STRING", Account = "AZURE_STORAGE_ACCOUNT", Key = "AZURE_STORAGE_KEY",
        Sas = "AZURE_STORAGE_SAS_TOKEN", Endpoint = "AZURE_STORAGE_BLOB_ENDPOINT";

    private static readonly HttpClientTransport Transport = new(Connections.Client(Timeout.InfiniteTimeSpan));

    /// <summary>Domains of blob endpoints: public, China, US government, DNS zones.</summary>
    private static readonly string[] Domains =
        [".blob.core.windows.net", ".blob.core.chinacloudapi.cn", ".blob.core.usgovcloudapi.net", ".blob.storage.azure.net"];

    /// <summary>Hosts that issue tokens for Microsoft's own clouds.</summary>
    private static readonly string[] Authorities =
        ["login.microsoftonline.com", "login.microsoftonline.us", "login.chinacloudapi.cn", "login.windows.net"];

    /// <summary>One for the process, since it keeps the tokens that it got.</summary>
    private static readonly Lazy<TokenCredential> Identity = new(() => new DefaultAzureCredential(new DefaultAzureCredentialOptions
    {
        // An authority that cannot be reached is given up within 30 seconds.
        Transport = new HttpClientTransport(new HttpClient(
            new SocketsHttpHandler { ConnectTimeout = Connections.ConnectTimeout, UseCookies = false })),
        Retry = { MaxRetries = 2 },
        // The public cloud's directory knows nothing of a private cloud's authority and would be asked for it.
        DisableInstanceDiscovery = Variables.Given("AZURE_AUTHORITY_HOST") is { } host
            && !Authorities.Any(known => host.Contains(known, StringComparison.OrdinalIgnoreCase)),
    }));

    public static AzureAccount OfProcess { get; } = new(Environment.GetEnvironmentVariable);

    public static bool IsBlobEndpoint(Uri url) => url.Scheme == System.Uri.UriSchemeHttps
        && Domains.Any(d => url.Host.EndsWith(d, StringComparison.OrdinalIgnoreCase));

    /// <summary>The store at <c>az://container/path</c>.</summary>
    public AzureBlobStore Open(StorageUri uri)
    {
        var name = System.Uri.UnescapeDataString(uri.Root["az://".Length..]);
        if (!ContainerName().IsMatch(name))
            throw new WorkerException(ExitCode.BadManifest,
                $"{uri}: '{name}' cannot be a container's name, which has 3 to 63 lower-case letters, digits and single hyphens "
                + "(az://container/path)");
        BlobContainerClient container;
        try
        {
            container = Service($"{uri}").GetBlobContainerClient(name);
        }
        catch (FormatException e)
        {
            throw new WorkerException(ExitCode.BadManifest, $"{uri}: {ConnectionString} or {Key} has the wrong form ({e.Message})", e);
        }
        return new AzureBlobStore(container, uri.Name, $"{uri}");
    }

    /// <summary>The store at <c>https://account.blob.core.windows.net/container/path</c>; a SAS may stand in the query.</summary>
    public AzureBlobStore Open(Uri url)
    {
        var builder = new BlobUriBuilder(url);
        var shown = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
        if (builder.BlobContainerName.Length == 0)
            throw new WorkerException(ExitCode.BadManifest, $"{shown}: must name a container (https://{url.Host}/container/path)");
        var folder = builder.BlobName.TrimEnd('/');
        builder.BlobName = "";
        if (builder.Sas is not null) return new AzureBlobStore(new BlobContainerClient(builder.ToUri(), Options()), folder, shown);
        var hasAccount = environment.Given(ConnectionString) is not null || environment.Given(Account) is not null;
        var named = hasAccount ? Service(shown) : null;
        var container = named is not null && named.Uri.Host == url.Host
            ? named.GetBlobContainerClient(builder.BlobContainerName)
            : new BlobContainerClient(builder.ToUri(), Identity.Value, Options());
        return new AzureBlobStore(container, folder, shown);
    }

    private BlobServiceClient Service(string uri)
    {
        if (environment.Given(ConnectionString) is { } connection) return new BlobServiceClient(connection, Options());
        var account = environment.Given(Account)
            ?? throw new WorkerException(ExitCode.NoPermission,
                $"{uri}: set {ConnectionString} or {Account} to say which storage account the container is in");
        if (!System.Uri.TryCreate(environment.Given(Endpoint) ?? $"https://{account}{Domains[0]}", UriKind.Absolute, out var endpoint))
            throw new WorkerException(ExitCode.BadManifest, $"{uri}: {Endpoint} or {Account} gives no web address");
        if (environment.Given(Key) is { } key)
            return new BlobServiceClient(endpoint, new StorageSharedKeyCredential(account, key), Options());
        if (environment.Given(Sas) is { } sas)
            return new BlobServiceClient(endpoint, new Azure.AzureSasCredential(sas.TrimStart('?')), Options());
        return new BlobServiceClient(endpoint, Identity.Value, Options());
    }

    /// <summary>Patient enough for a throttled account: about two minutes in all.</summary>
    private static BlobClientOptions Options() => new()
    {
        Transport = Transport,
        Retry = { Mode = RetryMode.Exponential, MaxRetries = Retries.Most + 1, Delay = Retries.First, MaxDelay = Retries.Longest },
    };

    [GeneratedRegex(@"^(?:(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*|\$root|\$web|\$logs)$")]
    private static partial Regex ContainerName();
}
