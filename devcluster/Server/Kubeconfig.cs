namespace LightReasoner.DevCluster.Server;

/// <summary>Kubeconfigs that lead to a server by a token.</summary>
internal static class Kubeconfig
{
    public static string Write(Uri server, string authorityPem, string token, string ns = "default") => $"""
        apiVersion: v1
        kind: Config
        current-context: devcluster
        clusters:
        - name: devcluster
          cluster:
            server: {server.ToString().TrimEnd('/')}
            certificate-authority-data: {Convert.ToBase64String(Encoding.ASCII.GetBytes(authorityPem))}
        contexts:
        - name: devcluster
          context:
            cluster: devcluster
            user: devcluster
            namespace: {ns}
        users:
        - name: devcluster
          user:
            token: {token}

        """;
}
