using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Tests.Storage;

/// <summary>
/// Speaks the hub's paths on loopback: revisions, trees by pages, files with ranges. Large files are redirected to a second server, as the
/// hub does to its content network.
/// </summary>
internal sealed class FakeHub : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567", Token = "hf_secret";

    private const int PageSize = 2;

    private readonly LoopbackServer _hub, _network;
    private readonly ScratchFolder _cache = new();

    public FakeHub()
    {
        _hub = new LoopbackServer(context => HandleAsync(context, "hub"));
        _network = new LoopbackServer(context => HandleAsync(context, "network"));
    }

    /// <summary>Path in the repository → content.</summary>
    public SortedDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Files that the hub keeps by Git LFS.</summary>
    public HashSet<string> Large { get; } = [];

    /// <summary>What was asked for: server, path, bearer token, range.</summary>
    public ConcurrentQueue<(string Server, string Path, string? Token, string? Range)> Requests { get; } = [];

    /// <summary>
    /// Answers instead, if it gives true; takes the server's name, the path, how often that was asked for before, and the request.
    /// </summary>
    public Func<string, string, int, HttpListenerContext, Task<bool>> Trouble { get; set; } = (_, _, _, _) => Task.FromResult(false);

    public string Cache => _cache.Path;

    /// <summary>Waits that were made, instead of waiting.</summary>
    public ConcurrentQueue<TimeSpan> Waits { get; } = [];

    public IEnumerable<(string Server, string Path, string? Token, string? Range)> Downloads =>
        Requests.Where(request => request.Path.Contains("/resolve/") || request.Server == "network");

    public HubStore Open(string uri, string? token = Token, TimeSpan? patience = null) =>
        new(HubRepository.Parse(uri), Options with { Token = token, Web = Client(patience) });

    public HubOptions Options => new(_hub.Address.ToString().TrimEnd('/'), Token, Cache, Client());

    public Worker.Storage.WebClient Client(TimeSpan? patience = null) =>
        new(Retries.Create(new InstantTime(Waits.Enqueue), most: 4), patience ?? TimeSpan.FromMinutes(2));

    public void Dispose()
    {
        _hub.Dispose();
        _network.Dispose();
        _cache.Dispose();
    }

    private async Task HandleAsync(HttpListenerContext context, string server)
    {
        string path = Uri.UnescapeDataString(context.Request.Url!.AbsolutePath), query = context.Request.Url.Query;
        var before = Requests.Count(request => request.Server == server && request.Path == path + query);
        Requests.Enqueue((server, path + query, context.Request.Headers["Authorization"]?.Replace("Bearer ", "", StringComparison.Ordinal),
            context.Request.Headers["Range"]));
        if (await Trouble(server, path, before, context)) return;
        if (server == "network") await SendAsync(context, Files[path[1..]]);
        else if (path.Contains("/revision/"))
            await LoopbackServer.AnswerAsync(context, Encoding.UTF8.GetBytes(new JsonObject { ["sha"] = Commit }.ToJsonString()));
        else if (path.Contains("/tree/")) await TreeAsync(context, path);
        else if (path.Split($"/resolve/{Commit}/") is [_, var file] && Files.TryGetValue(file, out var content))
        {
            if (!Large.Contains(file))
            {
                await SendAsync(context, content);
                return;
            }
            context.Response.StatusCode = 302;
            context.Response.Headers["Location"] = new Uri(_network.Address, file).ToString();
            context.Response.Close();
        }
        else await LoopbackServer.AnswerAsync(context, [], 404);
    }

    private Task TreeAsync(HttpListenerContext context, string path)
    {
        var folder = path.Split($"/tree/{Commit}")[1].Trim('/');
        string[] names = [.. Files.Keys.Where(name => folder.Length == 0 || name.StartsWith(folder + "/", StringComparison.Ordinal))];
        var from = int.Parse(context.Request.QueryString["cursor"] ?? "0", System.Globalization.CultureInfo.InvariantCulture);
        if (from + PageSize < names.Length)
            context.Response.Headers["Link"] = $"<{_hub.Address}{path[1..]}?recursive=true&cursor={from + PageSize}>; rel=\"next\"";
        var entries = new JsonArray([.. names.Skip(from).Take(PageSize).Select(Entry)]);
        if (from == 0) entries.Insert(0, new JsonObject { ["type"] = "directory", ["path"] = "sub", ["oid"] = "0", ["size"] = 0 });
        return LoopbackServer.AnswerAsync(context, Encoding.UTF8.GetBytes(entries.ToJsonString()));
    }

    private JsonNode Entry(string name)
    {
        byte[] content = Files[name], header = Encoding.ASCII.GetBytes($"blob {content.Length}\0");
        var entry = new JsonObject
        {
            ["type"] = "file",
            ["path"] = name,
            ["size"] = content.Length,
            ["oid"] = Convert.ToHexStringLower(SHA1.HashData([.. header, .. content]))
        };
        if (Large.Contains(name))
            entry["lfs"] = new JsonObject
            {
                ["oid"] = Convert.ToHexStringLower(SHA256.HashData(content)),
                ["size"] = content.Length,
                ["pointerSize"] = 134
            };
        return entry;
    }

    internal static async Task SendAsync(HttpListenerContext context, byte[] content)
    {
        var from = context.Request.Headers["Range"] is { } range
            ? int.Parse(range["bytes=".Length..].TrimEnd('-'), System.Globalization.CultureInfo.InvariantCulture) : 0;
        if (from >= content.Length && from > 0)
        {
            await LoopbackServer.AnswerAsync(context, [], 416);
            return;
        }
        if (from > 0) context.Response.Headers["Content-Range"] = $"bytes {from}-{content.Length - 1}/{content.Length}";
        await LoopbackServer.AnswerAsync(context, content[from..], from > 0 ? 206 : 200);
    }
}
