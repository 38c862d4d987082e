using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Api.Schema;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Checkpoints;
using LightReasoner.Worker.Tests.Runs;

namespace LightReasoner.Worker.Tests.Inputs;

/// <summary>
/// Any value that a field's range in the schema allows works, and so do the ends of several ranges together: a run does its work, or is
/// refused because a rule between fields is
/// broken or memory does not suffice. Rounds and seed as for <see cref="FuzzTests"/>.
/// </summary>
public sealed class NumberTests(ITestOutputHelper output) : IDisposable
{
    private static readonly string Examples = RepositoryFolder.Of("examples", "quickstart");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(RunKind.SamplingRun)]
    [InlineData(RunKind.FineTuneRun)]
    [InlineData(RunKind.RefineRun)]
    public async Task Run_AtTheEndsOfItsRanges_Works(RunKind kind)
    {
        (string Path, string[] Values)[] fields = [.. Numbers(
            CrdGenerator.Definition(kind)["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!.AsObject(),
            "spec")
            .Where(field => field.Path is not (
                "spec.training.maxSteps" or "spec.worker.gpus"))]; // the run's length, and devices that are not here
        Assert.True(fields.Length > 10);
        var seed = int.Parse(Environment.GetEnvironmentVariable("LIGHTREASONER_FUZZ_SEED") ?? "1", CultureInfo.InvariantCulture);
        var (done, refused) = (0, 0);
        for (int round = 0; round < 16 * OddFiles.FuzzFactor; round++)
        {
            var random = new Random(unchecked(seed * 1_000_003 + round));
            // One field alone, then several together.
            var alone = random.Next(fields.Length);
            string[] set = [.. fields.Where((_, i) => round % 2 == 0 ? i == alone : random.Next(3) == 0)
                .Select(field => $"{field.Path}={field.Values[random.Next(field.Values.Length)]}")];
            var what = $"LIGHTREASONER_FUZZ_SEED={seed}, round {round}: --set {string.Join(" --set ", set)}";
            var (code, message) = await RunAsync(kind, set, $"{round}");
            Assert.True(code == ExitCode.Done || IsRule(code, message), $"{code}: {message}\n{what}");
            _ = code == ExitCode.Done ? done++ : refused++;
        }
        output.WriteLine($"{kind}, LIGHTREASONER_FUZZ_SEED={seed}, {fields.Length} fields: {done} runs done, {refused} refused");
        Assert.True(done > 4);
    }

    /// <summary>What may be said of a document whose every number is in its range.</summary>
    private static bool IsRule(ExitCode code, string message) =>
        code == ExitCode.BadManifest ? !message.Contains('≥') && !message.Contains('≤')
            && !message.Contains("is required", StringComparison.Ordinal)
        : code == ExitCode.BadData
            && new[] { "learningRate may help", "maxLength", "spec.selection.beta", "no step was compared" }.Any(message.Contains);

    /// <summary>The numeric fields below a place, with values at the ends of their ranges.</summary>
    private static IEnumerable<(string Path, string[] Values)> Numbers(JsonObject schema, string path)
    {
        foreach (var (name, node) in schema["properties"]?.AsObject() ?? [])
        {
            var field = node!.AsObject();
            var place = $"{path}.{name}";
            if ((string?)field["type"] is "integer" or "number")
                yield return (place, Ends(field));
            else if ((string?)field["type"] == "array" && field["items"] is JsonObject items && (string?)items["type"] == "number")
                yield return (place, [.. Ends(items).Select(value => $"[{value}, {Ends(items)[0]}]")]);
            foreach (var below in Numbers(field, place)) yield return below;
        }
    }

    private static string[] Ends(JsonObject field)
    {
        var whole = (string?)field["type"] == "integer";
        double least = Number("minimum"), most = Number("maximum");
        bool Excludes(string key) => (bool?)field[key] == true;
        if (whole) return [Text(least), Text(Math.Min(least + 1, most)), Text(most - 1), Text(most)];
        double first = Excludes("exclusiveMinimum") ? Math.BitIncrement(least) : least,
            last = Excludes("exclusiveMaximum") ? Math.BitDecrement(most) : most;
        return [Text(first), .. new[] { 1e-300, 1e-38, 1e-7 }.Where(value => value > least && value < most).Select(Text), Text(last)];

        double Number(string key) => field[key] is { } number ? double.Parse(number.ToJsonString(), CultureInfo.InvariantCulture)
            : throw new Xunit.Sdk.XunitException($"{field.ToJsonString()} has no {key}");

        string Text(double value) => whole ? ((decimal)value).ToString(CultureInfo.InvariantCulture)
            : value.ToString("R", CultureInfo.InvariantCulture);
    }

    private async Task<(ExitCode Code, string Message)> RunAsync(RunKind kind, string[] set, string name)
    {
        string expert = $"{Examples}/models/seed-0/expert", log = _folder["termination"];
        await File.WriteAllTextAsync(_folder["samples.jsonl"],
            """{"prompt_id":"q","step":1,"prefix":"a","tokens":["a","b"],"token_ids":[5,6],"weights":[0.5,0.5],"kl_divergence":0.5,"prefix_ids":[5,6]}""");
        await File.WriteAllTextAsync(_folder["records.jsonl"], """{"prompt":"Max has 5 keys.","target":" 5 + 4 = 9"}""");
        await File.WriteAllTextAsync(_folder["questions.jsonl"], """{"id":"a","question":"Max has 5 keys.","answer":"5"}""");
        string questions = $"file://{_folder["questions.jsonl"]}",
            evaluation = $"spec.evaluation={{dataset: {{uri: '{questions}'}}, prompt: {{template: none}}, generation: {{maxNewTokens: 2}}}}",
            validation = $"spec.validation={{dataset: {{uri: 'file://{_folder["records.jsonl"]}'}}, promptField: prompt, responseField: target, "
                + "prompt: {template: none}}";
        var (manifest, own) = kind switch
        {
            RunKind.SamplingRun => ("1-sampling.yaml", (string[])
                [$"spec.expert.uri=file://{expert}", $"spec.amateur.uri=file://{Examples}/models/seed-0/amateur",
                    $"spec.dataset.uri={questions}", "spec.shards=1", "spec.generation.maxNewTokens=2", "spec.selection.beta=0"]),
            RunKind.FineTuneRun => ("2-finetune.yaml",
                [$"spec.model={{uri: 'file://{expert}', dtype: float32}}", $"spec.samples={{uri: 'file://{_folder["samples.jsonl"]}'}}",
                    "spec.training.maxSteps=1", evaluation, validation]),
            _ => ("3-refine.yaml",
                [$"spec.model={{uri: 'file://{expert}', dtype: float32}}", $"spec.dataset={{uri: 'file://{_folder["records.jsonl"]}'}}",
                    "spec.training.maxSteps=1", evaluation, validation]),
        };
        try
        {
            var document = ManifestReader.Read(await File.ReadAllTextAsync($"{Examples}/{manifest}"), manifest,
                Overrides.Of(own, set));
            using var progress = new StringWriter();
            var options = new RunOptions { Output = _folder[name], Shard = 0, Targets = new ReportTargets(null, null, log) };
            var code = await new Runner(options, new ConsoleProgress(progress, ProgressStyle.Quiet, TimeProvider.System),
                TimeProvider.System).RunAsync(document, default);
            return (code, code == ExitCode.Done ? "" : await File.ReadAllTextAsync(log));
        }
        catch (ManifestException e)
        {
            return (ExitCode.BadManifest, e.Message);
        }
    }
}
