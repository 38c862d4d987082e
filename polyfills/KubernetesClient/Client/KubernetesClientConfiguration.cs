using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace k8s;

/// <summary>Where the API server is, whom to trust and who we are.</summary>
public partial class KubernetesClientConfiguration
{
    private JsonSerializerOptions jsonSerializerOptions;

    public string Namespace { get; set; }

    public string Host { get; set; }

    public string CurrentContext { get; private set; }

    public X509Certificate2Collection SslCaCerts { get; set; }

    public string ClientCertificateData { get; set; }

    public string ClientCertificateKeyData { get; set; }

    public string ClientCertificateFilePath { get; set; }

    public string ClientKeyFilePath { get; set; }

    public bool SkipTlsVerify { get; set; }

    public Func<HttpRequestMessage, X509Certificate2, X509Chain, SslPolicyErrors, bool> ServerCertificateCustomValidationCallback { get; set; }

    public string TlsServerName { get; set; }

    public string UserAgent { get; set; }

    public string Username { get; set; }

    public string Password { get; set; }

    public string AccessToken { get; set; }

    public ITokenProvider TokenProvider { get; set; }

    /// <summary>For one request; watches are not bound by it.</summary>
    public TimeSpan HttpClientTimeout { get; set; } = TimeSpan.FromSeconds(100);

    public Action<SocketsHttpHandler> FirstMessageHandlerSetup { get; set; }

    public bool DisableHttp2 { get; set; }

    public JsonSerializerOptions JsonSerializerOptions => jsonSerializerOptions ??= new JsonSerializerOptions(KubernetesJson.Options);

    public void AddJsonOptions(Action<JsonSerializerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        configure(JsonSerializerOptions);
    }
}
