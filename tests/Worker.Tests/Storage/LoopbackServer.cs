using System.Net;
using System.Net.Sockets;

namespace LightReasoner.Worker.Tests.Storage;

/// <summary>An HTTP server of this process on a free port; each request is handled on its own.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly HttpListener _listener;
    private readonly Func<HttpListenerContext, Task> _handle;

    public LoopbackServer(Func<HttpListenerContext, Task> handle)
    {
        _handle = handle;
        (_listener, Address) = Listen();
        _ = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>Ends an answer with a body.</summary>
    public static async Task AnswerAsync(HttpListenerContext context, byte[] body, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentLength64 = body.Length;
        if (context.Request.HttpMethod != "HEAD") await context.Response.OutputStream.WriteAsync(body);
        context.Response.Close();
    }

    /// <summary>
    /// Announces a body, sends a part of it, and breaks the connection off. (Without a body, the listener would send an empty answer
    /// instead.)
    /// </summary>
    public static async Task CutAsync(HttpListenerContext context, ReadOnlyMemory<byte> body, int sent)
    {
        context.Response.ContentLength64 = body.Length;
        await context.Response.OutputStream.WriteAsync(body[..sent]);
        await context.Response.OutputStream.FlushAsync();
        context.Response.Abort();
    }

    /// <summary>
    /// A port of this machine that nobody listens on. It is below those that Linux gives to connections and to servers that take any port,
    /// which would soon use it again.
    /// </summary>
    public static int ClosedPort()
    {
        while (true)
        {
            using var probe = new TcpListener(IPAddress.Loopback, Random.Shared.Next(10_000, 32_768));
            try
            {
                probe.Start();
                return ((IPEndPoint)probe.LocalEndpoint).Port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Another one, then.
            }
        }
    }

    public void Dispose() => _listener.Close();

    private static (HttpListener, Uri) Listen()
    {
        while (true)
        {
            var address = new Uri($"http://127.0.0.1:{ClosedPort()}/");
            var listener = new HttpListener();
            listener.Prefixes.Add(address.ToString());
            try
            {
                listener.Start();
                return (listener, address);
            }
            catch (HttpListenerException)
            {
                // Another program took the port in between.
            }
        }
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            _ = Task.Run(async () =>
            {
                try
                {
                    await _handle(context);
                }
                catch (Exception e) when (
                    e is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException
                    or HttpRequestException)
                {
                    context.Response.Abort();
                }
            });
        }
    }
}
