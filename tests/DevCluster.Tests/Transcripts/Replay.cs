using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace LightReasoner.DevCluster.Tests.Transcripts;

/// <summary>Thrown when a step of a case does not answer as recorded.</summary>
internal sealed class TranscriptException(string message) : Exception(message);

/// <summary>Replays one case against a server.</summary>
internal sealed class Replay(HttpClient client, string token, TranscriptCase test, string fixtures) : IDisposable
{
    /// <summary>Much longer than anything takes, also on a machine that is busy: only what never comes runs into it.</summary>
    private static readonly TimeSpan Patience =
        TimeSpan.FromSeconds(Environment.GetEnvironmentVariable("TRANSCRIPT_PATIENCE") is { Length: > 0 } seconds
            ? int.Parse(seconds, CultureInfo.InvariantCulture) : 180);

    private static readonly string[] ComparedHeaders = ["Warning", "Location", "Retry-After", "Allow", "Vary", "ETag"];

    private readonly Dictionary<string, RecordedWatch> watches = [];
    private Bindings bindings = Bindings.Empty;

    public async Task Run()
    {
        foreach (var (fixture, key) in new[] { ("namespace", "ns"), ("namespace2", "ns2") })
        {
            var name = $"t-{Guid.NewGuid().ToString("n", CultureInfo.InvariantCulture)[..8]}";
            bindings = bindings.With(key, name);
            if (test.Fixtures.Contains(fixture))
                await Make("/api/v1/namespaces", new JsonObject
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "Namespace",
                    ["metadata"] = new JsonObject { ["name"] = name }
                });
        }

        if (test.Fixtures.Contains("samplingruns"))
            await EnsureSamplingRuns();
        foreach (var absent in test.Fixtures.Where(f => f.StartsWith("absent:", StringComparison.Ordinal)))
            await EnsureAbsent(absent["absent:".Length..]);
        foreach (var step in test.Steps)
        {
            var id = step["id"]!.GetValue<string>();
            if (LeftOut.Cases.Contains($"{test.Name}/{id}"))
                continue;
            try
            {
                await Step(step, id);
            }
            catch (TranscriptException e)
            {
                throw new TranscriptException($"step {id}: {e.Message}");
            }
        }
    }

    public async Task CleanUp()
    {
        foreach (var key in new[] { "ns", "ns2" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/namespaces/{bindings.Values[key]}");
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
            using var response = await client.SendAsync(request);
        }
    }

    public void Dispose()
    {
        foreach (var watch in watches.Values)
            watch.Dispose();
    }

    private async Task Make(string path, JsonNode body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post,
            path)
        { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        using var response = await client.SendAsync(request);
        if (!response.IsSuccessStatusCode && (int)response.StatusCode != 409)
            throw new TranscriptException($"fixture {path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
    }

    private async Task EnsureSamplingRuns()
    {
        await Make("/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            JsonNode.Parse(File.ReadAllText(Path.Combine(fixtures, "samplingruns.json")))!);
        await Until(async () => await Status("/apis/lightreasoner.io/v1alpha1/samplingruns") == 200);
    }

    private async Task EnsureAbsent(string crd)
    {
        var path = $"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd}";
        using var request = new HttpRequestMessage(HttpMethod.Delete, path);
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        using var response = await client.SendAsync(request);
        await Until(async () => await Status(path) == 404);
    }

    private async Task<int> Status(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        using var response = await client.SendAsync(request);
        return (int)response.StatusCode;
    }

    private static async Task Until(Func<Task<bool>> condition)
    {
        for (var end = DateTime.UtcNow + Patience; DateTime.UtcNow < end && !await condition();)
            await Task.Delay(50);
    }

    private async Task Step(JsonObject step, string id)
    {
        switch (step["type"]?.GetValue<string>())
        {
            case null:
                Check(step, await Call(step));
                break;
            case "eventually":
                await Eventually(step);
                break;
            case "holds":
                for (var end = DateTime.UtcNow.AddSeconds(step["seconds"]!.GetValue<double>());
                    DateTime.UtcNow < end; await Task.Delay(100))
                    Check(step, await Call(step));
                break;
            case "sleep":
                await Task.Delay(TimeSpan.FromSeconds(step["seconds"]!.GetValue<double>()));
                break;
            case "watch-open":
                await Open(step, id);
                break;
            case "watch-collect":
                await Collect(step, watches[step["watch"]!.GetValue<string>()], waitForAll: true);
                break;
            case "watch":
                await Collect(step, await Open(step, id), waitForAll: false);
                break;
        }
    }

    private async Task Eventually(JsonObject step)
    {
        var end = DateTime.UtcNow + Patience;
        while (true)
        {
            try
            {
                Check(step, await Call(step));
                return;
            }
            catch (TranscriptException) when (DateTime.UtcNow < end)
            {
                await Task.Delay(50);
            }
        }
    }

    private HttpRequestMessage Request(JsonObject step)
    {
        var recorded = step["request"]!.AsObject();
        var query = new List<string>();
        foreach (var (key, value) in recorded["query"] as JsonObject ?? [])
        {
            foreach (var item in value is JsonArray many ? [.. many] : new[] { value })
                query.Add($"{Uri.EscapeDataString(key)}={Uri.EscapeDataString(bindings.Fill(item!.ToString()))}");
        }

        var path = bindings.Fill(recorded["path"]!.GetValue<string>()) + (query.Count > 0 ? "?" + string.Join('&', query) : "");
        var request = new HttpRequestMessage(new HttpMethod(recorded["method"]!.GetValue<string>()), new Uri(path, UriKind.Relative));
        if (recorded["body"] is { } body)
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(bindings.Fill(Spaced(body))));
        else if (recorded["bodyText"]?.GetValue<string>() is { } text)
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(bindings.Fill(text)));
        foreach (var (key, value) in recorded["headers"] as JsonObject ?? [])
        {
            var filled = bindings.Fill(value!.GetValue<string>());
            if (!key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
                request.Headers.TryAddWithoutValidation(key, filled);
            else
                (request.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(key, filled);
        }

        if (recorded["auth"]?.GetValue<string>() != "none" && !request.Headers.Contains("Authorization"))
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        return request;
    }

    private async Task<(HttpResponseMessage Response, byte[] Body)> Call(JsonObject step)
    {
        using var request = Request(step);
        using var timeout = new CancellationTokenSource(Patience);
        var response = await client.SendAsync(request, timeout.Token);
        return (response, await response.Content.ReadAsByteArrayAsync(timeout.Token));
    }

    private void Check(JsonObject step, (HttpResponseMessage Response, byte[] Body) answer)
    {
        var recorded = step["response"]!.AsObject();
        var text = Encoding.UTF8.GetString(answer.Body);
        var result = CheckHead(recorded, answer.Response, bindings, text);
        if (recorded["bodyText"]?.GetValue<string>() is { } expected)
        {
            result = result.Match(expected, text) ?? throw new TranscriptException($"recorded text {expected}, found {text}");
        }
        else if (recorded["body"] is { } body)
        {
            JsonNode? actual;
            try
            {
                actual = JsonNode.Parse(text);
            }
            catch (System.Text.Json.JsonException)
            {
                throw new TranscriptException($"the answer is not JSON: {text}");
            }

            result = CompareBody(step, body, actual, result, out var difference) ?? throw new TranscriptException(difference);
        }
        else if (answer.Body.Length > 0 && recorded["events"] is null && recorded["status"]!.GetValue<int>() is not 301)
        {
            throw new TranscriptException($"expected an empty body, found {text}");
        }

        bindings = recorded["jwt"] is JsonObject jwt ? CheckToken(jwt, JsonNode.Parse(text), result) : result;
    }

    private static Bindings CheckHead(JsonObject recorded, HttpResponseMessage response, Bindings result, string text)
    {
        if ((int)response.StatusCode != recorded["status"]!.GetValue<int>())
            throw new TranscriptException($"status: recorded {recorded["status"]}, found {(int)response.StatusCode} {Shorten(text)}");
        var type = response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var types) ? types.First() : null;
        if (type != recorded["contentType"]?.GetValue<string>())
            throw new TranscriptException($"content type: recorded {recorded["contentType"]?.GetValue<string>() ?? "none"}, found "
                + $"{type ?? "none"}");
        foreach (var name in ComparedHeaders)
        {
            string[] actual = response.Headers.NonValidated.TryGetValues(name, out var a) ? [.. a]
                : response.Content.Headers.NonValidated.TryGetValues(name, out var b) ? [.. b] : [];
            var expected = recorded["headers"]?[name] switch
            {
                JsonArray many => many.Select(v => v!.GetValue<string>()).ToArray(),
                JsonValue one => [one.GetValue<string>()],
                _ => [],
            };
            if (actual.Length != expected.Length)
                throw new TranscriptException($"header {name}: recorded [{string.Join(" | ", expected)}], found "
                    + $"[{string.Join(" | ", actual)}]");
            for (var i = 0; i < actual.Length; i++)
                result = result.Match(expected[i], actual[i])
                    ?? throw new TranscriptException($"header {name}: recorded {expected[i]}, found {actual[i]}");
        }

        return result;
    }

    private Bindings? CompareBody(JsonObject step, JsonNode recorded, JsonNode? actual, Bindings from, out string difference)
    {
        var normalization = new Normalization(test.Normalize, step["normalize"] as JsonArray);
        var comparer = new Comparer(normalization.Places("unordered", recorded), normalization.Places("loose", recorded));
        var result = comparer.Compare(recorded, normalization.Apply(actual), from);
        difference = comparer.Difference;
        return result;
    }

    private static Bindings CheckToken(JsonObject jwt, JsonNode? body, Bindings result)
    {
        var parts = PathExpression.At(body, jwt["path"]!.GetValue<string>())!.GetValue<string>().Split('.');
        JsonNode Part(int i) =>
            JsonNode.Parse(Convert.FromBase64String(parts[i].Replace('-', '+').Replace('_', '/')
            .PadRight((parts[i].Length + 3) / 4 * 4, '=')))!;
        var payload = Part(1);
        foreach (var (name, actual) in new[] { ("header", Part(0)), ("payload", payload) })
        {
            var comparer = new Comparer([], []);
            result = comparer.Compare(jwt[name], actual, result) ?? throw new TranscriptException($"jwt {name}: {comparer.Difference}");
        }

        if (jwt["expMinusIat"] is { } lifetime
            && payload["exp"]!.GetValue<long>() - payload["iat"]!.GetValue<long>() != lifetime.GetValue<long>())
            throw new TranscriptException($"jwt: exp minus iat is not {lifetime}");
        return result;
    }

    private async Task<RecordedWatch> Open(JsonObject step, string id)
    {
        using var request = Request(step);
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var text = response.IsSuccessStatusCode ? "" : await response.Content.ReadAsStringAsync();
        bindings = CheckHead(step["response"]!.AsObject(), response, bindings, text);
        return watches[id] = new RecordedWatch(response);
    }

    private async Task Collect(JsonObject step, RecordedWatch watch, bool waitForAll)
    {
        var expected = step["response"]!["events"] as JsonArray ?? [];
        var serverCloses = step["serverCloses"]?.GetValue<bool>() == true;
        // What must come has all the time that it needs; that nothing comes is watched for as long as it was recorded.
        var end = DateTime.UtcNow + (serverCloses || expected.Count > 0 ? Patience
            : TimeSpan.FromSeconds(step["windowSeconds"]!.GetValue<double>()));
        while (DateTime.UtcNow < end && !watch.Closed)
        {
            if (!serverCloses && (waitForAll || expected.Count > 0) && Prepare(step, watch.Events).Count >= expected.Count)
            {
                await Task.Delay(700);
                if (MatchEvents(step, expected, watch.Events, out _) is not null || !waitForAll)
                    break;
            }

            await Task.Delay(50);
        }

        if (serverCloses && !watch.Closed)
            throw new TranscriptException("the server does not close the watch");
        var received = watch.Events;
        watch.Dispose();
        bindings = MatchEvents(step, expected, received, out var difference) ?? throw new TranscriptException(difference);
    }

    private Bindings? MatchEvents(JsonObject step, JsonArray expected, List<JsonNode> received, out string difference)
    {
        var events = Prepare(step, received);
        var result = bindings;
        difference = "";
        var next = 0;
        for (var i = 0; i < expected.Count; i++)
        {
            var optional = expected[i]!["optional"]?.GetValue<bool>() == true;
            var wanted = expected[i]!.DeepClone().AsObject();
            wanted.Remove("optional");
            if (next >= events.Count)
            {
                if (optional)
                    continue;
                difference = $"event {i} is missing: {Shorten(wanted.ToJsonString())} (received {events.Count} of {expected.Count})";
                return null;
            }

            if (CompareBody(step, wanted, events[next], result, out var problem) is { } matched)
            {
                result = matched;
                next++;
            }
            else if (!optional)
            {
                difference = $"event {i}: {problem}; received {string.Join(" ", events.Select(e => Shorten(e.ToJsonString(), 300)))}";
                return null;
            }
        }

        if (next == events.Count)
            return result;
        difference = $"event {next} is too much: {Shorten(events[next].ToJsonString())}";
        return null;
    }

    // Drops bookmarks, folds neighbours that are the same after normalising.
    private List<JsonNode> Prepare(JsonObject step, List<JsonNode> received)
    {
        var collapse = step["bookmarks"]?.GetValue<string>() == "collapse";
        var dedupe = step["dedupe"]?.GetValue<bool>() == true;
        var normalization = new Normalization(test.Normalize, step["normalize"] as JsonArray);
        var result = new List<JsonNode>();
        JsonNode? last = null;
        foreach (var e in received)
        {
            var bookmark = e["type"]!.GetValue<string>() == "BOOKMARK";
            if (bookmark && !collapse && e["object"]?["metadata"]?["annotations"]?["k8s.io/initial-events-end"] is null)
                continue;
            if (bookmark && collapse && result.Count > 0 && result[^1]["type"]!.GetValue<string>() == "BOOKMARK")
                continue;
            var normal = normalization.Apply(e);
            if (dedupe && last is not null && JsonNode.DeepEquals(normal, last))
                continue;
            last = normal;
            result.Add(e);
        }

        return result;
    }

    // The recorder's way of writing JSON; one error quotes the body as it was sent.
    private static string Spaced(JsonNode? node) => node switch
    {
        JsonObject o => "{" + string.Join(", ", o.Select(p => $"{Spaced(JsonValue.Create(p.Key))}: {Spaced(p.Value)}")) + "}",
        JsonArray a => "[" + string.Join(", ", a.Select(Spaced)) + "]",
        null => "null",
        _ => node.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }),
    };

    private static string Shorten(string text, int max = 1200) => text.Length <= max ? text : text[..max] + "…";
}
