using System.Net.Sockets;

namespace LightReasoner.DevCluster.Node;

/// <summary>Leads connections to a Service's address (<see cref="Loopback.OfService"/>) to one of its ready pods.</summary>
internal sealed class ServiceProxy(string node, Informer pods, ILogger log) : IDisposable
{
    private readonly ConcurrentDictionary<string, JsonObject> services = new();
    private readonly Dictionary<(string Service, int Port), TcpListener> listeners = [];

    /// <summary>A Service of the API server has changed.</summary>
    public void Changed(Change change)
    {
        var key = change.Latest.Key();
        if (change.New is { } service) services[key] = service;
        else services.TryRemove(key, out _);
        HashSet<int> ports = change.New.Entries("spec", "selector").Any()
            ? [.. change.New.Items("spec", "ports").Where(p => p.Text("protocol") is null or "TCP").Select(p => p.Int("port") ?? 0)]
            : [];
        foreach (var gone in listeners.Keys.Where(l => l.Service == key && !ports.Contains(l.Port)).ToList())
        {
            listeners.Remove(gone, out var listener);
            listener!.Dispose();
        }
        foreach (var port in ports.Where(p => !listeners.ContainsKey((key, p)))) Listen(key, port);
    }

    public void Dispose()
    {
        foreach (var listener in listeners.Values) listener.Dispose();
    }

    private void Listen(string key, int port)
    {
        var listener = new TcpListener(IPAddress.Parse(Loopback.OfService(node, key)), port);
        try
        {
            listener.Start();
        }
        catch (SocketException e)
        {
            log.LogWarning("Service {Service} cannot be reached at port {Port}: {Message}", key, port, e.Message);
            return;
        }
        listeners[(key, port)] = listener;
        _ = AcceptAsync(listener, key, port);
    }

    private async Task AcceptAsync(TcpListener listener, string key, int port)
    {
        try
        {
            while (true) _ = ForwardAsync(await listener.AcceptSocketAsync(), key, port);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The Service is gone, or the node ends.
        }
    }

    private async Task ForwardAsync(Socket client, string key, int port)
    {
        using (client)
        {
            if (Endpoint(key, port) is not { } endpoint) return;
            using var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await server.ConnectAsync(endpoint);
                await Task.WhenAll(CopyAsync(client, server), CopyAsync(server, client));
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                log.LogDebug("connection to Service {Service}: {Message}", key, e.Message);
            }
        }
    }

    private IPEndPoint? Endpoint(string key, int port)
    {
        if (!services.TryGetValue(key, out var service)) return null;
        var selector = service.Entries("spec", "selector").ToList();
        var target = service.Items("spec", "ports").FirstOrDefault(p => p.Int("port") == port).At("targetPort");
        foreach (var pod in pods.Objects.OrderBy(_ => Random.Shared.Next()))
        {
            if (pod.Namespace() == service.Namespace() && pod.HasCondition("Ready")
                && selector.TrueForAll(s => pod.Text("metadata", "labels", s.Key) == s.Value) && HttpProbe.Port(pod, target) is { } number
                && IPAddress.TryParse(pod.Text("status", "podIP"), out var address))
                return new IPEndPoint(address, number);
        }
        return null;
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        await using var source = new NetworkStream(from);
        await using var target = new NetworkStream(to);
        await source.CopyToAsync(target);
        to.Shutdown(SocketShutdown.Send);
    }
}
