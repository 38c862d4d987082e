using LightReasoner.DevCluster.Client;

namespace LightReasoner.DevCluster.Tests.Client;

public sealed class KubeconfigTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("kubeconfig-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Load_TokenAndInlineAuthority_OfTheCurrentContext()
    {
        var config = Kubeconfig.Load(Write(
            $$"""
            apiVersion: v1
            kind: Config
            current-context: b
            contexts:
            - {name: a, context: {cluster: x, user: x} }
            - {name: b, context: {cluster: y, user: z} }
            clusters:
            - {name: x, cluster: {server: "https://x"} }
            - {name: y, cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: {{Convert.ToBase64String("PEM"u8)}} } }
            users:
            - {name: z, user: {token: secret} }
            """));
        Assert.Equal(("https://127.0.0.1:6443/", "PEM", "secret"), (config.Server.AbsoluteUri, config.AuthorityPem, config.Token));
    }

    [Fact]
    public void Load_FilesBesideIt_AreReadFromItsFolder()
    {
        File.WriteAllText(Path.Combine(folder, "ca.pem"), "CA");
        var config = Kubeconfig.Load(Write(
            """
            current-context: a
            contexts: [{name: a, context: {cluster: x, user: x}}]
            clusters: [{name: x, cluster: {server: "https://x", certificate-authority: ca.pem}}]
            users: [{name: x, user: {tokenFile: token}}]
            """));
        Assert.Equal(("CA", Path.Combine(folder, "token")), (config.AuthorityPem, config.TokenFile));
    }

    [Theory]
    [InlineData("current-context: none", "contexts has no entry named 'none'")]
    [InlineData("kind: Config", "current-context is not set")]
    [InlineData("", "expected a kubeconfig")]
    public void Load_SomethingMissing_SaysWhat(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => Kubeconfig.Load(Write(text))).Message);

    private string Write(string text)
    {
        var path = Path.Combine(folder, "config");
        File.WriteAllText(path, text);
        return path;
    }
}
