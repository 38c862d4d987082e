using System.Text.Json.Nodes;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.FineTuning;

namespace LightReasoner.Worker.Tests.Runs;

/// <summary>
/// What `worker run` says before, while and after it works, so that no day of a GPU is lost without a word. The program itself, on the
/// quickstart's models.
/// </summary>
[Collection(TorchGeneratorCollection.Name)]
public sealed class GuardTests : IDisposable
{
    private static readonly string Examples = RepositoryFolder.Of("examples", "quickstart");

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Plan_SamplingAndFineTuning_SayWhatTheyNeedAndWriteNothing()
    {
        (int code, string said, string errors) = await SampleAsync("planned", "--plan");
        Assert.True(code == 0, errors);
        foreach (string expected in (string[])
        [
            "expert: Qwen2ForCausalLM", "amateur: Qwen2ForCausalLM", "12 questions of ", "answers of up to 64 tokens, 6 at a time",
                "device: CPU", "predicted peak memory: ", "predicted duration: about ",
            "disk: about ", " free)", "writes samples/",
        ]) Assert.Contains(expected, said);
        Assert.False(Directory.Exists(In("planned")));

        Assert.Equal(0, (await SampleAsync("samples")).Code);
        (code, said, errors) = await FineTuneAsync("planned", "--plan", "--set", $"spec.evaluation={Evaluation(maxQuestions: 4)}");
        Assert.True(code == 0, errors);
        Assert.Contains("model: Qwen2ForCausalLM", said);
        Assert.Contains("4 steps on ", said);
        Assert.Contains("accuracy before and after on 4 questions with answers of up to 48 tokens", said);
        Assert.Contains("predicted duration: about ", said);
        Assert.Contains("writes checkpoints/, adapter/", said);
        Assert.False(Directory.Exists(In("planned")));
    }

    /// <summary>What is predicted for sampling is what the process takes, the program itself included.</summary>
    [Fact]
    public async Task Sampling_PredictedMemory_IsWhatTheProcessTakes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a process's peak is read from the system");
        if (await OwnProcess.RanAsync()) return;
        Assert.Equal(0, (await SampleAsync("out", "--set", "spec.batchSize=50", "--set", "spec.maxQuestions=200")).Code);
        JsonNode result = Json("out", "results/run.json");
        double predicted = (double)result["predictedMemory"]!, measured = (double)result["usage"]!["peakMemory"]!;
        TestContext.Current.TestOutputHelper?.WriteLine($"predicted {predicted / (1 << 20):F0} MiB, measured {measured / (1 << 20):F0} MiB");
        Assert.InRange(predicted / measured, 0.75, 1.35);
    }

    [Fact]
    public async Task Sampling_AskedForMoreQuestions_GoesOnFromWhatIsThere()
    {
        Assert.Equal(0, (await SampleAsync("out", "--set", "spec.maxQuestions=6")).Code);
        string first = Directory.GetFiles(In("out/samples")).Single();
        DateTime written = File.GetLastWriteTimeUtc(first);
        (int code, string said, _) = await SampleAsync("out");
        Assert.Equal(0, code);
        Assert.Contains("continuing from existing output: spec.maxQuestions was 6 and is 12 now", said);
        Assert.Equal(written, File.GetLastWriteTimeUtc(first));
        Assert.Equal((12, 12), ((int)Json("out", "results/run.json")["done"]!,
            (int)Json("out", "run.json")["document"]!["spec"]!["maxQuestions"]!));
        Assert.Contains("is already complete", (await SampleAsync("out")).Said);

        (code, _, string errors) = await SampleAsync("out", "--set", "spec.maxQuestions=6", "--set", "spec.selection.beta=0.5");
        Assert.Equal((int)ExitCode.BadManifest, code);
        Assert.Contains("another spec: spec.maxQuestions was 12 and is 6 now; spec.selection.beta was 0.4 and is 0.5 now; name another "
            + "spec.output.uri", errors);
    }

    [Fact]
    public async Task FineTuning_AskedForMoreStepsAndAnEvaluation_GoesOnFromTheLastCheckpoint()
    {
        Assert.Equal(0, (await SampleAsync("samples")).Code);
        Assert.Equal(0, (await FineTuneAsync("out")).Code);
        byte[] adapter = File.ReadAllBytes(In("out/adapter/adapter_model.safetensors"));
        (int code, string said, string errors) = await FineTuneAsync("out", "--set", "spec.training.maxSteps=6", "--set",
            $"spec.evaluation={Evaluation(maxQuestions: 4)}");
        Assert.True(code == 0, errors);
        Assert.Contains("spec.training.maxSteps was 4 and is 6 now", said);
        Assert.Contains("continuing from the checkpoint of step 4", said);
        Assert.NotEqual(adapter, File.ReadAllBytes(In("out/adapter/adapter_model.safetensors")));
        Assert.Equal((6, 4), ((int)Json("out", "results/run.json")["fineTune"]!["step"]!,
            (int)Json("out", "results/run.json")["fineTune"]!["evaluation"]!["questions"]!));

        // Another evaluation alone: nothing is trained, both accuracies are measured anew.
        adapter = File.ReadAllBytes(In("out/adapter/adapter_model.safetensors"));
        (code, said, errors) = await FineTuneAsync("out", "--set", "spec.training.maxSteps=6", "--set",
            $"spec.evaluation={Evaluation(maxQuestions: 6)}");
        Assert.True(code == 0, errors);
        Assert.Contains("accuracy before:", said);
        Assert.Equal(6, (int)Json("out", "results/run.json")["fineTune"]!["evaluation"]!["questions"]!);
        Assert.Equal(adapter, File.ReadAllBytes(In("out/adapter/adapter_model.safetensors")));
    }

    [Fact]
    public async Task Model_OverwrittenBetweenTwoAttempts_IsRefusedWithBothFingerprints()
    {
        string expert = Copy("expert");
        Assert.Equal(0, (await SampleAsync("out", "--set", $"spec.expert.uri=file://{expert}", "--set", "spec.maxQuestions=6")).Code);
        string weights = Path.Combine(expert, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        (int code, _, string errors) = await SampleAsync("out", "--set", $"spec.expert.uri=file://{expert}");
        Assert.Equal((int)ExitCode.BadData, code);
        Assert.Matches("was begun on other data: spec.expert: file://.*/model.safetensors was sha256:[0-9a-f]{64} and is "
            + "sha256:[0-9a-f]{64} now", errors);
    }

    [Fact]
    public async Task FineTuning_OnSamplesOfAnotherExpert_WarnsWithBothFingerprints()
    {
        Assert.Equal(0, (await SampleAsync("samples")).Code);
        Assert.DoesNotContain("other weights", (await FineTuneAsync("own")).Said);
        string other = Copy("expert"), weights = Path.Combine(other, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        (int code, string said, string errors) = await FineTuneAsync("other", "--set", $"spec.model.uri=file://{other}");
        Assert.True(code == 0, errors);
        Assert.Matches(@"warning: the samples are of an expert with other weights \(sha256:[0-9a-f]{16}\) than spec.model \(sha256:[0-9a-f]{16}\)", said);
    }

    [Fact]
    public async Task Attempt_OnAnOutputThatAnotherHasNotLeft_SaysWhoThatWas()
    {
        Assert.DoesNotContain("takes over", (await SampleAsync("out", "--set", "spec.maxQuestions=6")).Said);
        Assert.DoesNotContain("takes over", (await SampleAsync("out")).Said); // the one before has said that it ended
        JsonNode owner = Json("out", "owners/run.json");
        owner.AsObject().Remove("ended");
        File.WriteAllText(In("out/owners/run.json"), owner.ToJsonString());
        (int code, string said, _) = await SampleAsync("out", "--set", "spec.maxQuestions=14");
        Assert.Equal(0, code);
        Assert.Contains($"warning: attempt {owner["attempt"]} (process {Environment.ProcessId} on {Environment.MachineName}, since ", said);
        Assert.Contains("this attempt takes over", said);
        Assert.Equal(1, (int)Json("out", "results/run.json")["usage"]!["interruptions"]!);
    }

    [Fact]
    public async Task Sampling_ModelWithoutEos_IsRefusedUnlessEosIsIgnored()
    {
        string expert = Copy("expert");
        foreach ((string file, string field) in new[] { ("config.json", "eos_token_id"), ("generation_config.json", "eos_token_id"),
            ("tokenizer_config.json", "eos_token") })
        {
            if (!File.Exists(Path.Combine(expert, file))) continue;
            JsonObject json = JsonNode.Parse(File.ReadAllText(Path.Combine(expert, file)))!.AsObject();
            json.Remove(field);
            File.WriteAllText(Path.Combine(expert, file), json.ToJsonString());
        }
        string[] model = ["--set", $"spec.expert.uri=file://{expert}", "--set", "spec.maxQuestions=2", "--set",
            "spec.generation.maxNewTokens=8"];
        (int code, _, string errors) = await SampleAsync("out", model);
        Assert.Equal((int)ExitCode.BadData, code);
        Assert.Contains("no answer would end; name one there, or set generation.ignoreEos: true", errors);
        (code, _, errors) = await SampleAsync("ignored", [.. model, "--set", "spec.generation.ignoreEos=true"]);
        Assert.True(code == 0, errors);
        Assert.Equal(2, (int)Json("ignored", "results/run.json")["sampling"]!["answersCut"]!);
        foreach (string place in (string[])["ignored", "ignored/samples"])
            Assert.Equal(2, (int)JsonNode.Parse((await WorkerProgram.RunAsync("inspect", "samples", In(place))).Output)!["answersCut"]!);
    }

    [Fact]
    public async Task Sampling_ContextTooSmall_IsSaidWithNumbers()
    {
        string expert = Copy("expert");
        JsonObject config = JsonNode.Parse(File.ReadAllText(Path.Combine(expert, "config.json")))!.AsObject();
        config["max_position_embeddings"] = 96;
        File.WriteAllText(Path.Combine(expert, "config.json"), config.ToJsonString());
        (int code, string said, string errors) = await SampleAsync("out", "--set", $"spec.expert.uri=file://{expert}", "--set",
            "spec.generation.maxNewTokens=90");
        Assert.True(code == 0, errors);
        Assert.Matches(@"warning: \d+ of 12 questions and maxNewTokens \(90\) together exceed the model's context of 96 tokens", said);

        config["max_position_embeddings"] = 4;
        File.WriteAllText(Path.Combine(expert, "config.json"), config.ToJsonString());
        (code, _, errors) = await SampleAsync("none", "--set", $"spec.expert.uri=file://{expert}");
        Assert.Equal((int)ExitCode.BadData, code);
        Assert.Contains("which fill the models' context of 4 tokens", errors);
    }

    [Fact]
    public async Task Json_LastLine_HasOutcomeFiguresAndTime()
    {
        (int code, string said, _) = await SampleAsync("out", "--json");
        Assert.Equal(0, code);
        JsonNode[] lines = [.. said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
        Assert.All(lines, line => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", (string)line["time"]!));
        Assert.Equal(("succeeded", 12), ((string)lines[^1]["outcome"]!, (int)lines[^1]["sampling"]!["promptsDone"]!));
        (code, said, _) = await SampleAsync("out", "--json", "--set", "spec.selection.beta=0.9");
        JsonNode failed = JsonNode.Parse(said.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1])!;
        Assert.Equal("failed", (string)failed["outcome"]!);
        Assert.Contains("spec.selection.beta was 0.4 and is 0.9 now", (string)failed["message"]!);
    }

    [Fact]
    public async Task Output_ThatCannotBeWritten_IsOneSentence()
    {
        string file = In("file");
        File.WriteAllText(file, "");
        (int code, _, string errors) = await SampleAsync("file/below");
        Assert.NotEqual(0, code);
        Assert.DoesNotContain("   at ", errors);
        Assert.StartsWith("error: ", errors);
        Assert.Contains(file, errors);
        Assert.Contains("   at ", (await SampleAsync("file/below", "--verbose")).Errors);
    }

    private string In(string name) => Path.Combine(_folder.Path, name);

    private JsonNode Json(string run, string name) => JsonNode.Parse(File.ReadAllText(In($"{run}/{name}")))!;

    private string Copy(string model)
    {
        string to = In($"copy-of-{model}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Examples, "models", "seed-0", model)))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        return to;
    }

    private static string Evaluation(int maxQuestions) =>
        $$"""{dataset: {uri: 'file://{{Examples}}/data/test.jsonl'}, maxQuestions: {{maxQuestions}}, prompt: {template: none}, generation: {maxNewTokens: 48}, batchSize: 4}""";

    private Task<(int Code, string Said, string Errors)> SampleAsync(string output, params string[] arguments) =>
        RunAsync("1-sampling.yaml", output,
    [
        ("spec.expert.uri", $"file://{Examples}/models/seed-0/expert"), ("spec.amateur.uri", $"file://{Examples}/models/seed-0/amateur"),
            ("spec.dataset.uri", $"file://{Examples}/data/questions.jsonl"),
        ("spec.shards", "1"), ("spec.maxQuestions", "12"), ("spec.batchSize", "6"),
    ], arguments);

    private Task<(int Code, string Said, string Errors)> FineTuneAsync(string output, params string[] arguments) =>
        RunAsync("2-finetune.yaml", output,
    [
        ("spec.model.uri", $"file://{Examples}/models/seed-0/expert"), ("spec.samples", $$"""{uri: '{{In("samples/samples")}}'}"""), ("spec.training.maxSteps", "4"), ("spec.training.batchSize", "4"),
        ("spec.evaluation", "null"), ("spec.merge", "false"),
    ], arguments);

    /// <summary>Runs the program; a field that the test sets replaces the one of the list.</summary>
    private async Task<(int Code, string Said, string Errors)> RunAsync(string manifest, string output,
        (string Field, string Value)[] fields, string[] arguments) =>
        await WorkerProgram.RunAsync(
        [
            "run", "-f", Path.Combine(Examples, manifest), "--output", In(output),
            .. fields.Where(field => !arguments.Any(argument => argument.StartsWith(field.Field + "=", StringComparison.Ordinal)))
                .SelectMany(field => (string[])["--set", $"{field.Field}={field.Value}"]),
            .. arguments,
        ]);
}
