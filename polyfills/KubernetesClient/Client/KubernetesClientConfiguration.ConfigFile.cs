using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using k8s.Exceptions;
using k8s.KubeConfigModels;

namespace k8s;

public partial class KubernetesClientConfiguration
{
    private const string KubeConfigVariable = "KUBECONFIG";

    private static readonly string Home = Environment.GetEnvironmentVariable(RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "USERPROFILE" : "HOME") ?? "/root";

    public static string KubeConfigDefaultLocation { get; } = Path.Combine(Home, ".kube", "config");

    /// <summary>$KUBECONFIG, ~/.kube/config, the service account of the pod, http://localhost:8080, whichever is there first.</summary>
    public static KubernetesClientConfiguration BuildDefaultConfig()
    {
        var fromVariable = Environment.GetEnvironmentVariable(KubeConfigVariable)?
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(File.Exists);
        if (fromVariable != null)
        {
            return BuildConfigFromConfigFile(fromVariable);
        }

        if (File.Exists(KubeConfigDefaultLocation))
        {
            return BuildConfigFromConfigFile(KubeConfigDefaultLocation);
        }

        return IsInCluster() ? InClusterConfig() : new KubernetesClientConfiguration { Host = "http://localhost:8080" };
    }

    public static KubernetesClientConfiguration BuildConfigFromConfigFile(
        string kubeconfigPath = null,
        string currentContext = null,
        string masterUrl = null,
        bool useRelativePaths = true) =>
        BuildConfigFromConfigFile(new FileInfo(kubeconfigPath ?? KubeConfigDefaultLocation), currentContext, masterUrl, useRelativePaths);

    public static KubernetesClientConfiguration BuildConfigFromConfigFile(
        FileInfo kubeconfig,
        string currentContext = null,
        string masterUrl = null,
        bool useRelativePaths = true)
    {
        ArgumentNullException.ThrowIfNull(kubeconfig);
        if (!kubeconfig.Exists)
        {
            throw new KubeConfigException($"kubeconfig file not found at {kubeconfig.FullName}");
        }

        return BuildConfigFromConfigObject(Parse(File.ReadAllText(kubeconfig.FullName), kubeconfig.FullName, useRelativePaths), currentContext, masterUrl);
    }

    public static KubernetesClientConfiguration BuildConfigFromConfigFile(Stream kubeconfig, string currentContext = null, string masterUrl = null)
    {
        ArgumentNullException.ThrowIfNull(kubeconfig);
        using var reader = new StreamReader(kubeconfig, leaveOpen: true);
        return BuildConfigFromConfigObject(Parse(reader.ReadToEnd(), null, false), currentContext, masterUrl);
    }

    public static KubernetesClientConfiguration BuildConfigFromConfigObject(K8SConfiguration k8SConfig, string currentContext = null, string masterUrl = null)
    {
        ArgumentNullException.ThrowIfNull(k8SConfig);
        var result = new KubernetesClientConfiguration { CurrentContext = currentContext ?? k8SConfig.CurrentContext };
        if (result.CurrentContext == null)
        {
            result.Host = masterUrl;
            return result;
        }

        var context = k8SConfig.Contexts.FirstOrDefault(c => c.Name == result.CurrentContext)?.ContextDetails
            ?? throw new KubeConfigException($"CurrentContext: {result.CurrentContext} not found in contexts in kubeconfig");
        result.Namespace = context.Namespace;
        if (!string.IsNullOrEmpty(context.Cluster) || masterUrl == null)
        {
            result.SetCluster(k8SConfig.Clusters.FirstOrDefault(c => c.Name == context.Cluster)?.ClusterEndpoint
                ?? throw new KubeConfigException($"Cluster not found for context {result.CurrentContext} in kubeconfig"));
        }

        result.Host = masterUrl ?? result.Host;
        if (!string.IsNullOrEmpty(context.User))
        {
            result.SetUser(context.User, k8SConfig.Users.FirstOrDefault(u => u.Name == context.User)?.UserCredentials
                ?? throw new KubeConfigException($"User not found for context {result.CurrentContext} in kubeconfig"));
        }

        return result;
    }

    private static K8SConfiguration Parse(string yaml, string file, bool relative)
    {
        K8SConfiguration parsed;
        try
        {
            parsed = KubernetesYaml.Deserialize<K8SConfiguration>(yaml) ?? new K8SConfiguration();
        }
        catch (Exception e) when (e is YamlDotNet.Core.YamlException or JsonException)
        {
            throw new KubeConfigException($"{file ?? "kubeconfig"} is not a kubeconfig: {e.Message}", e);
        }

        parsed.FileName = file;
        parsed.Contexts ??= [];
        parsed.Clusters ??= [];
        parsed.Users ??= [];
        if (file == null || !relative)
        {
            return parsed;
        }

        var folder = Path.GetDirectoryName(file);
        string Absolute(string path) => string.IsNullOrEmpty(path) ? path : Path.Combine(folder, path);
        foreach (var cluster in parsed.Clusters.Select(c => c.ClusterEndpoint).Where(c => c != null))
        {
            cluster.CertificateAuthority = Absolute(cluster.CertificateAuthority);
        }

        foreach (var user in parsed.Users.Select(u => u.UserCredentials).Where(u => u != null))
        {
            user.ClientCertificate = Absolute(user.ClientCertificate);
            user.ClientKey = Absolute(user.ClientKey);
            user.TokenFile = Absolute(user.TokenFile);
        }

        return parsed;
    }

    private void SetCluster(ClusterEndpoint cluster)
    {
        if (string.IsNullOrWhiteSpace(cluster.Server))
        {
            throw new KubeConfigException($"Server not found for current-context `{CurrentContext}` in kubeconfig");
        }

        Host = cluster.Server;
        SkipTlsVerify = cluster.SkipTlsVerify;
        TlsServerName = cluster.TlsServerName;
        if (!Uri.TryCreate(Host, UriKind.Absolute, out var uri))
        {
            throw new KubeConfigException($"Bad server host URL `{Host}` (cannot be parsed)");
        }

        if (uri.Scheme != Uri.UriSchemeHttps)
        {
            return;
        }

        if (!string.IsNullOrEmpty(cluster.CertificateAuthorityData))
        {
            SslCaCerts = [];
            SslCaCerts.ImportFromPem(System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(cluster.CertificateAuthorityData)));
        }
        else if (!string.IsNullOrEmpty(cluster.CertificateAuthority))
        {
            SslCaCerts = CertUtils.LoadPemFileCert(cluster.CertificateAuthority);
        }
    }

    private void SetUser(string name, UserCredentials user)
    {
        (Username, Password) = (user.UserName, user.Password);
        if (!string.IsNullOrEmpty(user.Token))
        {
            AccessToken = user.Token;
        }
        else if (!string.IsNullOrEmpty(user.TokenFile))
        {
            TokenProvider = new TokenFileAuth(user.TokenFile);
        }
        else if (user.ExternalExecution != null)
        {
            throw new KubeConfigException(
                $"User {name} in kubeconfig gets its credentials from the program `{user.ExternalExecution.Command}` (exec), which is not supported here; use a token or a client certificate");
        }

        (ClientCertificateData, ClientCertificateKeyData) = (user.ClientCertificateData, user.ClientKeyData);
        (ClientCertificateFilePath, ClientKeyFilePath) = (user.ClientCertificate, user.ClientKey);
    }
}
