using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.Worker.Tests.Storage;

namespace LightReasoner.Worker.Tests.Reporting;

/// <summary>What MLflow's REST API promises about experiments, runs and artifacts; it keeps what it gets.</summary>
internal sealed partial class MlflowServer : IDisposable
{
    private readonly LoopbackServer _server;
    private readonly Lock _lock = new();

    /// <param name="before">Runs before each request; its result, where it is no null, is the status that the request fails with.</param>
    public MlflowServer(Func<Task<int?>>? before = null) => _server = new LoopbackServer(async context =>
    {
        using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
        var body = await reader.ReadToEndAsync();
        var path = context.Request.Url!.AbsolutePath;
        Requests.Enqueue((path, context.Request.Headers["Authorization"], body));
        if (before is not null && await before() is { } failure)
        {
            await LoopbackServer.AnswerAsync(context, "the database is locked"u8.ToArray(), failure);
            return;
        }
        var (status, answer) = Answer(context.Request.HttpMethod, path, context.Request.QueryString["experiment_name"], body);
        await LoopbackServer.AnswerAsync(context, Encoding.UTF8.GetBytes(answer), status);
    });

    public Uri Address => _server.Address;

    public ConcurrentQueue<(string Path, string? Authorization, string Body)> Requests { get; } = [];

    public List<string> Experiments { get; } = ["Default"];

    public List<Run> Runs { get; } = [];

    public Dictionary<string, string> Artifacts { get; } = [];

    public void Dispose() => _server.Dispose();

    internal sealed record Run(string Experiment, string Name)
    {
        public string Status { get; set; } = "RUNNING";

        public Dictionary<string, string> Tags { get; } = [];

        public Dictionary<string, string> Params { get; } = [];

        public List<(string Key, double Value, long Step)> Metrics { get; } = [];
    }

    private (int Status, string Body) Answer(string method, string path, string? experiment, string body)
    {
        lock (_lock)
        {
            const string api = "/api/2.0/mlflow/", artifacts = "/api/2.0/mlflow-artifacts/artifacts/";
            if (path.StartsWith(artifacts, StringComparison.Ordinal) && method == "PUT")
            {
                Artifacts[path[artifacts.Length..]] = body;
                return (200, "{}");
            }
            JsonNode? asked = body.Length == 0 ? null : JsonNode.Parse(body);
            Run? run = (string?)asked?["run_id"] is { } id ? Runs[Number(id["run-".Length..])] : null;
            switch (method + " " + path[api.Length..])
            {
                case "GET experiments/get-by-name":
                    return Experiments.IndexOf(experiment!) is >= 0 and var found
                        ? (200, $$$"""{"experiment":{"experiment_id":"{{{found}}}"}}""")
                        : (404, """{"error_code":"RESOURCE_DOES_NOT_EXIST"}""");
                case "POST experiments/create":
                    Experiments.Add((string)asked!["name"]!);
                    return (200, $$"""{"experiment_id":"{{Experiments.Count - 1}}"}""");
                case "POST runs/search":
                    (string Tag, string Value)[] filter =
                        [.. Condition().Matches((string)asked!["filter"]!).Select(match => (match.Groups[1].Value, match.Groups[2].Value))];
                    var known = Runs.FindIndex(one => filter.Length == 3
                        && filter.All(tag => one.Tags.GetValueOrDefault(tag.Tag) == tag.Value));
                    return (200, known < 0 ? "{}" : $$"""{"runs":[{{Info(known)}}]}""");
                case "POST runs/create":
                    var made = new Run(Experiments[Number((string)asked!["experiment_id"]!)], (string)asked["run_name"]!);
                    foreach (var tag in asked["tags"]!.AsArray()) made.Tags.Add((string)tag!["key"]!, (string)tag["value"]!);
                    Runs.Add(made);
                    return (200, $$"""{"run":{{Info(Runs.Count - 1)}}}""");
                case "POST runs/log-batch":
                    foreach (var one in asked!["params"]?.AsArray() ?? [])
                        run!.Params.Add((string)one!["key"]!, (string)one["value"]!);
                    foreach (var one in asked["metrics"]?.AsArray() ?? [])
                        run!.Metrics.Add(((string)one!["key"]!, (double)one["value"]!, (long)one["step"]!));
                    return (200, "{}");
                case "POST runs/update":
                    run!.Status = (string)asked!["status"]!;
                    return (200, "{}");
                default:
                    return (404, "{}");
            }
        }
    }

    private static string Info(int run) =>
        $$$"""{"info":{"run_id":"run-{{{run}}}","artifact_uri":"mlflow-artifacts:/1/run-{{{run}}}/artifacts"}}""";

    private static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex("tags\\.`([^`]+)` = '([^']*)'")]
    private static partial Regex Condition();
}
