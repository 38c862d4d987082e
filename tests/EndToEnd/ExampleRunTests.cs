using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.Api;
using LightReasoner.Quickstart;
using LightReasoner.Worker.Tests;

namespace LightReasoner.EndToEnd;

/// <summary>
/// Every example, run by the worker as it is but for where things lie and how large they are: small models in the place of the published
/// ones, and for data what the <c>worker prepare</c> commands of the examples' pages make of records in the published layouts.
/// </summary>
public sealed partial class ExampleRunTests(ExampleRunTests.Inputs inputs) : IClassFixture<ExampleRunTests.Inputs>
{
    private static readonly string Examples = RepositoryFolder.Of("examples");

    public static TheoryData<string> Folders =>
        ["azure", "experiments", "first-run", "gitops/overlays/full", "gitops/overlays/small", "kueue", "oci", "pvc", "rounds", "sweep"];

    [Fact]
    public void Folders_AreAllThatHoldRuns()
    {
        string[] folders = [.. Directory.EnumerateFiles(Examples, "*.yaml", SearchOption.AllDirectories)
            .Where(file => File.ReadAllText(file).Contains("apiVersion: " + ApiGroup.ApiVersion, StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(Examples, file).Split('/')[0]).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(Folders.Select(row => row.Data.Split('/')[0]).Append("quickstart").Distinct().Order(StringComparer.Ordinal), folders);
    }

    /// <summary>docs/first-run.md lists the fields that are there for the small models.</summary>
    [Fact]
    public void FirstRun_WithoutTheFieldsThatItsPageRemoves_HasAddressesOnly()
    {
        var list = Regex.Match(File.ReadAllText(RepositoryFolder.Of("docs", "first-run.md")),
            @"remove what is there for the small models(.*?)\.", RegexOptions.Singleline).Groups[1].Value;
        HashSet<string> removed = [.. Regex.Matches(list, "`(\\w+)`").Select(name => name.Groups[1].Value)];
        foreach (var file in Directory.GetFiles(Path.Combine(Examples, "first-run")))
        {
            var document = YamlJson.ToJson(File.ReadAllText(file), file)[0]!;
            Remove(document["spec"]!.AsObject());
            ManifestReader.Read(document.ToJsonString(), file);
            Assert.All(Leaves(document["spec"]!, "spec"), leaf =>
                Assert.Matches(@"\.(uri|runRef\.kind|runRef\.name|secretRef\.name|merge)$", leaf));
        }
        Assert.Equal(8, removed.Count);

        void Remove(JsonObject node)
        {
            foreach (var name in node.Select(field => field.Key).Where(removed.Contains).ToArray()) node.Remove(name);
            foreach (var inner in node.Select(field => field.Value).OfType<JsonObject>()) Remove(inner);
        }
        static IEnumerable<string> Leaves(JsonNode node, string path) => node is JsonObject fields
            ? fields.SelectMany(field => Leaves(field.Value!, $"{path}.{field.Key}")) : [path];
    }

    [Theory, MemberData(nameof(Folders))]
    public async Task Example_RunsOnWhatTheToolsMake(string folder)
    {
        List<Manifest> waiting = [.. await ManifestsAsync(folder)];
        var done = new Dictionary<string, string?>(); // where each writes, if it says so
        while (waiting.Count > 0)
        {
            // Each after the runs that it refers to, as the operator has it.
            var next = waiting.First(run => run.RunSpec.References().All(reference => done.ContainsKey($"{reference}")));
            waiting.Remove(next);
            var file = Path.Combine(inputs.Folder, $"{folder.Replace('/', '-')}-{next.Kind}-{next.Metadata.Name}.json");
            await File.WriteAllTextAsync(file, ManifestReader.ToJson(next));
            var (code, said, errors) = await WorkerProgram.RunAsync(
                ["run", "-f", file, "--output-prefix", Path.Combine(inputs.Folder, "runs", folder), "--quiet",
                    .. done.Where(run => run.Value is not null).SelectMany(run => (string[])["--ref", $"{run.Key}={run.Value}"]),
                    .. Small(next).SelectMany(change => (string[])["--set", change])]);
            Assert.True(code == 0, $"{folder}, {next.Kind} {next.Metadata.Name} ended with {code}: {errors}{said}");
            done.Add($"{next.Kind}/{next.Metadata.Name}", next.RunSpec.Output?.Uri);
        }
        Assert.NotEmpty(done);
    }

    /// <summary>The runs as kustomize makes them, or as the files are; what they read lies in this machine's folder.</summary>
    private async Task<IEnumerable<Manifest>> ManifestsAsync(string folder)
    {
        var path = Path.Combine(Examples, folder);
        var text = File.Exists(Path.Combine(path, "kustomization.yaml"))
            ? await new Kubectl("/dev/null", RepositoryFolder.Path).RunAsync(TestContext.Current.CancellationToken, "kustomize", path)
            : string.Join("\n---\n", Directory.GetFiles(path, "*.yaml").Order(StringComparer.Ordinal).Select(File.ReadAllText));
        return YamlJson.ToJson(text, folder).Where(node => (string?)node!["apiVersion"] == ApiGroup.ApiVersion)
            .Select(node => ManifestReader.Read(inputs.Localized(node!.ToJsonString(), folder), folder));
    }

    /// <summary>What makes a run small enough for a CPU.</summary>
    private static IEnumerable<string> Small(Manifest run)
    {
        yield return "spec.worker={gpus: 0}";
        var evaluation = (run as FineTuneRun)?.Spec.Evaluation ?? (run as RefineRun)?.Spec.Evaluation;
        if (evaluation is not null)
            foreach (var change in (string[])["maxQuestions=2", "generation.maxNewTokens=8"]) yield return "spec.evaluation." + change;
        switch (run)
        {
            case SamplingRun sampling:
                yield return "spec.maxQuestions=16";
                yield return "spec.generation.maxNewTokens=48";
                // After one step the expert is hardly another model than before.
                if (sampling.Spec.Expert.RunRef is not null) yield return "spec.selection.beta=0";
                break;
            case FineTuneRun tuning:
                yield return "spec.training.maxSteps=1";
                if (tuning.Spec.Validation is not null) yield return "spec.validation.maxRecords=2";
                break;
            default:
                foreach (var change in (string[])["maxSteps=1", "batchSize=2", "gradientAccumulationSteps=1", "maxLength=256"])
                    yield return "spec.training." + change;
                break;
        }
    }

    /// <summary>Models, and the data that the prepare commands of the examples' pages make.</summary>
    public sealed partial class Inputs : IAsyncLifetime
    {
        private const string Expert = "hf://Qwen/Qwen2.5-Math-1.5B", Amateur = "hf://Qwen/Qwen2.5-0.5B";

        private static readonly string Quickstart = Path.Combine(Examples, "quickstart");

        internal string Folder { get; } = Directory.CreateTempSubdirectory("examples-").FullName;

        public async ValueTask InitializeAsync()
        {
            var models = Path.Combine(Quickstart, "models", "seed-0");
            foreach (var file in Directory.EnumerateFiles(models, "*", SearchOption.AllDirectories))
            {
                var copy = Path.Combine(Folder, "models", Path.GetRelativePath(models, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
                if (Path.GetFileName(copy) != "tokenizer_config.json") continue;
                // The published models have a chat template.
                var config = JsonNode.Parse(await File.ReadAllTextAsync(copy))!.AsObject();
                config["chat_template"] = "{{ messages[-1]['content'] }}";
                await File.WriteAllTextAsync(copy, config.ToJsonString());
            }
            foreach (var page in Directory.EnumerateFiles(Examples, "README.md", SearchOption.AllDirectories))
                foreach (Match command in Prepare().Matches(await File.ReadAllTextAsync(page)))
                {
                    var (set, to) = (command.Groups[1].Value, Localized(command.Groups[2].Value, ""));
                    (int code, _, string errors) = await WorkerProgram.RunAsync(["prepare", set, Raw(set, to), to["file://".Length..],
                        .. command.Groups[3].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
                    Assert.True(code == 0, $"{page}: {command.Value}: {errors}");
                }
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(Folder, recursive: true);
            return ValueTask.CompletedTask;
        }

        /// <summary>A text with the addresses of this machine in the place of those of the hub, the account and the volume.</summary>
        internal string Localized(string text, string example) => new[]
        {
            (Expert, "models/expert"), (Amateur, "models/amateur"), ("az://demo/models/", "models/"), ("file:///data/models/", "models/"),
            ("file:///models/", "models/"), ("az://demo/data/", "quickstart/"), ("az://demo/runs/", $"outputs/{example}/"),
            ("file:///data/runs/", $"outputs/{example}/"), ("az://runs/", $"outputs/{example}/"), ("file:///data/", "quickstart/"),
            ("az://data/", "data/"),
        }.Aggregate(text, (now, place) => now.Replace(place.Item1, place.Item2.StartsWith("quickstart/", StringComparison.Ordinal)
            ? $"file://{Quickstart}/data/" : $"file://{Folder}/{place.Item2}", StringComparison.Ordinal));

        /// <summary>Records in the layout that a set is published in.</summary>
        private string Raw(string set, string target)
        {
            var file = Path.Combine(Folder, $"{set}-{Path.GetFileName(target)}");
            File.WriteAllLines(file, set switch
            {
                "gsm8k" => File.ReadLines(Path.Combine(Quickstart, "data", "test.jsonl"))
                    .Skip(target.Contains("test", StringComparison.Ordinal) ? 100 : 0).Take(40),
                "math" => ["""{"problem":"1+1?","solution":"$\\boxed{2}$","type":"Algebra","level":"Level 1"}"""],
                "svamp" => ["""{"ID":"1","Body":"Tom has 3 pens","Question":"How many?","Answer":3.0}"""],
                "asdiv" => ["""{"body":"Tom has 3 pens.","question":"How many pens?","answer":"3 (pens)","formula":"3=3"}"""],
                "minerva-math" => ["""{"problem":"How heavy?","solution":"It is $\\boxed{3 kg}$."}"""],
                "olympiadbench" => ["""{"question":"Is it?","final_answer":["$True$"]}"""],
                "mmlu-stem" => ["""{"question":"1+1?","choices":["1","2","3","4"],"answer":1}"""],
                _ => throw new ArgumentException($"no records of {set}", nameof(set)),
            });
            return file;
        }

        [GeneratedRegex(@"^bin/worker prepare (\S+) \S+ (az://\S+)(.*)$", RegexOptions.Multiline)]
        private static partial Regex Prepare();
    }
}
