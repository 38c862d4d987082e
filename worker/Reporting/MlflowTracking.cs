using System.Net.Http.Headers;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Reporting;

/// <summary>
/// Tells an MLflow tracking server by its REST API (2.0) what runs and how it goes. Everything is sent in the background; what a server
/// that is lost, slow or refuses does not take is kept and sent again, and given up at the end. An attempt goes on with the MLflow run of
/// the one before it, found by its tags.
/// </summary>
internal sealed class MlflowTracking : IAsyncDisposable
{
    /// <summary>What one request may hold, by the API.</summary>
    private const int MaxMetrics = 1000, MaxParams = 100, MaxValue = 500, MaxKey = 250;

    /// <summary>Figures that wait for a lost server; the oldest go first.</summary>
    private const int MaxWaiting = 100_000;

    /// <summary>Fields that say how the work is done, not what comes out.</summary>
    private static readonly string[] Operational =
    [
        "storage", "output", "tracking", "worker", "suspend", "queueName", "retries", "activeDeadlineSeconds", "ttlSecondsAfterFinished",
        "dependencyTimeoutSeconds", "parallelism",
    ];

    /// <summary>The tags that tell an MLflow run from all others.</summary>
    private static readonly string[] Identity = ["lightreasoner.output", "lightreasoner.scope", "lightreasoner.begun"];

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2), LongestWait = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly MlflowSpec _spec;
    private readonly HttpClient _http = Connections.Client(Timeout);
    private readonly string _name;
    private readonly IReadOnlyList<(string Key, string Value)> _tags, _parameters;
    private readonly Action<string> _say;
    private readonly TimeProvider _time;
    private readonly List<JsonNode> _waiting = [];
    private readonly CancellationTokenSource _stop = new(), _limit = new(); // end the waits; end what is being sent
    private readonly Task _loop;
    private string? _runId, _artifacts;
    private bool _lost;

    /// <param name="begun">When the output was begun; tells it from an earlier one at the same place.</param>
    public MlflowTracking(
        MlflowSpec spec, Manifest manifest, string scope, string output, string begun, Action<string> say, TimeProvider time)
    {
        (_spec, _say, _time) = (spec, say, time);
        var address = new UriBuilder(spec.Uri);
        _http.DefaultRequestHeaders.Authorization = Credentials(address);
        (address.UserName, address.Password, address.Path) = ("", "", address.Path.TrimEnd('/') + "/");
        _http.BaseAddress = address.Uri;
        _name = scope == "run" ? manifest.Metadata.Name : $"{manifest.Metadata.Name}/{scope}";
        (string Key, string Value)[] tags =
        [
            ("mlflow.runName", _name), ("mlflow.source.name", "lightreasoner"), ("mlflow.source.type", "JOB"),
            ("lightreasoner.kind", $"{manifest.Kind}"), ("lightreasoner.namespace", manifest.Metadata.Namespace ?? "default"),
            ("lightreasoner.name", manifest.Metadata.Name), ("lightreasoner.scope", scope), ("lightreasoner.output", output),
            ("lightreasoner.begun", begun), ("lightreasoner.version", RunRecord.Version),
        ];
        // Without secrets and quotes, so that a search for them finds them as they were sent.
        _tags = [.. tags.Select(tag => (tag.Key, Redactor.OfProcess.Redact(tag.Value).Replace("'", "")))];
        var document = JsonNode.Parse(ManifestReader.ToJson(manifest))!["spec"]!;
        _parameters = [.. MetricsLog.Flat(document, '.').Where(field => !Operational.Contains(field.Path.Split('.')[0]))
            .Select(field => (Cut(field.Path, MaxKey), Cut(field.Value.ToString(), MaxValue)))
            .Where(field => field.Item2.Length > 0)];
        _loop = SendInTurnsAsync();
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    public void Add(JsonObject line, string counter)
    {
        long step = line[counter]!.GetValue<long>(), now = Now;
        lock (_waiting)
        {
            foreach (var (path, value) in MetricsLog.Flat(line, '.'))
                if (path != counter && value.GetValueKind() == JsonValueKind.Number)
                    _waiting.Add(new JsonObject { ["key"] = path, ["value"] = value.DeepClone(), ["timestamp"] = now, ["step"] = step });
            _waiting.RemoveRange(0, Math.Max(0, _waiting.Count - MaxWaiting));
        }
    }

    /// <summary>The end of this attempt: what waits still, how it ended, and the report. Tried once, for ten seconds.</summary>
    public async Task FinishAsync(ReportOutcome outcome, Func<CancellationToken, Task<byte[]?>>? report)
    {
        // What is being sent is not sent twice: it has its time to end.
        _limit.CancelAfter(Timeout);
        await _stop.CancelAsync();
        await _loop;
        var status = outcome switch { ReportOutcome.Succeeded => "FINISHED", ReportOutcome.Interrupted => "KILLED", _ => "FAILED" };
        await TryAsync(async stop =>
        {
            await SendAsync(stop);
            if (report is not null && await report(stop) is { } page) await PutReportAsync(page, stop);
            await PostAsync("runs/update", new JsonObject { ["run_id"] = _runId, ["status"] = status, ["end_time"] = Now }, stop);
        }, _limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _limit.CancelAsync();
        await _stop.CancelAsync();
        await _loop;
        _http.Dispose();
        _stop.Dispose();
        _limit.Dispose();
    }

    private async Task SendInTurnsAsync()
    {
        var wait = TimeSpan.Zero;
        try
        {
            while (true)
            {
                await Task.Delay(wait, _time, _stop.Token);
                var taken = await TryAsync(SendAsync, _limit.Token);
                wait = taken ? Interval : TimeSpan.FromTicks(Math.Min(LongestWait.Ticks, 2 * Math.Max(wait.Ticks, Interval.Ticks)));
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
        catch (Exception e)
        {
            var why = e is OperationCanceledException ? $"no answer within {Timeout.TotalSeconds:F0} s" : e.Message;
            if (!_lost) _say($"MLflow at {_http.BaseAddress} does not accept this run's metrics: {why}; the run continues");
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
            var copies = new JsonArray([.. metrics.Select(metric => metric.DeepClone())]);
            await PostAsync("runs/log-batch", new JsonObject { ["run_id"] = _runId, ["metrics"] = copies }, stop);
            lock (_waiting) _waiting.RemoveAll(metrics.Contains);
        }
    }

    /// <summary>Finds the run that an earlier attempt made, or makes one.</summary>
    private async Task BeginAsync(CancellationToken stop)
    {
        var experiment = await ExperimentAsync(stop);
        var filter = string.Join(" and ", _tags.Where(tag => Identity.Contains(tag.Key))
            .Select(tag => $"tags.`{tag.Key}` = '{tag.Value}'"));
        var search = new JsonObject { ["experiment_ids"] = new JsonArray(experiment), ["filter"] = filter, ["max_results"] = 1 };
        var found = (await PostAsync("runs/search", search, stop))?["runs"]?[0]?["info"];
        var info = found ?? (await PostAsync("runs/create", new JsonObject
        {
            ["experiment_id"] = experiment,
            ["run_name"] = _name,
            ["start_time"] = Now,
            ["tags"] = Pairs(_tags),
        }, stop))!["run"]!["info"]!;
        var id = (string)info["run_id"]!;
        if (found is not null) await PostAsync("runs/update", new JsonObject { ["run_id"] = id, ["status"] = "RUNNING" }, stop);
        foreach (var some in found is null ? _parameters.Chunk(MaxParams) : [])
            await PostAsync("runs/log-batch", new JsonObject { ["run_id"] = id, ["params"] = Pairs(some) }, stop);
        (_artifacts, _runId) = ((string?)info["artifact_uri"], id);
    }

    private async Task<string> ExperimentAsync(CancellationToken stop)
    {
        var byName = $"experiments/get-by-name?experiment_name={Uri.EscapeDataString(_spec.Experiment)}";
        if (await KnownAsync(orNull: true) is { } known) return known;
        var named = new JsonObject { ["name"] = _spec.Experiment };
        var made = await SendAsync(HttpMethod.Post, "experiments/create", named, stop, orNull: true);
        return (string?)made?["experiment_id"] ?? (await KnownAsync(orNull: false))!; // another shard was faster

        async Task<string?> KnownAsync(bool orNull) =>
            (string?)(await SendAsync(HttpMethod.Get, byName, body: null, stop, orNull))?["experiment"]?["experiment_id"];
    }

    /// <summary>Through the tracking server, where that serves artifacts itself (<c>mlflow-artifacts:/…</c>).</summary>
    private async Task PutReportAsync(byte[] page, CancellationToken stop)
    {
        if (_artifacts?.StartsWith("mlflow-artifacts:", StringComparison.Ordinal) != true)
        {
            _say($"MLflow keeps artifacts at {_artifacts} and does not serve them itself (mlflow server --serve-artifacts); "
                + $"{RunReport.BlobName} is in the output");
            return;
        }
        var path = new Uri(_artifacts).AbsolutePath.Trim('/');
        using var content = new ByteArrayContent(page) { Headers = { ContentType = new MediaTypeHeaderValue("text/html") } };
        await RequestAsync(HttpMethod.Put, $"../mlflow-artifacts/artifacts/{path}/{RunReport.BlobName}", content, stop);
    }

    private Task<JsonNode?> PostAsync(string path, JsonObject body, CancellationToken stop) => SendAsync(HttpMethod.Post, path, body, stop);

    private Task<JsonNode?> SendAsync(HttpMethod method, string path, JsonObject? body, CancellationToken stop, bool orNull = false)
    {
        var text = Redactor.OfProcess.Redact(body)?.ToJsonString(ApiJson.Options);
        return RequestAsync(method, path, text is null ? null : new StringContent(text, Encoding.UTF8, "application/json"), stop, orNull);
    }

    private async Task<JsonNode?> RequestAsync(
        HttpMethod method, string path, HttpContent? content, CancellationToken stop, bool orNull = false)
    {
        using var request = new HttpRequestMessage(method, "api/2.0/mlflow/" + path) { Content = content };
        using var response = await _http.SendAsync(request, stop);
        var text = await response.Content.ReadAsStringAsync(stop);
        if (response.IsSuccessStatusCode) return text.Length == 0 || method == HttpMethod.Put ? null : JsonNode.Parse(text);
        if (orNull && (int)response.StatusCode is >= 400 and < 500 and not (401 or 403)) return null;
        throw new HttpRequestException($"{path.Split('?')[0]}: HTTP {(int)response.StatusCode} {Cut(text.ReplaceLineEndings(" "), 200)}");
    }

    /// <summary>Those of the environment, as MLflow's own client has them, else of the address.</summary>
    private static AuthenticationHeaderValue? Credentials(UriBuilder address)
    {
        if (Variables.Given("MLFLOW_TRACKING_TOKEN") is { } token) return new AuthenticationHeaderValue("Bearer", token);
        var user = Variables.Given("MLFLOW_TRACKING_USERNAME") ?? Uri.UnescapeDataString(address.UserName);
        var password = Variables.Given("MLFLOW_TRACKING_PASSWORD") ?? Uri.UnescapeDataString(address.Password);
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
        return user.Length == 0 ? null : new AuthenticationHeaderValue("Basic", basic);
    }

    private static JsonArray Pairs(IEnumerable<(string Key, string Value)> pairs) =>
        new([.. pairs.Select(pair => new JsonObject { ["key"] = pair.Key, ["value"] = pair.Value })]);

    private static string Cut(string text, int most) => text.Length <= most ? text : text[..most];
}
