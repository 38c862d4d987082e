using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LightReasoner.Worker.Tests.Faults;

/// <summary>
/// Passes HTTP requests on to a server and fails a share of them: by an error instead of passing it on, by losing the answer after the
/// server did what was asked, or by breaking the answer off in the middle.
/// </summary>
internal sealed class FlakyProxy : IDisposable
{
    private static readonly string[] OwnHeaders = ["Host", "Connection", "Content-Length", "Transfer-Encoding", "Keep-Alive", "Expect"];

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Uri _target;
    private readonly double _share;
    private readonly Random _random;
    private readonly Lock _lock = new();
    private readonly List<Socket> _connections = [];
    private readonly CancellationTokenSource _end = new();
    private bool _gone, _silent;

    public FlakyProxy(Uri target, double share, int seed)
    {
        (_target, _share, _random) = (target, share, new Random(seed));
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _ = AcceptAsync();
    }

    private enum Fault
    {
        None,
        Refused,
        AnswerLost,
        AnswerCut,
    }

    private sealed record Request(string Method, string Target, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body);

    public Uri Address { get; }

    /// <summary>
    /// The request (<c>PUT /path</c>) after whose answer nobody listens here any more, and all connections are gone; null for none.
    /// </summary>
    public Func<string, bool>? Last { get; init; }

    /// <summary>Whether after <see cref="Last"/> connections stay open instead, and no request is answered any more.</summary>
    public bool Silently { get; init; }

    public int Passed { get; private set; }

    public int Failed { get; private set; }

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
        _http.Dispose();
    }

    private void GoAway()
    {
        lock (_lock)
        {
            _gone = true;
            _listener.Dispose();
            foreach (var connection in _connections) connection.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var connection = await _listener.AcceptSocketAsync();
                _ = Task.Run(() => ServeAsync(connection));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        // Closing resets the connection: the client learns that it is gone, and nothing else.
        connection.LingerState = new LingerOption(true, 0);
        connection.NoDelay = true;
        lock (_lock)
        {
            if (_gone) connection.Dispose();
            else _connections.Add(connection);
        }
        try
        {
            using var stream = new NetworkStream(connection, ownsSocket: true);
            while (await ReadAsync(stream) is { } request && await AnswerAsync(stream, request, Draw()))
            {
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException or ObjectDisposedException or OperationCanceledException)
        {
            // One of the two sides has gone.
        }
    }

    private Fault Draw()
    {
        lock (_lock)
        {
            var fault = _random.NextDouble() < _share ? (Fault)_random.Next(1, 4) : Fault.None;
            if (fault == Fault.None) Passed++;
            else Failed++;
            return fault;
        }
    }

    /// <summary>Whether the connection goes on.</summary>
    private async Task<bool> AnswerAsync(Stream stream, Request request, Fault fault)
    {
        if (_silent) await Task.Delay(Timeout.Infinite, _end.Token);
        if (fault == Fault.Refused)
        {
            await stream.WriteAsync("HTTP/1.1 503 Server Busy\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
            return true;
        }
        var message = new HttpRequestMessage(new HttpMethod(request.Method), new Uri(_target, request.Target));
        // some sign it
        message.Headers.Host = request.Headers.FirstOrDefault(header =>
            header.Name.Equals("Host", StringComparison.OrdinalIgnoreCase)).Value;
        if (request.Body.Length > 0 || request.Method is "PUT" or "POST") message.Content = new ByteArrayContent(request.Body);
        foreach (var (name, value) in request.Headers.Where(header =>
            !OwnHeaders.Contains(header.Name, StringComparer.OrdinalIgnoreCase)))
            if (!message.Headers.TryAddWithoutValidation(name, value)) message.Content?.Headers.TryAddWithoutValidation(name, value);
        using var response = await _http.SendAsync(message);
        var body = await response.Content.ReadAsByteArrayAsync();
        if (fault == Fault.AnswerLost || (fault == Fault.AnswerCut && body.Length == 0)) return false;

        var head = new StringBuilder(FormattableString.Invariant($"HTTP/1.1 {(int)response.StatusCode} {response.ReasonPhrase}\r\n"));
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
            if (!OwnHeaders.Contains(name, StringComparer.OrdinalIgnoreCase))
                head.Append(CultureInfo.InvariantCulture, $"{name}: {string.Join(", ", values)}\r\n");
        var length = request.Method == "HEAD" ? response.Content.Headers.ContentLength ?? 0 : body.Length;
        head.Append(CultureInfo.InvariantCulture, $"Content-Length: {length}\r\n\r\n");
        await stream.WriteAsync(Encoding.Latin1.GetBytes(head.ToString()));
        await stream.WriteAsync(fault == Fault.AnswerCut ? body.AsMemory(0, body.Length / 2) : body);
        if (Last?.Invoke($"{request.Method} {Uri.UnescapeDataString(request.Target)}") == true)
        {
            _silent = Silently;
            if (!Silently) GoAway();
            return Silently;
        }
        return fault == Fault.None;
    }

    /// <summary>The next request; null when the client has closed.</summary>
    private static async Task<Request?> ReadAsync(Stream stream)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (!IsComplete(head))
        {
            if (await stream.ReadAsync(one) == 0) return null;
            head.Add(one[0]);
        }
        var lines = Encoding.Latin1.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var first = lines[0].Split(' ');
        (string Name, string Value)[] headers = [.. lines.Skip(1)
            .Select(line => (line[..line.IndexOf(':')], line[(line.IndexOf(':') + 1)..].Trim()))];
        var length = headers.FirstOrDefault(header => header.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)).Value;
        if (headers.Any(header => header.Name.Equals("Expect", StringComparison.OrdinalIgnoreCase)))
            await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray());
        var body = new byte[int.Parse(length ?? "0", CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body);
        return new Request(first[0], first[1], headers, body);
    }

    private static bool IsComplete(List<byte> head) => head.Count >= 4 && head[^4] == '\r' && head[^3] == '\n'
        && head[^2] == '\r' && head[^1] == '\n';
}
