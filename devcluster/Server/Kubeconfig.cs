using System.Text;

namespace LightReasoner.DevCluster.Server;

/// <summary>The kubeconfig that leads to this server.</summary>
internal static class Kubeconfig
{
    public static string Write(Uri server, string authorityPem, string token) => $"""
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
            user: admin
            namespace: default
        users:
        - name: admin
          user:
            token: {token}

        """;
}
