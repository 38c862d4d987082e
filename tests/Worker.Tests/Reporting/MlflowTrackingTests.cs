using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Storage;

namespace LightReasoner.Worker.Tests.Reporting;

/// <summary>Runs that tell an MLflow server how they go.</summary>
public sealed class MlflowTrackingTests : IDisposable
{
    private const string Password = "pass-word-of-alice";

    private static readonly string Examples = RepositoryFolder.Of("examples", "quickstart");

    private readonly ScratchFolder _folder = new();
    private readonly StringWriter _said = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_LeavesParamsMetricsTagsAndReport_AndALaterAttemptGoesOnWithThem()
    {
        using var server = new MlflowServer();
        var uri = $"http://alice:{Password}@{server.Address.Authority}";
        Assert.Equal(ExitCode.Done, await RunAsync(uri, "out"));
        var run = Assert.Single(server.Runs);
        Assert.Equal(("math", "refine", "FINISHED"), (run.Experiment, run.Name, run.Status));
        Assert.Equal(("RefineRun", $"file://{Written()}"), (run.Tags["lightreasoner.kind"], run.Tags["lightreasoner.output"]));
        Assert.Equal(("3", "0.001"), (run.Params["training.maxSteps"], run.Params["training.learningRate"]));
        Assert.DoesNotContain(run.Params.Keys, key => key.Split('.')[0] is "tracking" or "worker" or "output");

        JsonNode[] lines = [.. File.ReadLines(Written("metrics.jsonl")).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(lines.Select(line => ((double)line["lossTotal"]!, (long)line["step"]!)), Metric("lossTotal"));
        Assert.Equal(lines.Select(line => ((double)line["losses"]![1]!, (long)line["step"]!)), Metric("losses.1"));
        Assert.Equal([(4, 3)], Metric("evaluation.questions"));
        Assert.Equal(File.ReadAllText(Written("report.html")), server.Artifacts["1/run-0/artifacts/report.html"]);

        var basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"alice:{Password}"));
        Assert.All(server.Requests, request => Assert.Equal(basic, request.Authorization));
        var sent = string.Join('\n', server.Requests.Select(request => request.Path + request.Body));
        Assert.DoesNotContain(Password, sent + _said + File.ReadAllText(Written("run.json")));

        Assert.Equal(ExitCode.Done, await RunAsync(uri, "out"));
        Assert.Equal("FINISHED", Assert.Single(server.Runs).Status);
        Assert.Equal(ExitCode.Done, await RunAsync(uri, "other"));
        Assert.Equal(2, server.Runs.Count);

        string Written(string file = "") => Path.Combine(_folder.Path, "out", file).TrimEnd('/');
        IEnumerable<(double, long)> Metric(string key) =>
            run.Metrics.Where(metric => metric.Key == key).Select(metric => (metric.Value, metric.Step));
    }

    /// <summary>The server answers nothing until the run's work is done and saved.</summary>
    [Fact]
    public async Task Server_ThatDoesNotAnswer_KeepsNothingWaiting()
    {
        var open = new TaskCompletionSource();
        using var server = new MlflowServer(async () =>
        {
            await open.Task;
            return null;
        });
        var run = RunAsync(server.Address.ToString(), "out");
        while (!run.IsCompleted && !File.Exists(Path.Combine(_folder.Path, "out", "results", "run.json"))) await Task.Delay(5);
        Assert.Empty(server.Runs);
        open.SetResult();
        Assert.Equal(ExitCode.Done, await run);
        Assert.Equal(3, server.Runs[0].Metrics.Count(metric => metric.Key == "lossTotal"));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Server_ThatIsLostOrRefuses_IsSaidSoOnceAndTheRunIsTheSame(bool lost)
    {
        using var server = new MlflowServer(() => Task.FromResult<int?>(500));
        var address = lost ? $"http://127.0.0.1:{LoopbackServer.ClosedPort()}" : server.Address.ToString();
        Assert.Equal(ExitCode.Done, await RunAsync(address, "tracked"));
        var said = Assert.Single(_said.ToString().Split('\n'), line => line.Contains("MLflow", StringComparison.Ordinal));
        Assert.Contains(lost ? "cannot be reached" : "HTTP 500 the database is locked", said);
        Assert.Contains("the run continues", said);
        Assert.Equal(ExitCode.Done, await RunAsync(null, "untracked"));
        SameBytes.Assert(Model("untracked"), Model("tracked"));

        byte[] Model(string output) => File.ReadAllBytes(Path.Combine(_folder.Path, output, "model", "model.safetensors"));
    }

    private Task<ExitCode> RunAsync(string? mlflow, string output)
    {
        var manifest = ManifestReader.Read(File.ReadAllText(Path.Combine(Examples, "3-refine.yaml")), "3-refine.yaml",
        [
            $"spec.model={{uri: 'file://{Examples}/models/seed-0/expert', dtype: float32}}",
            $"spec.dataset.uri=file://{Examples}/data/refine.parquet", "spec.training.maxSteps=3", "spec.training.loggingSteps=1",
            "spec.training.batchSize=4", $"spec.evaluation.dataset.uri=file://{Examples}/data/test.jsonl", "spec.evaluation.maxQuestions=4",
            mlflow is null ? "spec.tracking=null" : $"spec.tracking={{mlflow: {{uri: '{mlflow}', experiment: math}}}}",
        ]);
        var console = new ConsoleProgress(_said, ProgressStyle.Lines, TimeProvider.System);
        var options = new RunOptions { Output = "file://" + Path.Combine(_folder.Path, output) };
        return new Runner(options, console, TimeProvider.System).RunAsync(manifest, default);
    }
}
