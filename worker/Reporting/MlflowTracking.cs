using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Reporting;

/// <summary>
/// Tells an MLflow tracking server by its REST API (2.0) what runs and how it goes. Everything is sent in the background; what a server that is lost, slow or
/// refuses does not take is kept and sent again, and given up at the end. An attempt goes on with the MLflow run of the one before it, found by its tags.
/// </summary>
internal sealed class MlflowTracking : IAsyncDisposable
{
    /// <summary>What one request may hold, by the API.</summary>
    private const int MaxMetrics = 1000, MaxParams = 100, MaxValue = 500, MaxKey = 250;

    /// <summary>Figures that wait for a lost server; the oldest go first.</summary>
    private const int MaxWaiting = 100_000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2), LongestWait = TimeSpan.FromMinutes(2), Timeout = TimeSpan.FromSeconds(10);

    private readonly MlflowSpec _spec;
    private readonly HttpClient _http = Connections.Client(Timeout);
    private readonly Uri _server;
    private readonly AuthenticationHeaderValue? _credentials;
    private readonly string _name;
    private readonly IReadOnlyList<(string Key, string Value)> _tags, _parameters;
    private readonly Action<string> _say;
    private readonly TimeProvider _time;
    private readonly List<JsonNode> _waiting = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private string? _runId, _artifacts;
    private bool _lost;

    /// <summary>Begins to track.</summary>
    /// <param name="spec">The server.</param>
    /// <param name="manifest">The document.</param>
    /// <param name="scope">The part of it that this process works on: <c>run</c>, or <c>shard-00003</c>.</param>
    /// <param name="output">URI of its output.</param>
    /// <param name="begun">When the output was begun; tells it from an earlier one at the same place.</param>
    /// <param name="say">Tells the person what goes wrong.</param>
    /// <param name="time">The clock.</param>
    public MlflowTracking(MlflowSpec spec, Manifest manifest, string scope, string output, string begun, Action<string> say, TimeProvider time)
    {
        (_spec, _say, _time) = (spec, say, time);
        var address = new UriBuilder(spec.Uri);
        _credentials = Credentials(address);
        (address.UserName, address.Password, address.Path) = ("", "", address.Path.TrimEnd('/') + "/");
        _server = address.Uri;
        _name = scope == "run" ? manifest.Metadata.Name : $"{manifest.Metadata.Name}/{scope}";
        _tags =
        [
            ("mlflow.runName", _name), ("mlflow.source.name", "lightreasoner"), ("mlflow.source.type", "JOB"), ("lightreasoner.kind", $"{manifest.Kind}"),
            ("lightreasoner.namespace", manifest.Metadata.Namespace ?? "default"), ("lightreasoner.name", manifest.Metadata.Name), ("lightreasoner.scope", scope),
            ("lightreasoner.output", output), ("lightreasoner.begun", begun), ("lightreasoner.version", RunRecord.Version),
        ];
        _parameters = [.. Flat(RunRecord.Essence(JsonNode.Parse(ManifestReader.ToJson(manifest)))["spec"]!, "")
            .Select(field => (Cut(field.Path, MaxKey), Cut(field.Value.ToString(), MaxValue))).Where(field => field.Item2.Length > 0)];
        _loop = SendInTurnsAsync();
    }

    /// <summary>Takes a line of the metrics file.</summary>
    /// <param name="line">The line.</param>
    /// <param name="counter">The field that counts.</param>
    public void Add(JsonObject line, string counter)
    {
        long step = line[counter]!.GetValue<long>(), now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        lock (_waiting)
        {
            foreach ((string path, JsonValue value) in Flat(line, "").Where(field => field.Path != counter && field.Value.GetValueKind() == System.Text.Json.JsonValueKind.Number))
                _waiting.Add(new JsonObject { ["key"] = path, ["value"] = value.DeepClone(), ["timestamp"] = now, ["step"] = step });
            _waiting.RemoveRange(0, Math.Max(0, _waiting.Count - MaxWaiting));
        }
    }

    /// <summary>The end of this attempt: what waits still, how it ended, and the report. Tried once, for ten seconds.</summary>
    /// <param name="outcome">How it ended.</param>
    /// <param name="report">Reads the report; null for none.</param>
    public async Task FinishAsync(ReportOutcome outcome, Func<CancellationToken, Task<byte[]?>>? report)
    {
        await _stop.CancelAsync();
        await _loop;
        using var limit = new CancellationTokenSource(Timeout, _time);
        await TryAsync(async stop =>
        {
            await SendAsync(stop);
            if (report is not null && await report(stop) is { } page) await PutReportAsync(page, stop);
            string status = outcome switch { ReportOutcome.Succeeded => "FINISHED", ReportOutcome.Interrupted => "KILLED", _ => "FAILED" };
            await PostAsync("runs/update", new JsonObject { ["run_id"] = _runId, ["status"] = status, ["end_time"] = _time.GetUtcNow().ToUnixTimeMilliseconds() }, stop);
        }, limit.Token);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task SendInTurnsAsync()
    {
        TimeSpan wait = TimeSpan.Zero;
        try
        {
            while (true)
            {
                await Task.Delay(wait, _time, _stop.Token);
                wait = await TryAsync(SendAsync, _stop.Token) ? Interval : TimeSpan.FromTicks(Math.Min(LongestWait.Ticks, 2 * Math.Max(wait.Ticks, Interval.Ticks)));
            }
        }
        catch (OperationCanceledException)
        {
            // FinishAsync sends the rest.
        }
    }

    /// <summary>Whether it went well; the first failure after a success is told.</summary>
    private async Task<bool> TryAsync(Func<CancellationToken, Task> send, CancellationToken stop)
    {
        try
        {
            await send(stop);
            return !(_lost = false);
        }
        catch (Exception e) when (!_stop.IsCancellationRequested || e is not OperationCanceledException || stop != _stop.Token)
        {
            if (!_lost) _say($"MLflow at {_server} does not take this run's figures: {(e is OperationCanceledException ? $"no answer within {Timeout.TotalSeconds:F0} s" : e.Message)}; the run goes on");
            _lost = true;
            return false;
        }
    }

    private async Task SendAsync(CancellationToken stop)
    {
        if (_runId is null) await BeginAsync(stop);
        while (true)
        {
            JsonNode[] metrics;
            lock (_waiting) metrics = [.. _waiting.Take(MaxMetrics)];
            if (metrics.Length == 0) return;
            await PostAsync("runs/log-batch", new JsonObject { ["run_id"] = _runId, ["metrics"] = Array(metrics.Select(metric => metric.DeepClone())) }, stop);
            lock (_waiting) _waiting.RemoveAll(metrics.Contains);
        }
    }

    /// <summary>Finds the run that an earlier attempt made, or makes one.</summary>
    private async Task BeginAsync(CancellationToken stop)
    {
        string byName = $"experiments/get-by-name?experiment_name={Uri.EscapeDataString(_spec.Experiment)}";
        string experiment = (string?)(await SendAsync(HttpMethod.Get, byName, body: null, stop, orNull: true))?["experiment"]?["experiment_id"]
            ?? (string?)(await SendAsync(HttpMethod.Post, "experiments/create", new JsonObject { ["name"] = _spec.Experiment }, stop, orNull: true))?["experiment_id"]
            ?? (string)(await SendAsync(HttpMethod.Get, byName, body: null, stop))!["experiment"]!["experiment_id"]!; // another shard was faster
        JsonNode? found = await PostAsync("runs/search", new JsonObject
        {
            ["experiment_ids"] = new JsonArray(experiment),
            ["filter"] = string.Join(" and ", _tags.Where(tag => tag.Key is "lightreasoner.output" or "lightreasoner.scope" or "lightreasoner.begun").Select(tag => $"tags.`{tag.Key}` = '{Shown(tag.Value).Replace("'", "")}'")),
            ["max_results"] = 1,
        }, stop);
        if (found?["runs"]?[0]?["info"] is { } before)
        {
            await PostAsync("runs/update", new JsonObject { ["run_id"] = (string)before["run_id"]!, ["status"] = "RUNNING" }, stop);
            (_artifacts, _runId) = ((string?)before["artifact_uri"], (string)before["run_id"]!);
            return;
        }
        JsonNode made = (await PostAsync("runs/create", new JsonObject
        {
            ["experiment_id"] = experiment,
            ["run_name"] = _name,
            ["start_time"] = _time.GetUtcNow().ToUnixTimeMilliseconds(),
            ["tags"] = Pairs(_tags.Select(tag => (tag.Key, tag.Value.Replace("'", "")))),
        }, stop))!["run"]!["info"]!;
        (_artifacts, _runId) = ((string?)made["artifact_uri"], (string)made["run_id"]!);
        foreach ((string Key, string Value)[] some in _parameters.Chunk(MaxParams))
            await PostAsync("runs/log-batch", new JsonObject { ["run_id"] = _runId, ["params"] = Pairs(some) }, stop);
    }

    /// <summary>Through the tracking server, where that serves artifacts itself (<c>mlflow-artifacts:/…</c>); the report lies in the output in any case.</summary>
    private async Task PutReportAsync(byte[] page, CancellationToken stop)
    {
        const string scheme = "mlflow-artifacts:";
        if (_artifacts?.StartsWith(scheme, StringComparison.Ordinal) != true)
        {
            _say($"MLflow keeps artifacts at {_artifacts} and does not serve them itself (mlflow server --serve-artifacts); {RunReport.BlobName} is in the output");
            return;
        }
        string path = new Uri(_artifacts).AbsolutePath.Trim('/');
        using var content = new ByteArrayContent(page) { Headers = { ContentType = new MediaTypeHeaderValue("text/html") } };
        await RequestAsync(HttpMethod.Put, $"../mlflow-artifacts/artifacts/{path}/{RunReport.BlobName}", content, stop);
    }

    private Task<JsonNode?> PostAsync(string path, JsonObject body, CancellationToken stop) => SendAsync(HttpMethod.Post, path, body, stop);

    private Task<JsonNode?> SendAsync(HttpMethod method, string path, JsonObject? body, CancellationToken stop, bool orNull = false) =>
        RequestAsync(method, path, body is null ? null : new StringContent(Redactor.OfProcess.Redact(body)!.ToJsonString(ApiJson.Options), Encoding.UTF8, "application/json"), stop, orNull);

    private async Task<JsonNode?> RequestAsync(HttpMethod method, string path, HttpContent? content, CancellationToken stop, bool orNull = false)
    {
        using var request = new HttpRequestMessage(method, new Uri(_server, "api/2.0/mlflow/" + path)) { Content = content, Headers = { Authorization = _credentials } };
        using HttpResponseMessage response = await _http.SendAsync(request, stop);
        string text = await response.Content.ReadAsStringAsync(stop);
        if (response.IsSuccessStatusCode) return text.Length == 0 || method == HttpMethod.Put ? null : JsonNode.Parse(text);
        if (orNull && (int)response.StatusCode is >= 400 and < 500 and not (401 or 403)) return null;
        throw new HttpRequestException($"{path.Split('?')[0]}: HTTP {(int)response.StatusCode} {Cut(text.ReplaceLineEndings(" "), 200)}");
    }

    /// <summary>Those of the environment, as MLflow's own client has them, else of the address.</summary>
    private static AuthenticationHeaderValue? Credentials(UriBuilder address)
    {
        if (Variable("MLFLOW_TRACKING_TOKEN") is { } token) return new AuthenticationHeaderValue("Bearer", token);
        string user = Variable("MLFLOW_TRACKING_USERNAME") ?? Uri.UnescapeDataString(address.UserName), password = Variable("MLFLOW_TRACKING_PASSWORD") ?? Uri.UnescapeDataString(address.Password);
        return user.Length == 0 ? null : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

        static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value.Trim() : null;
    }

    /// <summary>The values of a document by their paths: <c>generation.maxNewTokens</c>, <c>losses.0</c>.</summary>
    private static IEnumerable<(string Path, JsonValue Value)> Flat(JsonNode node, string path) => node switch
    {
        JsonObject map => map.Where(field => field.Value is not null).SelectMany(field => Flat(field.Value!, path.Length == 0 ? field.Key : $"{path}.{field.Key}")),
        JsonArray list => list.Index().Where(item => item.Item is not null).SelectMany(item => Flat(item.Item!, $"{path}.{item.Index.ToString(CultureInfo.InvariantCulture)}")),
        JsonValue value => [(path, value)],
        _ => [],
    };

    private static JsonArray Pairs(IEnumerable<(string Key, string Value)> pairs) => Array(pairs.Select(pair => new JsonObject { ["key"] = pair.Key, ["value"] = pair.Value }));

    private static JsonArray Array(IEnumerable<JsonNode> nodes) => new([.. nodes]);

    private static string Shown(string text) => Redactor.OfProcess.Redact(text);

    private static string Cut(string text, int most) => text.Length <= most ? text : text[..most];
}
