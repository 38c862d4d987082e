using LightReasoner.DevCluster.Server;

namespace LightReasoner.DevCluster.Node;

/// <summary>
/// Serves the logs of the node's containers as a kubelet does: <c>GET /containerLogs/{namespace}/{pod}/{container}</c> with
/// follow, tailLines, sinceSeconds, sinceTime, timestamps, previous. HTTPS with a certificate of its own, loopback only.
/// </summary>
internal sealed class LogServer : IAsyncDisposable
{
    private readonly Certificates certificates = new();
    private readonly WebApplication app;

    private LogServer(Func<string, string, PodFolders?> folders, IReadOnlyDictionary<string, LogFile> live, TimeProvider clock)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration()
            .ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(certificates.Server)));
        app = builder.Build();
        app.MapGet("/containerLogs/{ns}/{pod}/{container}", async (string ns, string pod, string container, HttpContext http) =>
        {
            var previous = Flag(http, "previous");
            if (folders(ns, pod) is not { } found)
                await Refuse(http, 404, $"pod \"{pod}\" is not on this node (namespace \"{ns}\")");
            else if (found.NewestLog(container, previous ? 1 : 0) is { } path)
                await Copy(path, live.GetValueOrDefault(path), Options(http, clock), http);
            else
                await Refuse(http, 400, previous ? $"previous terminated container \"{container}\" in pod \"{pod}\" not found"
                    : $"container \"{container}\" in pod \"{pod}\" is waiting to start: ContainerCreating");
        });
    }

    public int Port => new Uri(app.Urls.First()).Port;

    public static async Task<LogServer> StartAsync(Func<string, string, PodFolders?> folders,
        IReadOnlyDictionary<string, LogFile> live, TimeProvider clock, CancellationToken cancel)
    {
        var server = new LogServer(folders, live, clock);
        await server.app.StartAsync(cancel);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
        certificates.Dispose();
    }

    private static async Task Copy(string path, LogFile? live, LogOptions options, HttpContext http)
    {
        http.Response.ContentType = "text/plain";
        // The answer starts at once: a follower of a silent log must see that it is connected.
        await http.Response.StartAsync(http.RequestAborted);
        await LogReader.CopyAsync(path, live, options, http.Response.Body, http.RequestAborted);
    }

    private static LogOptions Options(HttpContext http, TimeProvider clock)
    {
        var query = http.Request.Query;
        DateTimeOffset? since = DateTimeOffset.TryParse(query["sinceTime"], CultureInfo.InvariantCulture, out var t) ? t : null;
        if (int.TryParse(query["sinceSeconds"], out var seconds)) since = clock.GetUtcNow().AddSeconds(-seconds);
        return new LogOptions(Flag(http, "follow"), int.TryParse(query["tailLines"], out var lines) ? lines : null, since,
            Flag(http, "timestamps"));
    }

    private static bool Flag(HttpContext http, string name) => http.Request.Query[name].ToString() is "true" or "1";

    private static Task Refuse(HttpContext http, int code, string message)
    {
        http.Response.StatusCode = code;
        return http.Response.WriteAsync(message);
    }
}
