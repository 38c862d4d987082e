using System.Net;
using System.Net.Sockets;

namespace LightReasoner.Worker.Tests.Faults;

/// <summary>Takes connections and requests, answers the same beginning of an answer to each, and then says nothing more.</summary>
internal sealed class SilentServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly byte[] _beginning;

    public SilentServer(string beginning)
    {
        _beginning = System.Text.Encoding.Latin1.GetBytes(beginning);
        _listener.Start();
        Address = new Uri($"http://{_listener.LocalEndpoint}/");
        _ = AcceptAsync();
    }

    public Uri Address { get; }

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                var connection = await _listener.AcceptTcpClientAsync(_end.Token);
                _ = Task.Run(() => ServeAsync(connection));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(TcpClient connection)
    {
        using var open = connection;
        try
        {
            var stream = open.GetStream();
            var request = new byte[1 << 16];
            if (await stream.ReadAsync(request, _end.Token) == 0) return;
            await stream.WriteAsync(_beginning, _end.Token);
            while (await stream.ReadAsync(request, _end.Token) > 0)
            {
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client has gone, or the test is over.
        }
    }
}
