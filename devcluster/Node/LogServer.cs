using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LightReasoner.DevCluster.Node;

/// <summary>
/// Serves the logs of the node's containers as a kubelet does: <c>GET /containerLogs/{namespace}/{pod}/{container}</c> with
/// follow, tailLines, sinceSeconds, sinceTime, timestamps, previous, limitBytes. HTTPS with a certificate of its own, loopback only.
/// </summary>
internal sealed class LogServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private LogServer(WebApplication app, int port)
    {
        this.app = app;
        Port = port;
    }

    public int Port { get; }

    public static async Task<LogServer> StartAsync(Func<string, string, PodFolders?> folders, LiveLogs live, TimeProvider clock,
        CancellationToken cancel)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration()
            .ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(SelfSigned())));
        var app = builder.Build();
        app.UseRouting();
        app.MapGet("/healthz", () => "ok");
        app.MapGet("/containerLogs/{ns}/{pod}/{container}", (string ns, string pod, string container, HttpContext http) =>
            Serve(http, folders(ns, pod), live, ns, pod, container, clock));
        await app.StartAsync(cancel);
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new LogServer(app, new Uri(address).Port);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    private static async Task Serve(
        HttpContext http, PodFolders? folders, LiveLogs live, string ns, string pod, string container, TimeProvider clock)
    {
        if (folders is null)
        {
            await Refuse(http, StatusCodes.Status404NotFound, $"pod \"{pod}\" is not on this node (namespace \"{ns}\")");
            return;
        }
        var previous = Flag(http, "previous");
        if (folders.NewestLog(container, previous ? 1 : 0) is not { } path)
        {
            await Refuse(http, StatusCodes.Status400BadRequest, previous
                ? $"previous terminated container \"{container}\" in pod \"{pod}\" not found"
                : $"container \"{container}\" in pod \"{pod}\" is waiting to start: ContainerCreating");
            return;
        }
        http.Response.ContentType = "text/plain";
        // The answer starts at once: a follower of a silent log must see that it is connected.
        await http.Response.StartAsync(http.RequestAborted);
        try
        {
            await LogReader.CopyAsync(path, live.Find(path), Options(http, clock), http.Response.Body, http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The reader hung up.
        }
    }

    private static LogOptions Options(HttpContext http, TimeProvider clock)
    {
        var since = Text(http, "sinceTime") is { } time
            && DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var t) ? t
                : (DateTimeOffset?)null;
        if (Number(http, "sinceSeconds") is { } seconds) since = clock.GetUtcNow() - TimeSpan.FromSeconds(seconds);
        return new LogOptions
        {
            Follow = Flag(http, "follow"),
            Timestamps = Flag(http, "timestamps"),
            TailLines = (int?)Number(http, "tailLines"),
            LimitBytes = Number(http, "limitBytes"),
            Since = since,
        };
    }

    private static Task Refuse(HttpContext http, int code, string message)
    {
        http.Response.StatusCode = code;
        return http.Response.WriteAsync(message);
    }

    private static string? Text(HttpContext http, string name) => http.Request.Query[name] is { Count: > 0 } v ? v[0] : null;

    private static bool Flag(HttpContext http, string name) => Text(http, name) is "true" or "1" or "";

    private static long? Number(HttpContext http, string name) =>
        long.TryParse(Text(http, name), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=node", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(1));
        // Exported and read again: TLS servers need the key in a form of its own.
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }
}
