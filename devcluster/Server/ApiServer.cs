using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Authorization;
using LightReasoner.DevCluster.Discovery;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Jobs;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Lifecycle;
using LightReasoner.DevCluster.OpenApi;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Rest;
using LightReasoner.DevCluster.Storage;
using LightReasoner.DevCluster.Tokens;
using LightReasoner.DevCluster.Watch;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

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

    /// <param name="time">What the time is.</param>
    /// <param name="workloads">Whether Jobs, Deployments and ReplicaSets get pods, beside being stored.</param>
    public ApiServer(TimeProvider? time = null, bool workloads = false)
    {
        Time = time ?? TimeProvider.System;
        Store = new Store();
        Registry = new Registry();
        var writer = new ObjectWriter(Store, Time);
        var deleter = new ObjectDeleter(Store, writer);
        var reader = new ObjectReader(Store, Time);
        var authenticator = new Authenticator(Store, issuer, Time, AdminToken);
        var authorizer = new Authorizer(Store);
        pods = new PodSubresources(Store, writer);
        router = new Router(
            Registry, new DiscoveryEndpoint(Registry), new OpenApiEndpoint(Registry),
            new ResourceEndpoint(reader, writer, deleter, new WatchStream(Store, reader, Time, stopping.Token)),
            pods, new TokenRequests(Store, issuer, Time), new Reviews(authenticator, authorizer, writer), authenticator, authorizer);
        foreach (var ns in new[] { "default", "kube-system", "kube-public", "kube-node-lease" })
        {
            writer.Create(Registry.Get("", "v1", "namespaces"), "", new JsonObject
            {
                ["kind"] = "Namespace",
                ["apiVersion"] = "v1",
                ["metadata"] = new JsonObject { ["name"] = ns },
            }, new WriteOptions("kube-apiserver"));
        }

        controllers.Add(Keep(new CrdController(Store, Registry, writer, deleter).Run));
        controllers.Add(Keep(new NamespaceController(Store, Registry, writer, deleter, certificates.AuthorityPem).Run));
        controllers.Add(Keep(new GarbageCollector(Store, Registry, writer, deleter).Run));
        if (!workloads)
            return;
        controllers.Add(Keep(new DeploymentController(Store, Registry, writer, deleter).Run));
        controllers.Add(Keep(new JobController(Store, Registry, writer, deleter).Run));
    }

    public TimeProvider Time { get; }

    public Store Store { get; }

    public Registry Registry { get; }

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
