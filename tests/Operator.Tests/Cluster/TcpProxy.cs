using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>A wire to the API server that can be cut and joined again.</summary>
internal sealed class TcpProxy : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentDictionary<TcpClient, byte> connections = new();
    private readonly IPEndPoint target;
    private volatile bool cut;
    private int refused;

    public TcpProxy(IPEndPoint target)
    {
        this.target = target;
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public int Connections => connections.Count;

    /// <summary>Connections that were asked for in vain so far.</summary>
    public int Refused => refused;

    /// <summary>Breaks every connection, and refuses new ones until <see cref="Join"/>.</summary>
    public void Cut()
    {
        cut = true;
        Break();
    }

    /// <summary>Breaks every connection; new ones are taken.</summary>
    public void Break()
    {
        foreach (var connection in connections.Keys) connection.Dispose();
    }

    public void Join() => cut = false;

    public void Dispose()
    {
        stop.Cancel();
        listener.Stop();
        Cut();
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (!stop.IsCancellationRequested) _ = ServeAsync(await listener.AcceptTcpClientAsync(stop.Token));
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // The end.
        }
    }

    private async Task ServeAsync(TcpClient near)
    {
        using (near)
        using (var far = new TcpClient())
        {
            try
            {
                if (cut)
                {
                    Interlocked.Increment(ref refused);
                    return;
                }
                connections[near] = 0;
                connections[far] = 0;
                await far.ConnectAsync(target);
                await Task.WhenAny(near.GetStream().CopyToAsync(far.GetStream()), far.GetStream().CopyToAsync(near.GetStream()));
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // Cut.
            }
            finally
            {
                connections.TryRemove(near, out _);
                connections.TryRemove(far, out _);
            }
        }
    }
}
