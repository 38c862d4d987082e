using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;

namespace LightReasoner.Api.Tests;

public class ManifestTests
{
    private const string Sampling = """
        apiVersion: lightreasoner.io/v1alpha1
        kind: SamplingRun
        metadata: {name: gsm8k, namespace: team, labels: {a: b}, managedFields: [{x: 1}]}
        spec:
          expert: {uri: "hf://Qwen/Qwen2.5-Math-1.5B"}
          amateur: {uri: hf://Qwen/Qwen2.5-0.5B, dtype: float32}
          dataset: {uri: az://data/gsm8k/*.jsonl}
        """;

    private const string Refine = """
        apiVersion: lightreasoner.io/v1alpha1
        kind: RefineRun
        metadata: {name: r}
        spec:
          model: {runRef: {kind: FineTuneRun, name: x}}
          dataset: {uri: file:///data/train.parquet}
        """;

    [Fact]
    public void Read_NullFields_HaveTheDocumentedDefaults()
    {
        var run = Assert.IsType<SamplingRun>(ManifestReader.Read(Sampling
            + "\n  selection:\n  retries: null\n  suspend: ~\n  batchSize:\n", "a.yaml"));
        Assert.Equal((0.2, 3, false, BatchSize.Auto), (run.Spec.Selection.Alpha, run.Spec.Retries, run.Spec.Suspend, run.Spec.BatchSize));
    }

    [Fact]
    public void Read_MinimalSamplingRun_HasTheDocumentedDefaults()
    {
        var run = Assert.IsType<SamplingRun>(ManifestReader.Read(Sampling, "a.yaml"));
        Assert.Equal("gsm8k", run.Metadata.Name);
        Assert.Equal(WeightType.BFloat16, run.Spec.Expert.Dtype);
        Assert.Equal(WeightType.Float32, run.Spec.Amateur.Dtype);
        Assert.Equal((0.2, 0.4, false), (run.Spec.Selection.Alpha, run.Spec.Selection.Beta, run.Spec.Selection.IncludeFirstStep));
        Assert.Equal((128, 0.0, 1.0), (run.Spec.Generation.MaxNewTokens, run.Spec.Generation.Temperature, run.Spec.Generation.TopP));
        Assert.Equal((BatchSize.Auto, 1, 3, 1), (run.Spec.BatchSize, run.Spec.Shards, run.Spec.Retries, run.Spec.Worker.Gpus));
        Assert.Equal("Please reason step by step.", run.Spec.Prompt.System);
    }

    [Theory]
    [InlineData("{}", "spec.evaluation: set exactly one of dataset and benchmarks")]
    [InlineData("{dataset: {uri: file:///t}, benchmarks: [{name: math, dataset: {uri: file:///m}}]}",
        "spec.evaluation: set exactly one of dataset and benchmarks")]
    [InlineData("{benchmark: math, benchmarks: [{name: math, dataset: {uri: file:///m}}]}",
        "spec.evaluation.benchmark: needs dataset; to evaluate several test sets use benchmarks")]
    [InlineData("{benchmark: math, dataset: {uri: file:///m}, answerField: solution}",
        "spec.evaluation: questionField and answerField are not allowed with a benchmark, whose records have their own fields")]
    [InlineData("{benchmarks: [{name: math, dataset: {uri: file:///m}}], questionField: problem}",
        "spec.evaluation: questionField and answerField are not allowed with a benchmark, whose records have their own fields")]
    [InlineData("{benchmark: gsm8k, dataset: {uri: file:///m}, grader: gsm8k}",
        "spec.evaluation.grader: a benchmark needs grader math or published")]
    [InlineData("{benchmark: gsm9k, dataset: {uri: file:///m}}",
        "spec.evaluation.benchmark: must be one of gsm8k, math, svamp, asdiv, minerva-math, olympiadbench, mmlu-stem, was 'gsm9k'")]
    [InlineData("{benchmarks: [{name: math}]}", "spec.evaluation.benchmarks[0].dataset: is required")]
    [InlineData("{benchmarks: [{name: math, dataset: {uri: file:///a}}, {name: math, dataset: {uri: file:///b}}]}",
        "spec.evaluation.benchmarks[1]: must not name an entry twice")]
    [InlineData("{benchmarks: []}", "spec.evaluation.benchmarks: must have at least 1 entries, has 0")]
    public void Read_EvaluationThatDoesNotFit_IsRefused(string evaluation, string message) =>
        Assert.Contains(message, Assert.Throws<ManifestException>(() =>
            ManifestReader.Read(Refine + $"\n  evaluation: {evaluation}\n", "a.yaml")).Message);

    [Theory]
    [InlineData("{dataset: {uri: file:///t}, grader: exact, answerField: key}", 1)]
    [InlineData("{benchmark: minerva-math, dataset: {uri: file:///t}, promptType: cot, grader: published}", 1)]
    [InlineData("{benchmarks: [{name: math, dataset: {uri: file:///m}}, {name: mmlu-stem, dataset: {runRef: {kind: SamplingRun, name: "
        + "before}}}]}", 2)]
    public void Read_Evaluation_KnowsItsDatasets(string evaluation, int datasets)
    {
        var run = Assert.IsType<RefineRun>(ManifestReader.Read(Refine + $"\n  evaluation: {evaluation}\n", "a.yaml"));
        Assert.Equal(datasets, run.Spec.Evaluation!.Datasets().Count());
        Assert.Equal(datasets, run.Spec.References().Count());
    }

    [Fact]
    public void Read_NumbersOrWords_AreBothAndStayThem()
    {
        var run = (SamplingRun)ManifestReader.Read(Sampling, "a.yaml",
            ["spec.batchSize=8", "spec.answers={runRef: {kind: SamplingRun, name: before}}"]);
        Assert.Equal(8, run.Spec.BatchSize.Number);
        Assert.Contains("SamplingRun/before", run.Spec.References().Select(reference => reference.ToString()));
        var refine = (RefineRun)ManifestReader.Read(Refine, "a.yaml",
            ["spec.evaluation={dataset: {uri: file:///a}, refineIterations: converge, batchSize: auto}"]);
        Assert.Equal((RefineIterations.Converge, BatchSize.Auto),
            (refine.Spec.Evaluation!.RefineIterations, refine.Spec.Evaluation.BatchSize));
    }

    [Theory]
    [InlineData("spec.batchSize=0", "spec.batchSize: must be a number from 1 to 65536, or auto, was 0")]
    [InlineData("spec.batchSize=all", "spec.batchSize: must be a number from 1 to 65536, or auto, was \"all\"")]
    [InlineData("spec.answers={runRef: {kind: FineTuneRun, name: x}}", "only a SamplingRun writes answers")]
    public void Read_NumberOrWordOutOfRange_IsRefused(string change, string message) =>
        Assert.Contains(message, Assert.Throws<ManifestException>(() => ManifestReader.Read(Sampling, "a.yaml", [change])).Message);

    [Fact]
    public void YamlAndJson_RoundTrip_GiveTheSameDocument()
    {
        foreach (var text in new[] { Sampling, Refine })
        {
            var read = ManifestReader.Read(text, "a.yaml");
            var json = ManifestReader.ToJson(read);
            Assert.Equal(json, ManifestReader.ToJson(ManifestReader.Read(json, "a.json")));
            Assert.Equal(json, ManifestReader.ToJson(ManifestReader.Read(ManifestReader.ToYaml(read), "b.yaml")));
        }
    }

    [Theory]
    [InlineData("spec.selection.beta=-1", "spec.selection.beta: must be ≥ 0, was -1")]
    [InlineData("spec.selection.alpha=1.5", "spec.selection.alpha: must be ≤ 1, was 1.5")]
    [InlineData("spec.generation.topP=0", "spec.generation.topP: must be > 0, was 0")]
    [InlineData("spec.shards=1.5", "spec.shards: must be a whole number, was 1.5")]
    [InlineData("spec.shards=many", "spec.shards: must be a whole number, was \"many\"")]
    [InlineData("spec.shards=99999999999", "spec.shards: must fit into 32 bits, was 99999999999")]
    [InlineData("spec.format=csv", "spec.format: must be one of jsonl, parquet, was 'csv'")]
    [InlineData("spec.batchsize=2", "spec.batchsize: is not a known field; did you mean 'batchSize'? (fields: expert, amateur, dataset,")]
    [InlineData("spec.expert={}", "spec.expert: set exactly one of uri and runRef")]
    [InlineData("spec.expert.uri=ftp://x", "spec.expert.uri: must match ^((hf|az|s3|https|http|file)://.+|[^:]+)$, was 'ftp://x'")]
    [InlineData("spec.expert.runRef={kind: FineTuneRun, name: x}", "spec.expert: set exactly one of uri and runRef")]
    [InlineData("spec.dataset={runRef: {kind: RefineRun, name: x}}", "spec.dataset.runRef: only a SamplingRun writes samples")]
    [InlineData("spec.expert=null", "spec.expert: is required")]
    [InlineData("spec.parallelism=2", "spec.parallelism: parallelism must be at most shards")]
    [InlineData("spec.worker.gpus=-1", "spec.worker.gpus: must be ≥ 0, was -1")]
    [InlineData("spec.worker.tolerations={}", "spec.worker.tolerations: must be a list, was a mapping")]
    [InlineData("spec.suspend=maybe", "--set spec.suspend: must be true or false, was \"maybe\"")]
    [InlineData("spec.selection.bta=1", "spec.selection.bta: is not a known field; did you mean 'beta'? (fields: alpha")]
    [InlineData("spec.batch_size=1", "did you mean 'batchSize'?")]
    [InlineData("spec.wroker={}", "did you mean 'worker'?")]
    [InlineData("spec.zzz=1", "spec.zzz: is not a known field (fields: ")]
    [InlineData("spec.dependencyTimeoutSeconds=-1", "spec.dependencyTimeoutSeconds: must be ≥ 0, was -1")]
    [InlineData("metadata.name=UPPER", "metadata.name: a lowercase RFC 1123 subdomain must consist of")]
    [InlineData("metadata.name=a..b", "metadata.name: a lowercase RFC 1123 subdomain must consist of")]
    [InlineData("kind=Run", "kind: must be one of SamplingRun, FineTuneRun, RefineRun, was 'Run'")]
    [InlineData("apiVersion=v1", "apiVersion: must be lightreasoner.io/v1alpha1, was 'v1'")]
    public void Read_BadSamplingRun_NamesTheFieldAndTheRule(string change, string message) => AssertRefused(Sampling, change, message);

    [Theory]
    [InlineData("spec.iterative={noiseMin: 0.8, noiseMax: 0.2}", "spec.iterative.noiseMin: noiseMin must be at most noiseMax")]
    [InlineData("spec.iterative={numIterations: 3, lossWeights: [1, 1]}",
        "spec.iterative.lossWeights: lossWeights must have numIterations entries")]
    [InlineData("spec.training={batchSize: 65536, gradientAccumulationSteps: 32768}",
        "spec.training.gradientAccumulationSteps: batchSize times gradientAccumulationSteps must be at most 2147483647")]
    [InlineData("spec.eosTail=0", "spec.eosTail: must be a number from 1 to 1048576, or full, was 0")]
    [InlineData("spec.eosTail=half", "spec.eosTail: must be a number from 1 to 1048576, or full, was \"half\"")]
    [InlineData("spec.training.betas=[0.9]", "spec.training.betas: must have at least 2 entries, has 1")]
    [InlineData("spec.training.betas=[0.9, 1]", "spec.training.betas[1]: must be < 1, was 1")]
    [InlineData("spec.lora.targetModules=[q_proj, q_proj]", "spec.lora.targetModules[1]: must not name an entry twice")]
    [InlineData("spec.lora.targetModules=[lm_head]", "spec.lora.targetModules[0]: must be one of q_proj,")]
    [InlineData("spec.model.runRef.kind=SamplingRun", "spec.model.runRef: a SamplingRun has no model; name a FineTuneRun or a RefineRun")]
    public void Read_BadRefineRun_NamesTheFieldAndTheRule(string change, string message) => AssertRefused(Refine, change, message);

    [Fact]
    public void Read_NullForAFieldWithADefault_TakesTheDefault()
    {
        var run = (SamplingRun)ManifestReader.Read(Sampling, "a.yaml",
            ["spec.selection=null", "spec.batchSize=null", "spec.worker={nodeSelector: {a: null}, affinity: {x: null}}"]);
        Assert.Equal((0.4, BatchSize.Auto), (run.Spec.Selection.Beta, run.Spec.BatchSize));
        Assert.Empty(run.Spec.Worker.NodeSelector!);
        Assert.True(run.Spec.Worker.Affinity!.ContainsKey("x"));
    }

    [Fact]
    public void Read_BadField_NamesItsLine()
    {
        var error = Assert.Throws<ManifestException>(() => ManifestReader.Read(Sampling + "\n  shards: 0\n", "runs/a.yaml"));
        Assert.Equal("runs/a.yaml line 8: spec.shards: must be ≥ 1, was 0", error.Message);
    }

    [Theory]
    [InlineData("a: [", "x.yaml line 2: cannot be read as YAML")]
    [InlineData("", "must hold one document, holds 0")]
    [InlineData("a: 1\na: 2", "")]
    [InlineData("- 1", "must be a mapping with apiVersion, kind, metadata and spec")]
    public void Read_NotAManifest_SaysSo(string text, string message) =>
        Assert.Contains(message, Assert.Throws<ManifestException>(() => ManifestReader.Read(text, "x.yaml")).Message);

    [Fact]
    public void Read_PathSetTwice_NamesTheOption() => Assert.Equal("--set spec.shards: is given twice",
        Assert.Throws<ManifestException>(() => ManifestReader.Read(Sampling, "x.yaml", ["spec.shards=1", "spec.shards=2"])).Message);

    [Fact]
    public void Read_AliasBomb_IsRefused()
    {
        var bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(1, 9).Select(i =>
            $"a{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));
        Assert.Contains("aliases expand", Assert.Throws<ManifestException>(() => ManifestReader.Read(bomb, "x.yaml")).Message);
    }

    [Fact]
    public void Status_AsJson_UsesKubernetesForms()
    {
        var status = new SamplingRunStatus
        {
            Phase = RunPhase.Running,
            StartTime = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.FromHours(1))
        };
        Assert.Equal("""{"phase":"Running","startTime":"2026-01-02T02:04:05Z"}""",
            JsonSerializer.Serialize(status, ApiJson.Options));
    }

    private static void AssertRefused(string manifest, string change, string message)
    {
        var error = Assert.Throws<ManifestException>(() => ManifestReader.Read(manifest, "a.yaml", [change]));
        Assert.Contains(message, error.Message);
        Assert.Matches("^(--set |a.yaml line )", error.Message);
    }
}
