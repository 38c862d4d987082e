using System.Text;
using k8s;
using k8s.Authentication;
using k8s.Exceptions;

namespace LightReasoner.Polyfills.Tests.Kubernetes;

public sealed class KubeConfigTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("kubeconfig").FullName;

    public void Dispose() => Directory.Delete(folder, true);

    [Fact]
    public void Contexts_AreChosen()
    {
        var file = Write("""
            apiVersion: v1
            kind: Config
            current-context: dev
            preferences: {}
            contexts:
            - name: dev
              context: {cluster: local, user: me, namespace: team}
            - name: prod
              context: {cluster: remote, user: robot}
            clusters:
            - name: local
              cluster: {server: "http://127.0.0.1:8001"}
            - name: remote
              cluster: {server: "https://api.example.com:6443", insecure-skip-tls-verify: true, tls-server-name: kubernetes}
            users:
            - name: me
              user: {token: secret}
            - name: robot
              user: {username: u, password: p}
            """);
        var dev = KubernetesClientConfiguration.BuildConfigFromConfigFile(file);
        Assert.Equal(("http://127.0.0.1:8001", "team", "secret", "dev"), (dev.Host, dev.Namespace, dev.AccessToken, dev.CurrentContext));
        var prod = KubernetesClientConfiguration.BuildConfigFromConfigFile(file, currentContext: "prod");
        Assert.Equal(("https://api.example.com:6443", true, "kubernetes", "u", "p"), (prod.Host, prod.SkipTlsVerify, prod.TlsServerName, prod.Username, prod.Password));
        Assert.Equal("http://other", KubernetesClientConfiguration.BuildConfigFromConfigFile(file, masterUrl: "http://other").Host);
        using var stream = new MemoryStream(File.ReadAllBytes(file));
        Assert.Equal("secret", KubernetesClientConfiguration.BuildConfigFromConfigFile(stream).AccessToken);
    }

    [Fact]
    public async Task RelativeFiles_AreTakenFromTheFilesFolder()
    {
        using var authority = Certificates.Authority();
        File.WriteAllText(Path.Combine(folder, "ca.pem"), authority.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "token"), "from-file\n");
        var config = KubernetesClientConfiguration.BuildConfigFromConfigFile(Write("""
            current-context: a
            contexts: [{name: a, context: {cluster: c, user: u}}]
            clusters: [{name: c, cluster: {server: "https://h", certificate-authority: ca.pem}}]
            users: [{name: u, user: {tokenFile: token, client-certificate: c.pem, client-key: k.pem}}]
            """));
        Assert.Equal(authority.Subject, Assert.Single(config.SslCaCerts).Subject);
        Assert.Equal(Path.Combine(folder, "k.pem"), config.ClientKeyFilePath);
        var header = await Assert.IsType<TokenFileAuth>(config.TokenProvider).GetAuthenticationHeaderAsync(default);
        Assert.Equal("Bearer from-file", header.ToString());
    }

    [Theory]
    [InlineData("current-context: x", "x")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: nope, user: u}}]", "Cluster")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: c, user: nope}}]\nclusters: [{name: c, cluster: {server: 'http://h'}}]", "User")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'http://h'}}]\nusers: [{name: u, user: {exec: {command: kubelogin}}}]", "kubelogin")]
    [InlineData("a: [", "not a kubeconfig")]
    public void WhatIsMissing_IsNamed(string yaml, string named) =>
        Assert.Contains(named, Assert.Throws<KubeConfigException>(() => KubernetesClientConfiguration.BuildConfigFromConfigFile(Write(yaml))).Message);

    [Fact]
    public void MissingFile_IsNamed() => Assert.Contains(
        "nowhere", Assert.Throws<KubeConfigException>(() => KubernetesClientConfiguration.BuildConfigFromConfigFile(Path.Combine(folder, "nowhere"))).Message);

    private string Write(string yaml)
    {
        var file = Path.Combine(folder, "config");
        File.WriteAllText(file, yaml, Encoding.UTF8);
        return file;
    }
}
