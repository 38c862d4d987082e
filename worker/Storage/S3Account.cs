using Amazon;
using Amazon.Runtime;
using Amazon.S3;

namespace LightReasoner.Worker.Storage;

/// <summary>
/// S3 and what speaks it. Credentials are the SDK's default chain: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a service account's web
/// identity (IRSA) or EKS Pod Identity, a profile, the machine's role. <c>AWS_ENDPOINT_URL</c> (or <c>AWS_ENDPOINT_URL_S3</c>) leads to
/// another service than Amazon's.
/// </summary>
internal static class S3Account
{
    /// <summary>Requests go over the connections that all stores share.</summary>
    public static HttpClientFactory Shared { get; } = new Clients();

    /// <summary>The store at <c>s3://bucket/path</c>.</summary>
    public static S3BlobStore Open(StorageUri uri)
    {
        var bucket = System.Uri.UnescapeDataString(uri.Root["s3://".Length..]);
        if (bucket.Length is < 3 or > 63 || bucket.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_')))
            throw new WorkerException(ExitCode.BadManifest,
                $"{uri}: '{bucket}' cannot be a bucket's name, which has 3 to 63 lower-case letters, digits, dots and hyphens "
                + "(s3://bucket/path)");
        return new S3BlobStore(CreateClient($"{uri}"), bucket, uri.Name, $"{uri}");
    }

    private static AmazonS3Client CreateClient(string uri)
    {
        var config = new AmazonS3Config
        {
            // Checksums that nobody asked for make older servers refuse, or spoil, what is sent.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = Retries.Most + 1,
            ThrottleRetries = false,
            HttpClientFactory = Shared,
        };
        var region = Variables.Given("AWS_REGION") ?? Variables.Given("AWS_DEFAULT_REGION");
        if ((Variables.Given("AWS_ENDPOINT_URL_S3") ?? Variables.Given("AWS_ENDPOINT_URL")) is { } endpoint)
        {
            if (!System.Uri.TryCreate(endpoint, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
                throw new WorkerException(ExitCode.BadManifest,
                    $"{uri}: AWS_ENDPOINT_URL must be a web address such as https://minio.example.com, was '{endpoint}'");
            (config.ServiceURL, config.ForcePathStyle, config.AuthenticationRegion) = (endpoint, true, region ?? "us-east-1");
        }
        else if (region is not null) config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        else if (config.RegionEndpoint is null)
            throw new WorkerException(ExitCode.NoPermission,
                $"{uri}: set AWS_REGION to the bucket's region, or AWS_ENDPOINT_URL to the address of another service that speaks S3");
        return new AmazonS3Client(config);
    }

    private sealed class Clients : HttpClientFactory
    {
        /// <summary>One request moves a file of 5 GB at most.</summary>
        private readonly HttpClient _http = Connections.Client(TimeSpan.FromHours(1));

        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _http;

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
    }
}
