using k8s.Exceptions;

namespace k8s;

public partial class KubernetesClientConfiguration
{
    private const string ServiceAccountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
    private const string TokenFile = "token";
    private const string RootCaFile = "ca.crt";
    private const string NamespaceFile = "namespace";

    public static bool IsInCluster() =>
        !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"))
        && !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT"))
        && File.Exists(Path.Combine(ServiceAccountPath, TokenFile))
        && File.Exists(Path.Combine(ServiceAccountPath, RootCaFile));

    /// <summary>The service account of the pod that this process runs in; its token is read again as it is renewed.</summary>
    public static KubernetesClientConfiguration InClusterConfig()
    {
        if (!IsInCluster())
        {
            throw new KubeConfigException("Unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined");
        }

        var host = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST");
        var port = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT");
        var namespaceFile = Path.Combine(ServiceAccountPath, NamespaceFile);
        return new KubernetesClientConfiguration
        {
            Host = new UriBuilder("https", host, Convert.ToInt32(port, System.Globalization.CultureInfo.InvariantCulture)).ToString(),
            TokenProvider = new TokenFileAuth(Path.Combine(ServiceAccountPath, TokenFile)),
            SslCaCerts = CertUtils.LoadPemFileCert(Path.Combine(ServiceAccountPath, RootCaFile)),
            Namespace = File.Exists(namespaceFile) ? File.ReadAllText(namespaceFile).Trim() : null,
        };
    }
}
