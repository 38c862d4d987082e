using System.Net;
using LightReasoner.Worker.Tests.Storage;

namespace LightReasoner.Worker.Tests.Faults;

/// <summary>
/// Passes requests on to a server and fails a share of them: by an error instead of passing it on, by losing the answer after the server did what was
/// asked, or by breaking the answer off in the middle.
/// </summary>
internal sealed class FlakyProxy : IDisposable
{
    private static readonly string[] OwnHeaders = ["Host", "Connection", "Content-Length", "Transfer-Encoding", "Keep-Alive"];

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private readonly LoopbackServer _server;
    private readonly Uri _target;
    private readonly double _share;
    private readonly Random _random;
    private readonly Lock _lock = new();

    public FlakyProxy(Uri target, double share, int seed)
    {
        (_target, _share, _random) = (target, share, new Random(seed));
        _server = new LoopbackServer(HandleAsync);
    }

    public Uri Address => _server.Address;

    public int Passed { get; private set; }

    public int Failed { get; private set; }

    public void Dispose()
    {
        _server.Dispose();
        _http.Dispose();
    }

    private async Task HandleAsync(HttpListenerContext context)
    {
        int? failure;
        lock (_lock)
        {
            failure = _random.NextDouble() < _share ? _random.Next(3) : null;
            if (failure is null) Passed++;
            else Failed++;
        }
        if (failure == 0)
        {
            await LoopbackServer.AnswerAsync(context, [], _random.Next(2) == 0 ? 503 : 500);
            return;
        }
        using HttpResponseMessage response = await ForwardAsync(context.Request);
        byte[] body = await response.Content.ReadAsByteArrayAsync();
        if (failure == 1)
        {
            context.Response.Abort();
            return;
        }
        foreach ((string name, IEnumerable<string> values) in response.Headers.Concat(response.Content.Headers))
            if (!OwnHeaders.Contains(name, StringComparer.OrdinalIgnoreCase)) context.Response.Headers[name] = string.Join(", ", values);
        context.Response.StatusCode = (int)response.StatusCode;
        if (failure == 2)
        {
            await LoopbackServer.CutAsync(context, body.Length > 1 ? body : new byte[2], body.Length / 2);
            return;
        }
        if (context.Request.HttpMethod == "HEAD") context.Response.ContentLength64 = response.Content.Headers.ContentLength ?? 0;
        else
        {
            context.Response.ContentLength64 = body.Length;
            await context.Response.OutputStream.WriteAsync(body);
        }
        context.Response.Close();
    }

    private async Task<HttpResponseMessage> ForwardAsync(HttpListenerRequest request)
    {
        var message = new HttpRequestMessage(new HttpMethod(request.HttpMethod), new Uri(_target, request.RawUrl));
        if (request.HasEntityBody || request.HttpMethod == "PUT")
        {
            using var body = new MemoryStream();
            await request.InputStream.CopyToAsync(body);
            message.Content = new ByteArrayContent(body.ToArray());
        }
        foreach (string name in request.Headers.AllKeys.OfType<string>().Where(name => !OwnHeaders.Contains(name, StringComparer.OrdinalIgnoreCase)))
            if (!message.Headers.TryAddWithoutValidation(name, request.Headers[name])) message.Content?.Headers.TryAddWithoutValidation(name, request.Headers[name]);
        return await _http.SendAsync(message);
    }
}
