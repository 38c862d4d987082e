using System.Security.Cryptography.X509Certificates;
using System.Text;
using YamlDotNet.RepresentationModel;

namespace LightReasoner.DevCluster.Client;

/// <summary>The server and the credentials of one context of a kubeconfig file.</summary>
internal sealed record Kubeconfig
{
    public required Uri Server { get; init; }

    /// <summary>PEM certificates that the server's must lead to; null: the system's roots.</summary>
    public string? AuthorityPem { get; init; }

    public bool SkipTlsVerify { get; init; }

    public string? Token { get; init; }

    /// <summary>Read again for every request, so that a rotated token is picked up.</summary>
    public string? TokenFile { get; init; }

    public string? ClientCertificatePem { get; init; }

    public string? ClientKeyPem { get; init; }

    public static Kubeconfig Load(string path, string? context = null)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"{path}: there is no kubeconfig file here", path);
        using var reader = new StreamReader(path);
        var stream = new YamlStream();
        stream.Load(reader);
        if (stream.Documents.Count == 0 || stream.Documents[0].RootNode is not YamlMappingNode root)
            throw new InvalidDataException($"{path}: expected a kubeconfig (a YAML mapping with clusters, users and contexts)");
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        context ??= Text(root, "current-context")
            ?? throw new InvalidDataException($"{path}: current-context is not set; name a context");
        var chosen = Named(root, "contexts", context, "context", path);
        var cluster = Named(root, "clusters", Text(chosen, "cluster") ?? "", "cluster", path);
        var user = Text(chosen, "user") is { } name ? Named(root, "users", name, "user", path) : new YamlMappingNode();
        if (user.Children.ContainsKey(new YamlScalarNode("exec")))
            throw new NotSupportedException($"{path}: user '{Text(chosen, "user")}' uses an exec credential plugin; a token or a client certificate is needed");
        return new Kubeconfig
        {
            Server = new Uri(Text(cluster, "server") ?? throw new InvalidDataException($"{path}: cluster '{Text(chosen, "cluster")}' has no server")),
            AuthorityPem = Pem(cluster, "certificate-authority", folder),
            SkipTlsVerify = Text(cluster, "insecure-skip-tls-verify") == "true",
            Token = Text(user, "token"),
            TokenFile = Text(user, "tokenFile") is { } f ? Path.Combine(folder, f) : null,
            ClientCertificatePem = Pem(user, "client-certificate", folder),
            ClientKeyPem = Pem(user, "client-key", folder),
        };
    }

    /// <summary>A message handler that trusts and authenticates as the file says.</summary>
    public SocketsHttpHandler CreateHandler()
    {
        var handler = new SocketsHttpHandler
        {
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            ConnectTimeout = TimeSpan.FromSeconds(10),
            // The proxy variables of the environment are for the outside world; a loopback API is not there.
            UseProxy = !Server.IsLoopback,
        };
        if (SkipTlsVerify)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        }
        else if (AuthorityPem is not null)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPem(AuthorityPem);
            handler.SslOptions.CertificateChainPolicy = policy;
        }
        if (ClientCertificatePem is not null && ClientKeyPem is not null)
        {
            var certificate = X509Certificate2.CreateFromPem(ClientCertificatePem, ClientKeyPem);
            handler.SslOptions.ClientCertificates = [certificate];
        }
        return handler;
    }

    private static YamlMappingNode Named(YamlMappingNode root, string list, string name, string inner, string path)
    {
        if (root.Children.TryGetValue(new YamlScalarNode(list), out var node) && node is YamlSequenceNode items)
        {
            foreach (var item in items.OfType<YamlMappingNode>())
            {
                if (Text(item, "name") == name && item.Children.TryGetValue(new YamlScalarNode(inner), out var found)
                    && found is YamlMappingNode map) return map;
            }
        }
        throw new InvalidDataException($"{path}: {list} has no entry named '{name}'");
    }

    private static string? Text(YamlMappingNode map, string key) =>
        map.Children.TryGetValue(new YamlScalarNode(key), out var node) && node is YamlScalarNode { Value.Length: > 0 } scalar ? scalar.Value : null;

    private static string? Pem(YamlMappingNode map, string key, string folder)
    {
        if (Text(map, key + "-data") is { } data) return Encoding.UTF8.GetString(Convert.FromBase64String(data));
        return Text(map, key) is { } file ? File.ReadAllText(Path.Combine(folder, file)) : null;
    }
}
