using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.Api;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Faults;
using LightReasoner.Worker.Tests.Storage;

namespace LightReasoner.Worker.Tests.Runs;

/// <summary>
/// What `worker run` says before, while and after it works, so that no day of a GPU is lost without a word. The program itself, on the
/// quickstart's models.
/// </summary>
public sealed class GuardTests : IDisposable
{
    private static readonly string Examples = RepositoryFolder.Of("examples", "quickstart");

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Plan_OfEachKind_SaysWhatItNeedsAndWritesNothing()
    {
        var (code, said, errors) = await SampleAsync("planned", "--plan");
        Assert.True(code == 0, errors);
        foreach (var expected in (string[])
        [
            $"expert: file://{Examples}/models/seed-0/expert, ", $"amateur: file://{Examples}/models/seed-0/amateur, ",
                "12 questions of ", "answers of up to 64 tokens, 6 at a time",
                "device: CPU", "predicted peak memory: ", "predicted duration: about ",
            "disk: about ", " free)", "writes samples/",
        ]) Assert.Contains(expected, said);
        Assert.False(Directory.Exists(In("planned")));

        Assert.Equal(0, (await SampleAsync("samples")).Code);
        (code, said, errors) = await FineTuneAsync("planned", "--plan", "--set", $"spec.evaluation={Evaluation(maxQuestions: 4)}");
        Assert.True(code == 0, errors);
        Assert.Contains($"model: file://{Examples}/models/seed-0/expert, ", said);
        Assert.Contains("4 steps on ", said);
        Assert.Contains("accuracy before and after on 4 questions with answers of up to 48 tokens", said);
        Assert.Contains("predicted duration: about ", said);
        Assert.Matches(@"predicted peak memory: .* of \S+ GiB", said);
        Assert.Matches(@"disk: about \d+ MiB below file://\S+planned \(.* free\), \d+ MiB of scratch in \S+ \(.* free\)", said);
        Assert.Contains("writes checkpoints/, adapter/", said);
        Assert.False(Directory.Exists(In("planned")));

        WritePairs(Enumerable.Range(1, 8).Select(i => $"#### {i}"));
        (code, said, errors) = await RefineAsync("planned", "--plan", "--set", "spec.training.totalEpochs=2", "--set",
            $"spec.evaluation={Evaluation(maxQuestions: 4)}");
        Assert.True(code == 0, errors);
        Assert.Contains($"model: file://{Examples}/models/seed-0/expert, ", said);
        Assert.Matches(@"\d+ steps on 8 records of \d+ tokens \(the longest \d+\), accuracy before and after on 4 questions", said);
        Assert.Matches(@"predicted peak memory: .* of \S+ GiB", said);
        Assert.Contains("predicted duration: about ", said);
        Assert.Contains("disk: about ", said);
        Assert.Contains("writes checkpoints/, model/", said);
        Assert.False(Directory.Exists(In("planned")));
    }

    /// <summary>What is predicted for sampling is what the process takes, the program itself included.</summary>
    [Fact]
    public async Task Sampling_PredictedMemory_IsWhatTheProcessTakes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a process's peak is read from the system");
        if (await OwnProcess.RanAsync()) return;
        Assert.Equal(0, (await SampleAsync("out", "--set", "spec.batchSize=50", "--set", "spec.maxQuestions=100")).Code);
        AssertPredicted("out");
    }

    /// <summary>Training with an evaluation before and after, whose answers need memory, too.</summary>
    [Fact]
    public async Task Refinement_PredictedMemory_IsWhatTheProcessTakes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a process's peak is read from the system");
        if (await OwnProcess.RanAsync()) return;
        (int code, _, string errors) = await RefineAsync("out", "--set", $"spec.dataset.uri=file://{Examples}/data/refine.parquet", "--set",
            "spec.training.maxSteps=3", "--set", "spec.training.batchSize=32", "--set", $"spec.evaluation={Evaluation(maxQuestions: 20)}");
        Assert.True(code == 0, errors);
        AssertPredicted("out");
    }

    /// <summary>
    /// The quickstart's trainings with fewer steps and questions, each in its own process, started as bin/worker does. So few steps take
    /// less than the 400 that the prediction is right for, and the slower the machine, the less.
    /// </summary>
    [Fact, Trait("Suite", "long")]
    public async Task SmallTrainings_PredictedMemory_IsWhatTheirProcessesTake()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a process's peak is read from the system");
        Assert.Equal(0, (await SampleAsync("samples", "--set", "spec.batchSize=50", "--set", "spec.maxQuestions=100")).Code);
        await AssertAsync("finetune", "2-finetune.yaml", $$"""spec.samples={uri: '{{In("samples/samples")}}'}""");
        await AssertAsync("refine", "3-refine.yaml", $$"""spec.model={uri: 'file://{{Examples}}/models/seed-0/expert', dtype: float32}""");

        async Task AssertAsync(string output, string manifest, string input)
        {
            using var worker = WorkerProcess.Start(
                ["run", "-f", Path.Combine(Examples, manifest), "--output", In(output), "--quiet", "--set", input,
                    "--set", "spec.training.maxSteps=10", "--set", "spec.evaluation.maxQuestions=200"],
                new Dictionary<string, string> { ["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1" });
            var (code, errors) = await worker.ResultAsync();
            Assert.True(code == 0, errors);
            AssertPredicted(output, least: 0.8, most: 1.45);
        }
    }

    [Fact]
    public async Task Sampling_AskedForMoreQuestions_GoesOnFromWhatIsThere()
    {
        Assert.Equal(0, (await SampleAsync("out", "--set", "spec.maxQuestions=6")).Code);
        var first = Directory.GetFiles(In("out/samples")).Single();
        var written = File.GetLastWriteTimeUtc(first);
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
        var adapter = File.ReadAllBytes(In("out/adapter/adapter_model.safetensors"));
        var (code, said, errors) = await FineTuneAsync("out", "--set", "spec.training.maxSteps=6", "--set",
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
        var expert = Copy("expert");
        Assert.Equal(0, (await SampleAsync("out", "--set", $"spec.expert.uri=file://{expert}", "--set", "spec.maxQuestions=6")).Code);
        var weights = Path.Combine(expert, "model.safetensors");
        var bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        (int code, _, string errors) = await SampleAsync("out", "--set", $"spec.expert.uri=file://{expert}");
        Assert.Equal((int)ExitCode.BadData, code);
        Assert.Matches("was begun on other data: spec.expert: file://.*/model.safetensors was sha256:[0-9a-f]{64} and is "
            + "sha256:[0-9a-f]{64} now", errors);
    }

    [Fact]
    public async Task Tokenizer_ChangedBetweenTwoShards_IsRefused()
    {
        var amateur = Copy("amateur");
        string[] run = ["--set", $"spec.amateur.uri=file://{amateur}", "--set", "spec.shards=2"];
        Assert.Equal(0, (await SampleAsync("out", [.. run, "--shard", "0"])).Code);
        File.AppendAllText(Path.Combine(amateur, "tokenizer.json"), "\n");
        (int code, _, string errors) = await SampleAsync("out", [.. run, "--shard", "1"]);
        Assert.Equal((int)ExitCode.BadData, code);
        Assert.Matches("was begun on other data: spec.amateur: file://.*/tokenizer.json was sha256:[0-9a-f]{64} and is ", errors);
    }

    /// <summary>Where a server gives a tag, that is compared.</summary>
    [Fact]
    public async Task Data_OfAWebServerThatChangedBetweenTwoShards_IsRefusedWithBothTags()
    {
        var tag = "\"one\"";
        var content = File.ReadAllBytes(Path.Combine(Examples, "data", "questions.jsonl"));
        using var server = new LoopbackServer(context =>
        {
            context.Response.Headers["ETag"] = tag;
            return FakeHub.SendAsync(context, content);
        });
        string[] run = ["--set", $"spec.dataset.uri={server.Address}q.jsonl", "--set", "spec.shards=2"];
        (int code, _, string errors) = await SampleAsync("out", [.. run, "--shard", "0"]);
        Assert.True(code == 0, errors);
        Assert.Equal("etag:one", (string?)Json("out", "run.json")["inputs"]!["spec.dataset"]!["files"]![$"{server.Address}q.jsonl"]);
        tag = "\"two\"";
        (code, _, errors) = await SampleAsync("out", [.. run, "--shard", "1"]);
        Assert.Equal((int)ExitCode.BadData, code);
        Assert.Contains($"was begun on other data: spec.dataset: {server.Address}q.jsonl was etag:one and is etag:two now", errors);
    }

    [Fact]
    public async Task Sampling_AmateurOfAnotherVocabulary_IsRefusedWithNumbersBeforeAModelIsLoaded()
    {
        string amateur = Copy("amateur"), file = Path.Combine(amateur, "tokenizer.json");
        var tokenizer = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        var tokens = tokenizer["model"]!["vocab"]!.AsObject();
        tokenizer["model"]!["vocab"] = new JsonObject(tokens.Select((token, i) =>
            KeyValuePair.Create(i < 20 ? token.Key : token.Key + token.Key + "~", token.Value?.DeepClone())));
        tokenizer["model"]!["merges"] = new JsonArray();
        File.WriteAllText(file, tokenizer.ToJsonString());
        File.WriteAllBytes(Path.Combine(amateur, "model.safetensors"), []); // nobody gets that far
        (int code, _, string errors) = await SampleAsync("out", "--set", $"spec.amateur.uri=file://{amateur}");
        Assert.Equal((int)ExitCode.BadData, code);
        Assert.Contains($"expert and amateur share 20 of the expert's {tokens.Count} tokens", errors);
    }

    [Fact]
    public async Task Report_OfARun_NamesWhatWentInWhereItRanAndWhatItTook()
    {
        var model = Copy("expert");
        var (code, said, errors) = await SampleAsync("out", "--set", "spec.generation.maxNewTokens=8", "--set",
            $"spec.expert.uri={model}");
        Assert.True(code == 0, errors);
        var cut = (int)Json("out", "results/run.json")["sampling"]!["answersCut"]!;
        Assert.InRange(cut, 1, 12);
        Assert.Contains($"{cut} of 12 answers were cut at maxNewTokens (8) or at the end of the models' context", said);
        var page = System.Net.WebUtility.HtmlDecode(File.ReadAllText(In("out/report.html")));
        foreach (var words in (string[])
        [
            $"<dt>spec.expert</dt><dd>file://{model}<br>model.safetensors <code>sha256:", $"<dt>spec.amateur</dt><dd>file://{Examples}",
            $"<dt>spec.dataset</dt><dd>file://{Examples}/data/questions.jsonl", "<dt>Device</dt><dd>CPU, ", " predicted</dd>",
            "interrupted 0 times before", " CPU hours per 1,000 questions", $"<p>Answers cut</p><strong>{cut}</strong>",
        ]) Assert.Contains(words, page);
        Assert.Matches(@"<dt>Memory</dt><dd>\d+ MiB at the peak|<dt>Memory</dt><dd>[\d.]+ GiB at the peak", page);
    }

    [Fact]
    public async Task Training_SequencesThatAreTooLong_AreSaidWithNumbers()
    {
        Assert.Equal(0, (await SampleAsync("samples")).Code);
        var (code, said, errors) = await FineTuneAsync("tuned", "--plan", "--set", "spec.training.maxLength=24");
        Assert.True(code == 0, errors);
        Assert.Matches(@"warning: \d+ of \d+ samples are longer than spec.training.maxLength \(24\) and left out", said);

        var model = Copy("expert");
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(model, "config.json")))!.AsObject();
        config["max_position_embeddings"] = 16;
        File.WriteAllText(Path.Combine(model, "config.json"), config.ToJsonString());
        WritePairs(Enumerable.Range(1, 4).Select(i => new string('9', 40 * i)));
        (code, said, errors) = await RefineAsync("refined", "--plan", "--set", $"spec.model={{uri: '{model}', dtype: float32}}",
            "--set", "spec.training.maxLength=100");
        Assert.True(code == 0, errors);
        Assert.Matches(@"warning: \d of 4 records are longer than spec.training.maxLength \(100\) and cut \(right\)", said);
        Assert.Contains("warning: spec.training.maxLength is 100 and the longest sequence has 100 tokens, but the model's context is 16",
            said);
    }

    [Fact]
    public async Task Evaluation_HasRoomForAnswersOfItsOwn()
    {
        Assert.Equal(0, (await SampleAsync("samples")).Code);
        var (code, said, errors) = await FineTuneAsync("out", "--plan", "--set",
            $$"""spec.evaluation={dataset: {uri: '{{Examples}}/data/test.jsonl'}, maxQuestions: 2, prompt: {template: none} }""");
        Assert.True(code == 0, errors);
        Assert.Contains("accuracy before and after on 2 questions with answers of up to 1,024 tokens", said);
    }

    [Fact]
    public async Task CommandLine_Mistakes_NameTheOptionAndTheRemedy()
    {
        var (code, said, errors) = await WorkerProgram.RunAsync("rnu", "-f", "x.yaml");
        Assert.Equal((int)ExitCode.Usage, code);
        Assert.Matches("(?s)'rnu' was not matched. Did you mean.*run", said + errors);
        (code, _, errors) = await SampleAsync("out", "--set", "spec.maxQuestion=3");
        Assert.Equal((int)ExitCode.BadManifest, code);
        Assert.Contains("--set spec.maxQuestion", errors);
        Assert.Contains("did you mean 'maxQuestions'?", errors);
        (code, _, errors) = await FineTuneAsync("out", "--set", "spec.samples={runRef: {kind: SamplingRun, name: elsewhere}}");
        Assert.Equal((int)ExitCode.MissingInput, code);
        Assert.Contains("--ref SamplingRun/elsewhere=URI", errors);
    }

    [Fact]
    public async Task FineTuning_OnSamplesOfAnotherExpert_IsRefusedUnlessThatIsMeant()
    {
        Assert.Equal(0, (await SampleAsync("samples")).Code);
        string other = Copy("expert"), weights = Path.Combine(other, "model.safetensors");
        var bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        string[] model = ["--set", $"spec.model.uri=file://{other}"];
        const string hash = "sha256:[0-9a-f]{16}",
            refusal = $@"(\d+) of \1 samples are of an expert with other weights \({hash}\) than spec.model \({hash}\)";
        var (code, said, errors) = await FineTuneAsync("out", model);
        Assert.Equal((int)ExitCode.BadData, code);
        Assert.Matches($"^error: {refusal}: .* set spec.model to that expert, or spec.otherExpert to true", errors);
        Assert.DoesNotContain("predicted peak memory", said); // no model was loaded

        // Nothing has been done yet, so the same output takes the document once it is put right.
        (code, said, errors) = await FineTuneAsync("out");
        Assert.True(code == 0, errors);
        Assert.DoesNotContain("warning", said);
        (code, said, errors) = await FineTuneAsync("meant", [.. model, "--set", "spec.otherExpert=true"]);
        Assert.True(code == 0, errors);
        Assert.Matches($"warning: {refusal}", said);

        // An adapter over the expert explains the difference.
        (code, said, errors) = await FineTuneAsync("over", "--set", $"spec.model.adapterUri={In("out/adapter")}");
        Assert.True(code == 0, errors);
        Assert.Matches(@"warning: (\d+) of \1 samples are of an expert with other adapters over the same base "
            + $@"\({hash}\) than spec.model \({hash}\+{hash}\)", said);

        // The adapter is an input like any other.
        var adapter = In("out/adapter/adapter_model.safetensors");
        bytes = File.ReadAllBytes(adapter);
        bytes[^1] ^= 1;
        File.WriteAllBytes(adapter, bytes);
        (code, _, errors) = await FineTuneAsync("over", "--set", $"spec.model.adapterUri={In("out/adapter")}", "--set",
            "spec.training.maxSteps=5");
        Assert.Equal((int)ExitCode.BadData, code);
        Assert.Matches("was begun on other data: spec.model: file://.*/adapter_model.safetensors was sha256:", errors);
    }

    /// <summary>Tags of servers and hashes of other kinds prove nothing.</summary>
    [Theory]
    [InlineData("etag:aa", "sha256:bb",
        "the one is known by its server's tag, which says nothing of the content, the other by its content (sha256)")]
    [InlineData("etag:aa", "etag:bb", "the other by its server's tag")]
    [InlineData("git:aa", "sha256:bb", "the one is known by its content (git), the other by its content (sha256)")]
    public void Fingerprints_ThatCannotBeCompared_AreADoubtAndSayWhy(string expert, string model, string why)
    {
        var (doubt, isSure) = RunInputs.Mismatch(expert, model);
        Assert.False(isSure);
        Assert.Contains("cannot be told: ", doubt);
        Assert.Contains(why, doubt);
    }

    [Fact]
    public async Task FineTuning_SamplesWithoutAFingerprint_AreTakenWithAWarning()
    {
        Assert.Equal(0, (await SampleAsync("samples")).Code);
        var file = Directory.GetFiles(In("samples/samples")).First();
        string[] lines = [.. File.ReadAllLines(file).Select(line =>
        {
            var sample = JsonNode.Parse(line)!.AsObject();
            sample.Remove("expert");
            return sample.ToJsonString();
        })];
        File.WriteAllLines(In("foreign.jsonl"), lines);
        var (code, said, errors) = await FineTuneAsync("out", "--set", $"spec.samples={{uri: '{In("foreign.jsonl")}'}}");
        Assert.True(code == 0, errors);
        Assert.Contains($"warning: {lines.Length} of {lines.Length} samples do not say which expert they are of", said);
    }

    [Fact]
    public async Task Refinement_AskedForMoreEpochs_GoesOnFromTheLastCheckpoint()
    {
        WritePairs(Enumerable.Range(1, 8).Select(i => $"#### {i}"));
        Assert.Equal(0, (await RefineAsync("out", "--set", "spec.training.totalEpochs=1")).Code);
        var steps = (long)Json("out", "results/run.json")["done"]!;
        var (code, said, errors) = await RefineAsync("out", "--set", "spec.training.totalEpochs=2");
        Assert.True(code == 0, errors);
        Assert.Contains("continuing from existing output: spec.training.totalEpochs was 1 and is 2 now", said);
        Assert.Contains($"continuing from the checkpoint of step {steps}", said);
        Assert.Equal(2 * steps, (long)Json("out", "results/run.json")["done"]!);
        Assert.Contains("is already complete", (await RefineAsync("out", "--set", "spec.training.totalEpochs=2")).Said);
    }

    [Fact]
    public async Task Plan_OfSeveralShards_IsForAllOfThem()
    {
        string[] shards = ["--set", "spec.shards=3", "--set", "spec.parallelism=2", "--set", "spec.maxQuestions=13"];
        var (code, said, errors) = await SampleAsync("planned", ["--plan", .. shards]);
        Assert.True(code == 0, errors);
        var whole = Regex.Match(said, @"13 questions in 3 shards of (\d+) tokens");
        var each = Regex.Matches(said, @"shard (\d): (\d) questions of (\d+) tokens, about \S+").ToArray();
        Assert.Equal(["0: 5", "1: 4", "2: 4"], each.Select(shard => $"{shard.Groups[1]}: {shard.Groups[2]}"));
        Assert.Equal(int.Parse(whole.Groups[1].Value), each.Sum(shard => int.Parse(shard.Groups[3].Value)));
        Assert.Matches(@"predicted duration: about .+ of work, about .+ with 2 of 3 shards at a time", said);
        Assert.Matches(@"disk: about \d+ MiB below file://.*planned", said);
        Assert.False(Directory.Exists(In("planned")));

        (code, said, errors) = await SampleAsync("planned", ["--plan", "--shard", "1", .. shards]);
        Assert.True(code == 0, errors);
        Assert.Contains("4 questions (shard 1 of 3) of ", said);
        (code, _, errors) = await SampleAsync("planned", "--plan", "--set", "spec.shards=3", "--set", "spec.maxQuestions=2");
        Assert.Equal((int)ExitCode.BadData, code);
        Assert.Contains("shard 2 has no questions", errors);
    }

    /// <summary>A run of a few steps or questions has a curve, too.</summary>
    [Fact]
    public async Task Metrics_OfAShortRun_HaveManyPoints()
    {
        Assert.Equal(0, (await SampleAsync("samples", "--set", "spec.batchSize=6", "--set", "spec.maxQuestions=24")).Code);
        var lines = File.ReadAllLines(In("samples/metrics.jsonl"));
        Assert.Equal([4, 8, 12, 16, 20, 24], lines.Select(line => (int)JsonNode.Parse(line)!["promptsDone"]!));
        JsonNode last = JsonNode.Parse(lines[^1])!, result = Json("samples", "results/run.json")["sampling"]!;
        foreach (var figure in (string[])["stepsSeen", "samplesKept", "meanKl", "answersCut"])
            Assert.Equal((double)result[figure]!, (double)last[figure]!);
        Assert.Equal(0, (await FineTuneAsync("out")).Code);
        Assert.Equal(4, File.ReadAllLines(In("out/metrics.jsonl")).Length);
    }

    [Fact]
    public async Task Attempt_OnAnOutputThatAnotherHasNotLeft_SaysWhoThatWas()
    {
        Assert.DoesNotContain("takes over", (await SampleAsync("out", "--set", "spec.maxQuestions=6")).Said);
        Assert.DoesNotContain("takes over", (await SampleAsync("out")).Said); // the one before has said that it ended
        var owner = Json("out", "owners/run.json");
        owner.AsObject().Remove("ended");
        File.WriteAllText(In("out/owners/run.json"), owner.ToJsonString());
        (int code, string said, _) = await SampleAsync("out", "--set", "spec.maxQuestions=14");
        Assert.Equal(0, code);
        Assert.Contains($"warning: attempt {owner["attempt"]} (process {Environment.ProcessId} on {Environment.MachineName}, since ", said);
        Assert.Contains("This attempt takes over", said);
        Assert.Equal(1, (int)Json("out", "results/run.json")["usage"]!["interruptions"]!);
    }

    [Fact]
    public async Task Sampling_ModelWithoutEos_IsRefusedUnlessEosIsIgnored()
    {
        var expert = Copy("expert");
        foreach (var (file, field) in new[] { ("config.json", "eos_token_id"), ("generation_config.json", "eos_token_id"),
            ("tokenizer_config.json", "eos_token") })
        {
            if (!File.Exists(Path.Combine(expert, file))) continue;
            var json = JsonNode.Parse(File.ReadAllText(Path.Combine(expert, file)))!.AsObject();
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
        foreach (var place in (string[])["ignored", "ignored/samples"])
            Assert.Equal(2, (int)JsonNode.Parse((await WorkerProgram.RunAsync("inspect", "samples", In(place))).Output)!["answersCut"]!);
    }

    [Fact]
    public async Task Sampling_ContextTooSmall_IsSaidWithNumbers()
    {
        var expert = Copy("expert");
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(expert, "config.json")))!.AsObject();
        config["max_position_embeddings"] = 96;
        File.WriteAllText(Path.Combine(expert, "config.json"), config.ToJsonString());
        var (code, said, errors) = await SampleAsync("out", "--set", $"spec.expert.uri=file://{expert}", "--set",
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
        // The operator makes its event Planned of the same words.
        const string size = @"[\d.]+ [MG]iB";
        var models = $"file://{Examples}/models/seed-0";
        Assert.Contains(lines, line => (string?)line["message"] is { } plan && Regex.IsMatch(plan,
            $@"^expert: {models}/expert, \S+ parameters; amateur: {models}/amateur, \S+ parameters; "
            + $@"12 questions of \d+ tokens .*, {ProgressReport.PlanWords} {size} of {size}; disk: about {size} below file://{In("out")} "
            + $@"\({size} free\), {size} of scratch in \S+ \({size} free\)"));
        Assert.Equal(("succeeded", 12), ((string)lines[^1]["outcome"]!, (int)lines[^1]["sampling"]!["promptsDone"]!));
        (code, said, _) = await SampleAsync("out", "--json", "--set", "spec.selection.beta=0.9");
        var failed = JsonNode.Parse(said.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1])!;
        Assert.Equal("failed", (string)failed["outcome"]!);
        Assert.Contains("spec.selection.beta was 0.4 and is 0.9 now", (string)failed["message"]!);

        // A document that is none is no run; programs hear of it all the same.
        (code, said, string errors) = await SampleAsync("out", "--json", "--set", "spec.maxQuestion=3");
        failed = JsonNode.Parse(Assert.Single(said.Split('\n', StringSplitOptions.RemoveEmptyEntries)))!;
        Assert.Equal(((int)ExitCode.BadManifest, "failed"), (code, (string)failed["outcome"]!));
        Assert.Equal($"error: {failed["message"]}", errors.Trim());

        // Accuracy is among the final figures.
        (code, said, errors) = await FineTuneAsync("tuned", "--json", "--set", "spec.samples={uri: '" + In("out/samples") + "'}", "--set",
            $"spec.evaluation={Evaluation(maxQuestions: 4)}");
        Assert.True(code == 0, errors);
        var last = JsonNode.Parse(said.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1])!;
        Assert.Equal(("succeeded", 4), ((string)last["outcome"]!, (int)last["fineTune"]!["step"]!));
        Assert.All((string[])["before", "after", "changeLow", "changeHigh", "cutBefore", "cutAfter"], figure =>
            Assert.NotNull(last["fineTune"]!["evaluation"]![figure]));
    }

    [Fact]
    public async Task Output_ThatCannotBeWritten_IsOneSentence()
    {
        var file = In("file");
        File.WriteAllText(file, "");
        (int code, _, string errors) = await SampleAsync("file/below");
        Assert.NotEqual(0, code);
        Assert.DoesNotContain("   at ", errors);
        Assert.StartsWith("error: ", errors);
        Assert.Contains(file, errors);
        Assert.Contains("   at ", (await SampleAsync("file/below", "--verbose")).Errors);
    }

    private void AssertPredicted(string run, double least = 0.75, double most = 1.35)
    {
        var result = Json(run, "results/run.json");
        double predicted = (double)result["predictedMemory"]!, measured = (double)result["usage"]!["peakMemory"]!;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"predicted {predicted / (1 << 20):F0} MiB, measured {measured / (1 << 20):F0} MiB");
        Assert.InRange(predicted / measured, least, most);
    }

    private string In(string name) => Path.Combine(_folder.Path, name);

    private JsonNode Json(string run, string name) => JsonNode.Parse(File.ReadAllText(In($"{run}/{name}")))!;

    private string Copy(string model)
    {
        var to = In($"copy-of-{model}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Examples, "models", "seed-0", model)))
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
        ("spec.model.uri", $"file://{Examples}/models/seed-0/expert"), ("spec.samples", $$"""{uri: '{{In("samples/samples")}}'}"""),
        ("spec.training.maxSteps", "4"), ("spec.training.batchSize", "4"),
        ("spec.evaluation", "null"), ("spec.merge", "false"),
    ], arguments);

    private Task<(int Code, string Said, string Errors)> RefineAsync(string output, params string[] arguments) =>
        RunAsync("3-refine.yaml", output,
    [
        ("spec.model", $$"""{uri: 'file://{{Examples}}/models/seed-0/expert', dtype: float32}"""),
        ("spec.dataset.uri", In("pairs.jsonl")), ("spec.training.maxSteps", "null"), ("spec.training.batchSize", "4"),
        ("spec.evaluation", "null"),
    ], arguments);

    private void WritePairs(IEnumerable<string> targets) => File.WriteAllLines(In("pairs.jsonl"),
        targets.Select((target, i) => new JsonObject { ["prompt"] = $"Max has {i} keys.", ["target"] = target }.ToJsonString()));

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
