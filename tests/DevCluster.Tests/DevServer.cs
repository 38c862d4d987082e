using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using LightReasoner.DevCluster.Server;

namespace LightReasoner.DevCluster.Tests;

/// <summary>A running API server, with the controllers of workloads where a test wants it.</summary>
internal sealed class DevServer : IAsyncDisposable
{
    private DevServer(ApiServer api, string folder)
    {
        Api = api;
        Folder = folder;
        Kubeconfig = Path.Combine(folder, "kubeconfig");
    }

    public ApiServer Api { get; }

    public string Folder { get; }

    public string Kubeconfig { get; }

    public static async Task<DevServer> Start(bool workloads = false)
    {
        var server = new DevServer(new ApiServer(workloads: workloads), Directory.CreateTempSubdirectory("devcluster-test-").FullName);
        await server.Api.Start();
        await File.WriteAllTextAsync(server.Kubeconfig, server.Api.Kubeconfig());
        return server;
    }

    /// <summary>A client that sends nothing of its own: no user agent, no accept, no credentials.</summary>
    public HttpClient BareClient()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(Api.AuthorityPem);
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false };
        handler.SslOptions.CertificateChainPolicy = policy;
        return new HttpClient(handler) { BaseAddress = Api.Address, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>A definition is served a moment after it was made.</summary>
    public static async Task UntilServedAsync(HttpClient client, string path)
    {
        for (var i = 0; i < 3000; i++)
        {
            using var answer = await client.GetAsync(path);
            if (answer.IsSuccessStatusCode)
                return;
            await Task.Delay(50);
        }

        Assert.Fail($"{path} is not served");
    }

    /// <summary>A client with the administrator's token and nothing else of its own.</summary>
    public HttpClient AdministratorClient()
    {
        var client = BareClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Api.AdminToken);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
