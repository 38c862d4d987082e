using System.Net;
using System.Net.Sockets;

namespace LightReasoner.Worker.Tests.Faults;

/// <summary>
/// An address at which nobody answers: a queue of connections that is full, and of which none is taken, so that the system drops whatever
/// else comes.
/// </summary>
internal sealed class SilentHost : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _waiting = [];

    public SilentHost()
    {
        _listener.Start(backlog: 0);
        var place = (IPEndPoint)_listener.LocalEndpoint;
        Address = new Uri($"http://{place}/");
        for (int i = 0; i < 4; i++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            _waiting.Add(socket);
            try
            {
                socket.Connect(place);
            }
            catch (SocketException)
            {
                // It waits for an answer.
            }
        }
    }

    public Uri Address { get; }

    public void Dispose()
    {
        foreach (var socket in _waiting) socket.Dispose();
        _listener.Dispose();
    }
}
