using System.Diagnostics;
using System.Text.Json.Nodes;
using LightReasoner.Quickstart;

namespace LightReasoner.EndToEnd;

/// <summary>Manifests go from <c>kubectl apply</c> to Succeeded through the API, the operator, Jobs and worker processes.</summary>
public sealed class ChainTests(LiveCluster cluster) : IClassFixture<LiveCluster>
{
    private const string Models = "file://./examples/quickstart/models/seed-0", Data = "file://./examples/quickstart/data";

    private static string Sampling(string name, int questions, int shards, int batch) => $$"""
        apiVersion: lightreasoner.io/v1alpha1
        kind: SamplingRun
        metadata: {name: {{name}}}
        spec:
          expert: {uri: "{{Models}}/expert", dtype: float32}
          amateur: {uri: "{{Models}}/amateur", dtype: float32}
          dataset: {uri: "{{Data}}/questions.jsonl"}
          maxQuestions: {{questions}}
          prompt: {template: none}
          generation: {maxNewTokens: 64}
          batchSize: {{batch}}
          shards: {{shards}}
          worker: {gpus: 0}
        """;

    private static string FineTune(string name, string samples) => $$"""
        apiVersion: lightreasoner.io/v1alpha1
        kind: FineTuneRun
        metadata: {name: {{name}}}
        spec:
          model: {uri: "{{Models}}/expert", dtype: float32}
          samples:
            runRef: {kind: SamplingRun, name: {{samples}}}
          training: {maxSteps: 20, batchSize: 8, gradientAccumulationSteps: 1, learningRate: 5e-4, saveSteps: 10, loggingSteps: 5}
          evaluation:
            dataset: {uri: "{{Data}}/test.jsonl"}
            maxQuestions: 20
            prompt: {template: none}
            generation: {maxNewTokens: 64}
          merge: true
          worker: {gpus: 0}
        """;

    private static string Refine(string name, string model) => $$"""
        apiVersion: lightreasoner.io/v1alpha1
        kind: RefineRun
        metadata: {name: {{name}}}
        spec:
          model: {runRef: {kind: FineTuneRun, name: {{model}}}, dtype: float32}
          dataset: {uri: "{{Data}}/refine.parquet"}
          prompt: {template: none}
          eosTail: 8
          training: {maxSteps: 6, maxLength: 256, batchSize: 8, gradientAccumulationSteps: 1, learningRate: 0.001, loggingSteps: 2}
          evaluation:
            dataset: {uri: "{{Data}}/test.jsonl"}
            maxQuestions: 10
            prompt: {template: none}
            generation: {maxNewTokens: 64}
            blockLength: 8
            refineIterations: 1
          worker: {gpus: 0}
        """;

    [Fact]
    public async Task Chain_AppliedAllAtOnceInAnyOrder_Succeeds()
    {
        // The last link first: it waits for what it refers to, although that does not exist yet.
        await cluster.ApplyAsync(string.Join("\n---\n", Refine("chain-r", "chain-f"), FineTune("chain-f", "chain-s"),
            Sampling("chain-s", 24, 2, 2)));
        await cluster.UntilAsync("rrun/chain-r", run => RunTable.Text(run, "phase") is "Waiting" or "Succeeded");

        var sampling = await cluster.SucceededAsync("srun/chain-s");
        Assert.Equal("24/24", RunTable.Text(sampling, "progress", "display"));
        Assert.Equal(2, (int)sampling["status"]!["shards"]!["succeeded"]!);
        var metrics = sampling["status"]!["metrics"]!;
        Assert.InRange((double)metrics["keepRate"]!, 0.02, 0.6);
        Assert.Equal((long)metrics["samplesKept"]!, CountLines("chain-s"));
        Assert.Equal(4, Directory.GetFiles(Path.Combine(cluster.Runs, "default", "samplingrun", "chain-s", "samples")).Length);

        var fineTuning = await cluster.SucceededAsync("ftrun/chain-f");
        Assert.Equal(20, (int)fineTuning["status"]!["metrics"]!["evaluation"]!["questions"]!);
        Assert.True(File.Exists(Path.Combine(cluster.Runs, "default", "finetunerun", "chain-f", "adapter", "adapter_model.safetensors")));
        Assert.True(File.Exists(Path.Combine(cluster.Runs, "default", "finetunerun", "chain-f", "model", "model.safetensors")));

        var refining = await cluster.SucceededAsync("rrun/chain-r");
        Assert.Equal(6, (int)refining["status"]!["metrics"]!["step"]!);
        Assert.True(File.Exists(Path.Combine(cluster.Runs, "default", "refinerun", "chain-r", "model", "config.json")));

        var wide = await cluster.Kubectl.RunAsync(default, "get", Kubectl.Kinds, "-o", "wide");
        Assert.Matches(@"PHASE +PROGRESS +KEPT +MEAN-KL +TOK/S +AGE", wide);
        Assert.Matches(@"samplingrun\S*/chain-s +Succeeded +24/24", wide);
        var described = await cluster.Kubectl.RunAsync(default, "describe", "ftrun", "chain-f");
        Assert.Contains("Events:", described);
        Assert.Contains("Succeeded", described);
        var job = RunTable.Text(fineTuning, "jobName")!;
        Assert.Contains("accuracy after", await cluster.Kubectl.RunAsync(default, "logs", $"job/{job}"));
        await cluster.Kubectl.RunAsync(default, "wait", "--for=condition=Ready", "srun/chain-s", "--timeout=180s");
        await cluster.Kubectl.RunAsync(default, "delete", "srun", "chain-s", "--timeout=180s");
        Assert.NotEqual(0, (await cluster.Kubectl.TryAsync(default, "get", "srun", "chain-s")).ExitCode);
    }

    /// <summary>The steps of examples/pvc: models and data are copied to the claim, and the runs work on nothing else.</summary>
    [Fact]
    public async Task Volume_OfSeveralShards_HoldsModelsDataAndOutputs()
    {
        const string Namespace = "experiments";
        await cluster.Kubectl.RunAsync(default, "create", "namespace", Namespace);
        await cluster.Kubectl.RunAsync(default, "apply", "-n", Namespace, "-f", "examples/pvc/claim.yaml");
        await cluster.ApplyAsync($$"""
            apiVersion: v1
            kind: Pod
            metadata: {name: files, namespace: {{Namespace}}}
            spec:
              restartPolicy: Never
              containers:
              - name: files
                image: lightreasoner/worker
                command: [sh, -c, "cp -r examples/quickstart/models/seed-0 /data/models && cp examples/quickstart/data/*.jsonl /data/"]
                volumeMounts: [{name: data, mountPath: /data}]
              volumes: [{name: data, persistentVolumeClaim: {claimName: lightreasoner} }]
            """);
        await cluster.Kubectl.RunAsync(default, "wait", "-n", Namespace, "pod/files", "--for=jsonpath={.status.phase}=Succeeded",
            "--timeout=180s");
        await cluster.Kubectl.RunAsync(default, "apply", "-k", "examples/pvc");

        var sampling = await cluster.SucceededAsync("srun/sampling", Namespace);
        Assert.Equal(("100/100", 2), (RunTable.Text(sampling, "progress", "display"), (int)sampling["status"]!["shards"]!["succeeded"]!));
        var pods = JsonNode.Parse(await cluster.Kubectl.RunAsync(default, "get", "pods", "-n", Namespace, "-o", "json", "-l",
            $"batch.kubernetes.io/job-name={RunTable.Text(sampling, "jobName")}"))!.AsObject();
        Assert.Equal([65532, 65532], pods["items"]!.AsArray().Select(pod => (int)pod!["spec"]!["securityContext"]!["fsGroup"]!));

        var fineTuning = await cluster.SucceededAsync("ftrun/finetune", Namespace);
        Assert.Equal(100, (int)fineTuning["status"]!["metrics"]!["evaluation"]!["questions"]!);
        var runs = Path.Combine(Assert.Single(Directory.GetDirectories(cluster.Claims)), "runs");
        Assert.Equal(["part-00000-00000.jsonl", "part-00001-00000.jsonl"],
            Directory.GetFiles(Path.Combine(runs, "sampling", "samples")).Select(Path.GetFileName).Order());
        Assert.True(File.Exists(Path.Combine(runs, "finetune", "adapter", "adapter_model.safetensors")));
        Assert.True(File.Exists(Path.Combine(runs, "finetune", "model", "model.safetensors")));
    }

    /// <summary>The worker finds output of a document with fewer steps, and goes on from its last checkpoint.</summary>
    [Fact]
    public async Task FinishedRun_WhoseStepsAreExtended_GoesOn()
    {
        var run = Refine("extended", "").Replace("runRef: {kind: FineTuneRun, name: }", $"uri: \"{Models}/expert\"");
        await cluster.ApplyAsync(run);
        var first = await cluster.SucceededAsync("rrun/extended");
        Assert.Equal(6, (int)first["status"]!["metrics"]!["step"]!);

        await cluster.ApplyAsync(run.Replace("maxSteps: 6", "maxSteps: 9"));
        var more = await cluster.UntilAsync("rrun/extended", r => RunTable.Text(r, "phase") == "Succeeded"
            && (int?)r["status"]!["metrics"]!["step"] == 9);
        Assert.Equal("9/9", RunTable.Text(more, "progress", "display"));
    }

    [Fact]
    public async Task Worker_KilledInMidRun_EndsWithTheSameSamples()
    {
        await cluster.ApplyAsync(Sampling("calm", 100, 1, 5));
        await cluster.SucceededAsync("srun/calm");

        // On a busy machine a run may be over before it is killed; then the next one is.
        var name = "";
        JsonObject run = [];
        for (int attempt = 1; attempt <= 10 && (int?)run["status"]?["retries"] is not >= 1; attempt++)
        {
            name = $"killed-{attempt}";
            await cluster.ApplyAsync(Sampling(name, 100, 1, 5));
            var samples = Path.Combine(cluster.Runs, "default", "samplingrun", name, "samples");
            for (long start = Stopwatch.GetTimestamp(); !(Directory.Exists(samples) && Directory.GetFiles(samples)
                .Length >= 3); await Task.Delay(10))
                Assert.True(Stopwatch.GetElapsedTime(start) < LiveCluster.Patience, $"{samples} stays empty");
            Process.GetProcessesByName("dotnet").SingleOrDefault(IsWorkerOf(name))?.Kill();
            run = await cluster.SucceededAsync($"srun/{name}");
        }

        Assert.True((int?)run["status"]!["retries"] >= 1, "the kill should have counted as a retry");
        Assert.Equal(Contents("calm"), Contents(name));
    }

    [Fact]
    public async Task Run_WithMissingData_FailsAtOnceWithTheWorkersMessage()
    {
        await cluster.ApplyAsync(Sampling("missing", 5, 1, 5).Replace("questions.jsonl", "no-such-file.jsonl"));
        var run = await cluster.UntilAsync("srun/missing", run => RunTable.Text(run, "phase") == "Failed");
        Assert.Contains("no-such-file.jsonl: no file has this name", RunTable.Text(run, "message"));
        Assert.True((int?)run["status"]!["retries"] is null or 0 or 1);
    }

    [Fact]
    public async Task Apply_OfABadManifest_IsRefusedWithTheField()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Sampling("bad", 5, 1, 5).Replace("batchSize: 5", "batchSize: 0"));
        var result = await cluster.Kubectl.TryAsync(default, "apply", "-f", file);
        File.Delete(file);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("spec.batchSize", result.Error);
    }

    /// <summary>The worker process of this sampling run; other tests kill workers of theirs at the same time.</summary>
    private static Func<Process, bool> IsWorkerOf(string name) => process =>
    {
        try
        {
            var line = File.ReadAllText($"/proc/{process.Id}/cmdline");
            return line.Contains("LightReasoner.Worker.dll", StringComparison.Ordinal)
                && line.Contains($"/samplingrun/{name}\0", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // It ended while it was looked at.
            return false;
        }
    };

    private long CountLines(string run) =>
        Directory.GetFiles(Path.Combine(cluster.Runs, "default", "samplingrun", run, "samples")).Sum(file => File.ReadLines(file).Count());

    private (string Name, string Content)[] Contents(string run) =>
        [.. Directory.GetFiles(Path.Combine(cluster.Runs, "default", "samplingrun", run, "samples")).Order()
        .Select(f => (Path.GetFileName(f), File.ReadAllText(f)))];
}
