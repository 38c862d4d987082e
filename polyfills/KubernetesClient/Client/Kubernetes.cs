using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace k8s;

public partial class Kubernetes : AbstractKubernetes, IKubernetes
{
    private readonly JsonSerializerOptions jsonOptions;
    private readonly bool disableHttp2;
    private X509Certificate2 clientCertificate;
    private bool disposed;

    public Kubernetes(KubernetesClientConfiguration config, params DelegatingHandler[] handlers)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (string.IsNullOrWhiteSpace(config.Host))
        {
            throw new Exceptions.KubeConfigException("Host url must be set");
        }

        if (!Uri.TryCreate(config.Host.TrimEnd('/') + "/", UriKind.Absolute, out var baseUri))
        {
            throw new Exceptions.KubeConfigException($"Bad host url: {config.Host}");
        }

        BaseUri = baseUri;
        HttpClientTimeout = config.HttpClientTimeout;
        jsonOptions = config.JsonSerializerOptions;
        disableHttp2 = config.DisableHttp2;
        Credentials = CreateCredentials(config);
        HttpClient = CreateClient(config, handlers);
    }

    public Uri BaseUri { get; set; }

    public HttpClient HttpClient { get; protected set; }

    public ServiceClientCredentials Credentials { get; private set; }

    private protected override JsonSerializerOptions JsonOptions => jsonOptions;

    public static ServiceClientCredentials CreateCredentials(KubernetesClientConfiguration config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.TokenProvider != null)
        {
            return new TokenCredentials(config.TokenProvider);
        }

        if (!string.IsNullOrEmpty(config.AccessToken))
        {
            return new TokenCredentials(config.AccessToken);
        }

        return string.IsNullOrEmpty(config.Username) ? null : new BasicAuthenticationCredentials { UserName = config.Username, Password = config.Password };
    }

    private protected override async Task<HttpResponseMessage> SendRequestAsync(HttpRequestMessage request, string content, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        request.RequestUri = new Uri(BaseUri, request.RequestUri);
        if (!disableHttp2 && BaseUri.Scheme == Uri.UriSchemeHttps)
        {
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        }

        if (Credentials != null)
        {
            await Credentials.ProcessHttpRequestAsync(request, cancellationToken).ConfigureAwait(false);
        }

        var response = await HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            var answer = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            throw new HttpOperationException($"Operation returned an invalid status code '{response.StatusCode}', response body {answer}")
            {
                Request = new HttpRequestMessageWrapper(request, content),
                Response = new HttpResponseMessageWrapper(response, answer),
            };
        }
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing && !disposed)
        {
            disposed = true;
            HttpClient.Dispose();
            clientCertificate?.Dispose();
        }
    }

    private HttpClient CreateClient(KubernetesClientConfiguration config, DelegatingHandler[] handlers)
    {
        var sockets = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),

            // A watch may be silent for minutes: a peer that is gone without a word is found by these, over HTTP/2 and 1.1.
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(30),
            ConnectCallback = ConnectAsync,
        };
        if (BaseUri.Scheme == Uri.UriSchemeHttps)
        {
            sockets.SslOptions = CreateTlsOptions(config);
        }

        config.FirstMessageHandlerSetup?.Invoke(sockets);
        HttpMessageHandler first = sockets;
        foreach (var handler in handlers ?? [])
        {
            handler.InnerHandler = first;
            first = handler;
        }

        var client = new HttpClient(first, disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };
        var agent = config.UserAgent ?? "k8s-dotnet";
        client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", agent);
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        return client;
    }

    private SslClientAuthenticationOptions CreateTlsOptions(KubernetesClientConfiguration config)
    {
        var tls = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.None,
            TargetHost = config.TlsServerName,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
        if (config.ServerCertificateCustomValidationCallback is { } custom)
        {
            tls.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => custom(null, certificate as X509Certificate2, chain, errors);
        }
        else if (config.SkipTlsVerify)
        {
            tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        }
        else if (config.SslCaCerts is { Count: > 0 } authorities)
        {
            tls.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                CertUtils.IsTrusted(authorities, certificate as X509Certificate2, errors);
        }

        clientCertificate = CertUtils.GetClientCert(config);
        if (clientCertificate != null)
        {
            tls.ClientCertificates = [clientCertificate];
            tls.LocalCertificateSelectionCallback = (_, _, _, _, _) => clientCertificate;
        }

        return tls;
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
