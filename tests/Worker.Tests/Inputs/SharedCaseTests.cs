using System.Net;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Checkpoints;
using LightReasoner.Worker.Tests.Faults;
using LightReasoner.Worker.Tests.Models;
using LightReasoner.Worker.Tests.Runs;
using LightReasoner.Worker.Tests.Storage;

namespace LightReasoner.Worker.Tests.Inputs;

/// <summary>Every case of ../shared/cases through the program: INDEX says what is right.</summary>
public sealed class SharedCaseTests : IDisposable
{
    private static readonly string Examples = RepositoryFolder.Of("examples", "quickstart");

    private static readonly string Expert = $"{Examples}/models/seed-0/expert", Amateur = $"{Examples}/models/seed-0/amateur";

    private static readonly Dictionary<string, Func<SharedCaseTests, string, Task>> Cases = new()
    {
        ["rope-theta-toplevel"] = (t, c) =>
            t.LogitsArePublishedAsync("qwen2-tiny", folder => Replace($"{c}/config.json", $"{folder}/config.json")),
        ["rope-scaling-beats-parameters"] = (t, c) => t.RopeScalingAsync(c),
        ["peft-pissa"] = (t, c) => t.AdapterThatChangesTheBaseAsync(c),
        ["single-file-beats-index"] = (t, _) => t.LogitsArePublishedAsync("qwen2-tiny", AddStaleIndex),
        ["lfs-pointer"] = async (t, c) =>
            Refused(await WorkerProgram.RunAsync("inspect", "model", c), ExitCode.BadData, "model.safetensors", "Git LFS pointer"),
        ["regex-line-anchor"] = (t, c) => t.TokensAsync(c),
        ["regex-posix-class"] = (t, c) => t.TokensAsync(c),
        ["regex-intersection"] = (t, c) => t.TokensAsync(c),
        ["added-tokens-in-config"] = async (t, c) =>
            Assert.Matches(@"\[2278,\d+(,\d+)*,2279\]",
            await AnswerAsync(File.ReadAllText($"{c}/input.jsonl"), "inspect", "tokens", "--model", c)),
        ["duplicate-added-token"] = async (t, c) =>
            Assert.Equal("""{"ids":[2278]}""", await AnswerAsync(File.ReadAllText($"{c}/input.jsonl"), "inspect", "tokens", "--model", c)),
        ["template-unk-token"] = async (t, c) =>
            Assert.Equal("<unk>|['<a>', '<b>']|",
                (string?)JsonNode.Parse(await AnswerAsync("""{"messages":[]}""", "inspect", "chat", "--model", c))!["text"]),
        ["empty-question"] = async (t, c) =>
            Refused(await t.SampleAsync($"{c}/q.jsonl"), ExitCode.BadData, "q.jsonl line 2: ", "'question' is empty"),
        ["empty-dataset"] = async (t, c) =>
        {
            Refused(await t.SampleAsync($"{c}/q.jsonl"), ExitCode.BadData, "q.jsonl", "no questions");
            Refused(await WorkerProgram.RunAsync("evaluate", "--model", Expert, "--data", $"{c}/q.jsonl"), ExitCode.BadData, "q.jsonl",
                "no questions");
        },
        ["gz-jsonl"] = async (t, c) => t.AssertSampled(await t.SampleAsync($"{c}/q.jsonl.gz")),
        ["file-uri-percent"] = async (t, c) =>
        {
            t.AssertSampled(await t.SampleAsync($"{c}/my%20data.jsonl"));
            t.AssertSampled(await t.SampleAsync($"{c}/pc%2541/q.jsonl"));
        },
        ["refine-response-parts"] = (t, c) => t.ResponsePartsAsync(c),
        ["gsm8k-grading"] = (t, c) => t.GradingAsync(c),
        ["math-references"] = async (t, c) =>
        {
            string[] evaluate = ["evaluate", "--model", Expert, "--data", $"{c}/e.jsonl", "--question-field", "problem", "--answer-field",
                "solution", "--template", "none", "--max-new-tokens", "1"];
            Refused(await WorkerProgram.RunAsync(evaluate), ExitCode.BadData, "e.jsonl line 1", "do not fit grader gsm8k");
            Assert.Equal(0, (await WorkerProgram.RunAsync([.. evaluate, "--grader", "math"])).Code);
        },
        ["perstep-overflow"] = (t, c) => t.BatchProductAsync(c),
        ["temperature-tiny"] = async (t, _) =>
        {
            const string prompt = """{"prompt":"Max has 5 keys. Max gives 4 keys. How many keys does Max have now?"}""";
            var greedy = await AnswerAsync(prompt, "generate", "--model", Expert, "--dtype", "float32");
            Assert.Equal(greedy, await AnswerAsync(prompt, "generate", "--model", Expert, "--dtype", "float32", "--temperature", "1e-38"));
        },
        ["eos-only-in-tokenizer"] = (t, c) => t.EndOfSequenceAsync(c),
        ["token-id-beyond-model"] = (t, c) => t.AddedTokenAsync(c),
        ["head-403"] = (t, c) => t.HeadAsync(),
        ["secret-in-url"] = (t, c) => t.SecretAsync(c),
        ["azure-null-error-code"] = (t, c) => t.AzureAsync(c),
        ["uri-without-path"] = async (t, c) =>
        {
            foreach (var uri in new[] { File.ReadAllText($"{c}/uri").Trim(), "https://host", "s3://bucket/", "hf://datasets/org/name" })
                Refused(await t.RunAsync("1-sampling.yaml", $"spec.dataset.uri={uri}"), ExitCode.BadManifest,
                    $"spec.dataset.uri: {uri}: names no file");
            Refused(await t.RunAsync("1-sampling.yaml", "spec.expert.uri=hf://org"), ExitCode.BadManifest,
                "spec.expert.uri: hf://org: must have the form hf://org/name");
        },
        ["yaml-octal"] = (t, c) => t.OctalAsync(c),
    };

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => SharedFolder.Find("cases/INDEX") is { } index
        ? [.. File.ReadLines(index).Select(line => line.Split(':')[0]).Where(name => name.Length > 0)] : ["(absent)"];

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Names))]
    public Task Case_IsRight(string name)
    {
        var folder = SharedFolder.Of($"cases/{name}");
        return Cases.TryGetValue(name, out var check) ? check(this, folder)
            : throw new Xunit.Sdk.XunitException($"{name}: this class has no test for it");
    }

    private async Task LogitsArePublishedAsync(string model, Action<string> change)
    {
        var folder = Copy($"{Goldens.Folder}/{model}");
        change(folder);
        var ids = Goldens.Json("forward.json")["models"]![model]!["input_ids"]![1]!.ToJsonString();
        var answer = JsonNode.Parse(await AnswerAsync($$"""{"ids":{{ids}}}""", "inspect", "logits", "--model", folder, "--dtype",
            "float32"))!;
        using var tensors = Goldens.Tensors("forward.safetensors");
        using var expected = tensors.Load($"{model}.logits.1");
        float[] logits = [.. answer["logits"]!.AsArray().SelectMany(row => row!.AsArray().Select(value => (float)value!))];
        Assert.Equal(expected.numel(), logits.Length);
        Assert.All(expected.data<float>().ToArray().Zip(logits), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    private async Task RopeScalingAsync(string folder)
    {
        await LogitsArePublishedAsync("llama-tiny", model => Replace($"{folder}/config.json", $"{model}/config.json"));
        foreach (var place in new[] { "rope_scaling", "rope_parameters" })
        {
            var config = JsonNode.Parse(File.ReadAllText($"{folder}/config.json"))!;
            config[place]!["rope_type"] = "yarn";
            var model = Copy($"{Goldens.Folder}/llama-tiny");
            Write($"{model}/config.json", config);
            Refused(await WorkerProgram.RunAsync("inspect", "model", model), ExitCode.BadData, "config.json", place, "yarn");
        }
    }

    private async Task AdapterThatChangesTheBaseAsync(string folder)
    {
        var adapter = Copy($"{Goldens.Folder}/lora-adapter");
        var config = JsonNode.Parse(File.ReadAllText($"{folder}/adapter_config.json"))!;
        foreach (var kind in new[] { "pissa", "pissa_niter_4", "olora", "corda", "loftq" })
        {
            config["init_lora_weights"] = kind;
            Write($"{adapter}/adapter_config.json", config);
            Refused(await WorkerProgram.RunAsync("merge", "--model", $"{Goldens.Folder}/qwen2-tiny", "--adapter", adapter, "--output",
                _folder["merged"]), ExitCode.BadData, "adapter_config.json", "init_lora_weights", kind);
            Assert.False(Directory.Exists(_folder["merged"]));
        }
    }

    /// <summary>What make.py of the case does: an index beside the single file, and a shard of zeros.</summary>
    private static void AddStaleIndex(string folder)
    {
        var bytes = File.ReadAllBytes($"{folder}/model.safetensors");
        var header = BitConverter.ToInt64(bytes);
        bytes.AsSpan((int)(8 + header)).Clear();
        File.WriteAllBytes($"{folder}/model-00001-of-00001.safetensors", bytes);
        var map = JsonNode.Parse(bytes.AsSpan(8, (int)header))!.AsObject().Where(tensor => tensor.Key != "__metadata__");
        Write($"{folder}/model.safetensors.index.json", new JsonObject
        {
            ["metadata"] = new JsonObject(),
            ["weight_map"] = new JsonObject(map.Select(tensor =>
                KeyValuePair.Create(tensor.Key, (JsonNode?)"model-00001-of-00001.safetensors"))),
        });
    }

    private async Task TokensAsync(string folder)
    {
        var ids = await AnswerAsync(File.ReadAllText($"{folder}/input.jsonl"), "inspect", "tokens", "--model", folder);
        Assert.Equal(JsonNode.Parse(File.ReadAllText($"{folder}/expected.jsonl"))!["ids"]!.ToJsonString(),
            JsonNode.Parse(ids)!["ids"]!.ToJsonString());
    }

    private async Task ResponsePartsAsync(string folder)
    {
        var record = JsonNode.Parse(File.ReadAllText($"{folder}/d.jsonl"))!;
        var inParts = await LossAsync($"{folder}/d.jsonl");
        record["target"] = (string)record["target"]![0]!["content"]![0]!["text"]!;
        Write(_folder["text.jsonl"], record);
        Assert.Equal(await LossAsync(_folder["text.jsonl"]), inParts);

        async Task<double> LossAsync(string data)
        {
            (int code, _, string errors) = await RunAsync("3-refine.yaml", $"spec.model={{uri: 'file://{Expert}', dtype: float32}}",
                $"spec.dataset.uri=file://{data}", "spec.evaluation=null",
                "spec.training.maxSteps=1");
            Assert.True(code == 0, errors);
            return (double)JsonNode.Parse(File.ReadAllLines($"{_folder["out"]}/metrics.jsonl")[^1])!["lossTotal"]!;
        }
    }

    private async Task GradingAsync(string folder)
    {
        JsonNode[] pairs = [.. File.ReadLines($"{folder}/pairs.jsonl").Select(line => JsonNode.Parse(line)!)];
        var questions = string.Join('\n',
            pairs.Select(pair =>
            new JsonObject { ["response"] = (string)pair["model"]!, ["truth"] = (string)pair["reference"]! }.ToJsonString()));
        var verdicts = (await AnswerAsync(questions, "inspect", "grade", "--grader", "gsm8k")).Split('\n');
        Assert.Equal(pairs.Select(pair => (bool)pair["correct"]!), verdicts.Select(verdict => (bool)JsonNode.Parse(verdict)!["equal"]!));
    }

    private async Task BatchProductAsync(string folder)
    {
        string training = File.ReadAllText($"{folder}/training.yaml").Trim()["training: ".Length..], manifest = _folder["finetune.yaml"];
        foreach (var product in new[] { training,
            training.Replace("gradientAccumulationSteps: 65536", "gradientAccumulationSteps: 32768", StringComparison.Ordinal) })
        {
            File.WriteAllText(manifest, FineTuning(product));
            Refused(await WorkerProgram.RunAsync("run", "-f", manifest, "--output", _folder["out"]), ExitCode.BadManifest,
                "spec.training.gradientAccumulationSteps", "2147483647");
        }
        File.WriteAllText(manifest,
            FineTuning(training.Replace("gradientAccumulationSteps: 65536", "gradientAccumulationSteps: 32767", StringComparison.Ordinal)));
        Assert.Equal((0, ""),
            (await WorkerProgram.RunAsync("run", "-f", manifest, "--output", _folder["out"])) is var (code, _, errors) ? (code, errors)
            : default);

        string FineTuning(string training)
        {
            File.WriteAllText(_folder["samples.jsonl"],
                """{"prompt_id":"q","step":1,"prefix":"a","tokens":["a","b"],"token_ids":[5,6],"weights":[0.5,0.5],"kl_divergence":0.5,"prefix_ids":[5,6]}""");
            return $$"""
                apiVersion: lightreasoner.io/v1alpha1
                kind: FineTuneRun
                metadata: {name: x}
                spec:
                  model: {uri: "file://{{Expert}}", dtype: float32}
                  samples: {uri: "file://{{_folder["samples.jsonl"]}}"}
                  training: {{training}}
                  worker: {gpus: 0}
                """;
        }
    }

    private async Task EndOfSequenceAsync(string folder)
    {
        const string prompt = """{"prompt":"Max has 5 keys. Max gives 4 keys. How many keys does Max have now?"}""";
        var model = Copy(Expert);
        Replace($"{folder}/generation_config.json", $"{model}/generation_config.json");
        var ids = await IdsAsync();
        Assert.EndsWith(",0]", ids);
        Assert.Equal(ids, await IdsAsync("--block", "8", "--refine", "converge"));

        async Task<string> IdsAsync(params string[] way) =>
            JsonNode.Parse(await AnswerAsync(prompt, ["generate", "--model", model, "--dtype", "float32", .. way]))!["ids"]!.ToJsonString();
    }

    private async Task AddedTokenAsync(string folder)
    {
        var model = Copy(Expert);
        var tokenizer = JsonNode.Parse(File.ReadAllText($"{model}/tokenizer.json"))!;
        tokenizer["added_tokens"]!.AsArray().Add(JsonNode.Parse(File.ReadAllText($"{folder}/added_token.json")));
        Write($"{model}/tokenizer.json", tokenizer);
        var question = File.ReadAllText($"{folder}/q.jsonl");
        foreach (var role in new[] { "expert", "amateur" })
            Refused(await SampleAsync($"{folder}/q.jsonl", $"spec.{role}.uri=file://{model}",
                $"spec.{(role == "expert" ? "amateur" : "expert")}.uri=file://{Expert}"),
                role == "expert" ? ExitCode.BadData : null,
                    role == "expert" ? "q.jsonl line 1: the question has token id 79, and the model knows 79 tokens" : "");
        Refused(await WorkerProgram.RunAsync("evaluate", "--model", model, "--data", WithAnswer(question), "--template", "none"),
            ExitCode.BadData, "line 1: the question has token id 79");

        string WithAnswer(string line)
        {
            var record = JsonNode.Parse(line)!;
            record["answer"] = "5";
            Write(_folder["test.jsonl"], record);
            return _folder["test.jsonl"];
        }
    }

    private async Task HeadAsync()
    {
        var questions = File.ReadAllBytes(SharedFolder.Of("cases/gz-jsonl/q.jsonl.gz"));
        foreach (var status in new[] { 403, 404, 400, 200 }) // 200 with a length of 0
        {
            using var server = new LoopbackServer(context =>
                LoopbackServer.AnswerAsync(context, context.Request.HttpMethod == "HEAD" ? [] : questions,
                context.Request.HttpMethod == "HEAD" ? status : 200));
            AssertSampled(await SampleAsync($"{server.Address}presigned/q.jsonl.gz?X-Amz-Signature=0a1b"));
        }
    }

    private async Task SecretAsync(string folder)
    {
        string? authorization = null;
        using var server = new LoopbackServer(context =>
        {
            authorization = context.Request.Headers["Authorization"];
            return LoopbackServer.AnswerAsync(context, [], 403);
        });
        var uri = File.ReadAllText($"{folder}/uri").Trim().Replace("127.0.0.1:8391", server.Address.Authority, StringComparison.Ordinal);
        var result = await SampleAsync(uri);
        Refused(result, ExitCode.NoPermission, "q.jsonl");
        Assert.Equal("Basic " + Convert.ToBase64String("alice:PASSWORD"u8), authorization);
        string[] files = Directory.Exists(_folder["out"]) ? Directory.GetFiles(_folder["out"], "*", SearchOption.AllDirectories) : [];
        var said = result.Output + result.Errors + string.Concat(files.Select(File.ReadAllText));
        Assert.DoesNotContain("PASSWORD", said);
    }

    private async Task AzureAsync(string folder)
    {
        foreach (var (status, expected) in new[] { (403, ExitCode.NoPermission), (404, ExitCode.MissingInput) })
        {
            using var server = new LoopbackServer(context => LoopbackServer.AnswerAsync(context, "<html>"u8.ToArray(), status));
            var environment = File.ReadLines($"{folder}/env").Where(line => line.Contains('=')).Select(line => line.Split('=', 2))
                .ToDictionary(pair => pair[0],
                    pair => pair[1].Replace("127.0.0.1:8391", server.Address.Authority, StringComparison.Ordinal));
            using var worker = WorkerProcess.Start(["run", "-f", $"{Examples}/1-sampling.yaml", "--output", _folder[$"{status}"],
                "--set", "spec.dataset.uri=az://data/q.jsonl"], environment);
            var (code, errors) = await worker.ResultAsync();
            Refused((code, "", errors), expected, "az://data");
        }
    }

    private async Task OctalAsync(string folder)
    {
        var manifest = _folder["sampling.yaml"];
        File.WriteAllText(manifest,
            File.ReadAllText($"{Examples}/1-sampling.yaml")
            .Replace("generation: {maxNewTokens: 64}", File.ReadAllText($"{folder}/generation.yaml").Trim(), StringComparison.Ordinal)
            .Replace("file://./", $"file://{RepositoryFolder.Path}/", StringComparison.Ordinal));
        (int code, _, string errors) = await WorkerProgram.RunAsync("run", "-f", manifest, "--output", _folder["out"], "--set",
            "spec.maxQuestions=1", "--set", "spec.shards=1", "--set", "spec.selection.beta=0");
        Assert.True(code == 0, errors);
        var record = JsonNode.Parse(File.ReadAllText(_folder["out/run.json"]))!;
        Assert.Contains("\"seed\":8", record.ToJsonString());
    }

    /// <summary>Refused with a code and a sentence, and no stack trace.</summary>
    private static void Refused((int Code, string Output, string Errors) result, ExitCode? code, params string[] said)
    {
        Assert.True(code is null || result.Code == (int)code, $"{result.Code}: {result.Errors}");
        Assert.All(said, part => Assert.Contains(part, result.Errors));
        Assert.DoesNotContain("   at ", result.Errors);
    }

    private void AssertSampled((int Code, string Output, string Errors) result)
    {
        Assert.True(result.Code == 0, result.Errors);
        Assert.Equal("a", (string?)JsonNode.Parse(File.ReadLines(Directory.GetFiles($"{_folder["out"]}/samples").Single())
            .First())!["prompt_id"]);
    }

    private Task<(int Code, string Output, string Errors)> SampleAsync(string data, params string[] set) => RunAsync("1-sampling.yaml",
    [
        .. Overrides.Of([$"spec.expert.uri=file://{Expert}", $"spec.amateur.uri=file://{Amateur}"], set), "spec.shards=1",
            "spec.generation.maxNewTokens=4", "spec.selection.beta=0",
        $"spec.dataset.uri={(data.Contains("://", StringComparison.Ordinal) ? data : "file://" + data)}",
    ]);

    private Task<(int Code, string Output, string Errors)> RunAsync(string manifest, params string[] set)
    {
        if (Directory.Exists(_folder["out"])) Directory.Delete(_folder["out"], recursive: true);
        return WorkerProgram.RunAsync(["run", "-f", $"{Examples}/{manifest}", "--output", "file://" + _folder["out"],
            .. set.SelectMany(change => new[] { "--set", change })]);
    }

    /// <summary>What a tool answers to lines on its standard input.</summary>
    private static async Task<string> AnswerAsync(string lines, params string[] arguments)
    {
        using var worker = WorkerProcess.Start(arguments, new Dictionary<string, string>(), lines);
        var (code, errors) = await worker.ResultAsync();
        Assert.True(code == 0, errors);
        return (await worker.Output).TrimEnd('\n');
    }

    private string Copy(string model)
    {
        var folder = _folder[Guid.NewGuid().ToString("N")];
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.EnumerateFiles(model)) Replace(file, $"{folder}/{Path.GetFileName(file)}");
        return folder;
    }

    private static void Replace(string source, string target) =>
        File.WriteAllBytes(target, File.ReadAllBytes(source)); // without its permissions

    private static void Write(string file, JsonNode node) => File.WriteAllText(file, node.ToJsonString());
}
