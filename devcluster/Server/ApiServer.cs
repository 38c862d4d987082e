using LightReasoner.DevCluster.Authorization;
using LightReasoner.DevCluster.Discovery;
using LightReasoner.DevCluster.Jobs;
using LightReasoner.DevCluster.Lifecycle;
using LightReasoner.DevCluster.OpenApi;
using LightReasoner.DevCluster.Watch;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace LightReasoner.DevCluster.Server;

/// <summary>The API server in one object: store, endpoints, controllers of the control plane, and the HTTPS listener.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly Certificates certificates = new();
    private readonly TokenIssuer issuer = new();
    private readonly PodSubresources pods;
    private readonly Router router;
    private readonly List<Task> controllers = [];
    private WebApplication? web;

    /// <param name="workloads">Whether Jobs, Deployments and ReplicaSets get pods, beside being stored.</param>
    public ApiServer(bool workloads = false)
    {
        var (store, registry, time) = (new Store(), new Registry(), TimeProvider.System);
        var writer = new ObjectWriter(store, time);
        var deleter = new ObjectDeleter(store, writer);
        var reader = new ObjectReader(store, time);
        var authenticator = new Authenticator(store, issuer, time, AdminToken);
        var authorizer = new Authorizer(store);
        pods = new PodSubresources(store, writer);
        router = new Router(
            registry, new DiscoveryEndpoint(registry), new OpenApiEndpoint(registry),
            new ResourceEndpoint(reader, writer, deleter, new WatchStream(store, reader, time, stopping.Token)),
            pods, new TokenRequests(store, issuer, time), new Reviews(authenticator, authorizer, writer), authenticator, authorizer);
        foreach (var ns in new[] { "default", "kube-system", "kube-public", "kube-node-lease" })
        {
            writer.Create(registry.Get("", "v1", "namespaces"), "", new JsonObject
            {
                ["kind"] = "Namespace",
                ["apiVersion"] = "v1",
                ["metadata"] = new JsonObject { ["name"] = ns },
            }, new WriteOptions("kube-apiserver"));
        }

        controllers.Add(Keep(new CrdController(store, registry, writer, deleter).Run));
        controllers.Add(Keep(new NamespaceController(store, registry, writer, deleter, certificates.AuthorityPem).Run));
        controllers.Add(Keep(new GarbageCollector(store, registry, writer, deleter).Run));
        if (!workloads)
            return;
        controllers.Add(Keep(new DeploymentController(store, registry, writer, deleter).Run));
        controllers.Add(Keep(new JobController(store, registry, writer, deleter).Run));
    }

    /// <summary>The bearer token of the administrator.</summary>
    public string AdminToken { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));

    public string AuthorityPem => certificates.AuthorityPem;

    /// <summary>https://127.0.0.1:PORT, once started.</summary>
    public Uri Address { get; private set; } = new("https://127.0.0.1:0");

    /// <summary>A kubeconfig for the administrator.</summary>
    public string Kubeconfig() => Server.Kubeconfig.Write(Address, certificates.AuthorityPem, AdminToken);

    public async Task Start(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 8 * 1024 * 1024;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
            kestrel.Listen(IPAddress.Loopback, port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(certificates.Server);
            });
        });
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(2));
        web = builder.Build();
        web.Run(router.Handle);
        await web.StartAsync();
        Address = new Uri(web.Urls.First());
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        if (web is not null)
        {
            await web.StopAsync();
            await web.DisposeAsync();
        }

        await Task.WhenAll(controllers);
        pods.Dispose();
        issuer.Dispose();
        certificates.Dispose();
        stopping.Dispose();
    }

    // A controller ends when the server stops. An error in one change must not end it.
    private Task Keep(Func<CancellationToken, Task> run) => Task.Run(async () =>
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await run(stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e)
            {
                await Console.Error.WriteLineAsync($"a controller of the development cluster failed and starts again: {e}");
                await Task.Delay(200);
            }
        }
    });
}
