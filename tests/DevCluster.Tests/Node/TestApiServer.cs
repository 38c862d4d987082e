using LightReasoner.DevCluster.Server;

namespace LightReasoner.DevCluster.Tests.Node;

/// <summary>The API server in this process, and a kubeconfig file for it.</summary>
internal sealed class TestApiServer : IAsyncDisposable
{
    private readonly ApiServer server = new(workloads: true);

    public string Kubeconfig { get; } = Path.Combine(Path.GetTempPath(), $"kubeconfig-{Guid.NewGuid():N}");

    public static async Task<TestApiServer> StartAsync()
    {
        var test = new TestApiServer();
        await test.server.Start();
        await File.WriteAllTextAsync(test.Kubeconfig, test.server.Kubeconfig());
        return test;
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        File.Delete(Kubeconfig);
    }
}
