using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Faults;

namespace LightReasoner.Worker.Tests.Storage;

/// <summary>Secrets in addresses, environment and annotations open the data, and stand nowhere in what a run writes and says, done or
/// failed.</summary>
public sealed class SecretTests : IDisposable
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private static readonly string Examples = RepositoryFolder.Of("examples", "quickstart");

    private static readonly Dictionary<string, string> Data = new()
    {
        ["/q.jsonl"] = """{"id": "a", "question": "Max has 5 keys. How many keys does Max have now?", "answer": "5"}""",
        ["/samples.jsonl"] =
        """{"prompt_id": "q", "step": 1, "prefix": "a", "tokens": ["a", "b"], "token_ids": [5, 6], "weights": [0.5, 0.5], "kl_divergence": 0.5, "prefix_ids": [5, 6]}""",
        ["/records.jsonl"] = """{"prompt": "Max has 5 keys.", "target": " 5 + 4 = 9"}""",
    };

    private readonly ScratchFolder _folder = new();
    private readonly List<string> _secrets = [];
    private readonly Random _random = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(RunKind.SamplingRun, true)]
    [InlineData(RunKind.SamplingRun, false)]
    [InlineData(RunKind.FineTuneRun, true)]
    [InlineData(RunKind.RefineRun, true)]
    public async Task Run_WithSecretsInEveryField_LeavesNone(RunKind kind, bool allowed)
    {
        using var server = new LoopbackServer(context => AnswerAsync(context, allowed));
        string Address(string path) => $"http://alice:{Secret()}@{server.Address.Authority}/{path}?sv=1&sig={Secret()}";
        var model = $"spec.model={{uri: '{Address("expert")}', dtype: float32}}";
        var evaluation =
            $"spec.evaluation={{dataset: {{uri: '{Address("q.jsonl")}'}}, prompt: {{template: none}}, generation: {{maxNewTokens: 2}}}}";
        var (file, set) = kind switch
        {
            RunKind.SamplingRun => ("1-sampling.yaml", (string[])
                [$"spec.expert.uri={Address("expert")}", $"spec.amateur.uri={Address("amateur")}",
                    $"spec.dataset.uri={Address("q.jsonl")}", "spec.shards=1", "spec.selection.beta=0"]),
            RunKind.FineTuneRun =>
                ("2-finetune.yaml", [model, $"spec.samples={{uri: '{Address("samples.jsonl")}'}}", "spec.training.maxSteps=1", evaluation]),
            _ => ("3-refine.yaml",
                [model, $"spec.dataset.uri={Address("records.jsonl")}", "spec.method=lora", "spec.training.maxSteps=1", evaluation]),
        };
        var document = JsonNode.Parse(
            ManifestReader.ToJson(ManifestReader.Read(await File.ReadAllTextAsync(Path.Combine(Examples, file)), file,
            [.. set, $"spec.worker.env=[{{name: PLAIN, value: {Secret()}}}]", $"spec.worker.podAnnotations={{note: hf_{Secret()}}}"])))!;
        document["metadata"]!["annotations"] = new JsonObject { ["note"] = $"Authorization: Bearer {Secret()}" };
        string manifest = Path.Combine(_folder.Path, "run.json"), output = Path.Combine(_folder.Path, "out"),
            termination = Path.Combine(_folder.Path, "termination");
        await File.WriteAllTextAsync(manifest, document.ToJsonString());

        using var worker = WorkerProcess.Start(["run", "-f", manifest, "--output", output], new Dictionary<string, string>
        {
            ["HF_TOKEN"] = Secret(),
            ["AZURE_STORAGE_KEY"] = Secret(),
            ["LIGHTREASONER_TERMINATION_LOG"] = termination,
            ["LIGHTREASONER_CACHE"] = Path.Combine(_folder.Path, "cache"),
        });
        var (code, errors) = await worker.ResultAsync();
        Assert.True(code == (allowed ? (int)ExitCode.Done : (int)ExitCode.NoPermission), $"{code}: {errors}");
        // A run that is refused before it works leaves nothing.
        string[] files = Directory.Exists(output) ? Directory.GetFiles(output, "*", SearchOption.AllDirectories) : [];
        if (allowed) Assert.All(kind == RunKind.SamplingRun ? (string[])["run.json", "report.html"]
            : ["run.json", "report.html", "adapter_config.json"], name => Assert.Contains(files, path => Path.GetFileName(path) == name));
        var written = string.Join('\n', files.Prepend(termination).Select(File.ReadAllText)) + errors + await worker.Output;
        Assert.All(_secrets, secret => Assert.DoesNotContain(secret, written));
        if (allowed) Assert.Contains("http://REDACTED@127.0.0.1", written);
    }

    private string Secret()
    {
        _secrets.Add(new string([.. Enumerable.Range(0, _random.Next(16, 50)).Select(_ => Alphabet[_random.Next(Alphabet.Length)])]));
        return _secrets[^1];
    }

    private Task AnswerAsync(HttpListenerContext context, bool allowed)
    {
        string path = context.Request.Url!.AbsolutePath, model = Path.Combine(Examples, "models", "seed-0", path.TrimStart('/'));
        var given = Encoding.UTF8.GetString(Convert.FromBase64String(context.Request.Headers["Authorization"]?["Basic ".Length..]
            ?? ""));
        if (!allowed || !_secrets.Any(secret => given == $"alice:{secret}")) return LoopbackServer.AnswerAsync(context, [], 403);
        byte[]? content = Data.TryGetValue(path, out var text) ? Encoding.UTF8.GetBytes(text + "\n") : File.Exists(model)
            ? File.ReadAllBytes(model) : null;
        return LoopbackServer.AnswerAsync(context, content ?? [], content is null ? 404 : 200);
    }
}
