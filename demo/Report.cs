using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Demo;

/// <summary>
/// The whole experiment for several seeds as the tables of docs/demo.md: models are trained anew, so any seed will do. What a seed gave is
/// kept in a folder, so that a report that was stopped goes on where it was.
/// </summary>
internal static class Report
{
    private const int MaskBlock = 4;

    private static readonly int[] Iterations = [1, 2, 3, 4, 6];

    public static async Task PrintAsync(string examples, string results, int[] seeds, TextWriter output, CancellationToken cancellation)
    {
        (int Seed, ExperimentResult Result)[] experiments = [.. seeds.Select(seed =>
            (seed, MeasureExperiment(examples, Folder(results, seed), seed, cancellation)))];
        (int Seed, RefinementResult Result)[] refinements = [.. seeds.Select(seed =>
            (seed, MeasureRefinement(examples, Folder(results, seed), seed, cancellation)))];
        (int Seed, MaskResult Result)[] masks = [.. seeds.Select(seed =>
            (seed, MeasureMasks(examples, Folder(results, seed), seed, cancellation)))];

        await WriteTableAsync(output,
            ["seed", "amateur", "expert before", "LightReasoner", "self-training", "right answers", "all answers"],
            experiments.Select(e => new[]
            {
                Text(e.Seed), Cell(e.Result.Amateur), Cell(e.Result.Before), Cell(e.Result.After), Cell(e.Result.SelfTraining),
                Cell(e.Result.RightAnswers!), Cell(e.Result.AllAnswers!),
            }));
        await WriteTableAsync(output,
            ["seed", "above the expert", "above self-training", "above right answers", "above all answers", "kept steps",
                "one-token label sets", "labels that flip the expert's choice"],
            experiments.Select(e => new[]
            {
                Text(e.Seed), Gain(e.Result.After, e.Result.Before), Gain(e.Result.After, e.Result.SelfTraining),
                Gain(e.Result.After, e.Result.RightAnswers!), Gain(e.Result.After, e.Result.AllAnswers!),
                Percent(e.Result.Kept), Percent(e.Result.OneToken), Percent(e.Result.Flips),
            }));
        await WriteTableAsync(output,
            ["seed", "", "token by token", .. Iterations.Select(m => m == 1 ? "1 pass" : $"{m} passes")],
            refinements.SelectMany(r => new string[][]
            {
                [Text(r.Seed), "before", Cell(r.Result.TokensBefore), .. r.Result.Blocks.Select(b => Cell(b.Before))],
                ["", "after", Cell(r.Result.TokensAfter), .. r.Result.Blocks.Select(b => Cell(b.After))],
                ["", "tokens per forward pass", .. r.Result.Blocks.Select(b => b.After).Prepend(r.Result.TokensAfter).Select(Speed)],
            }));
        await WriteTableAsync(output,
            ["seed", "", "token by token", $"blockwise, {MaskBlock} tokens", $"self-aware, {MaskBlock} tokens"],
            masks.SelectMany(m => new string[][]
            {
                [Text(m.Seed), "after", Cell(m.Result.Tokens), Cell(m.Result.Blockwise), Cell(m.Result.SelfAware)],
                ["", "tokens per forward pass", Speed(m.Result.Tokens), Speed(m.Result.Blockwise), Speed(m.Result.SelfAware)],
            }));
    }

    private static ExperimentResult MeasureExperiment(string examples, string folder, int seed, CancellationToken cancellation) =>
        Kept(folder, "experiment.json", () =>
        {
            var data = DemoData.Draw(seed);
            return Experiment.FromManifests(examples)
                .Run(Models(folder, seed, data), Questions(data.Questions), Questions(data.Test), cancellation, controls: true);
        });

    private static RefinementResult MeasureRefinement(string examples, string folder, int seed, CancellationToken cancellation) =>
        Kept(folder, "refinement.json", () =>
        {
            var data = DemoData.Draw(seed);
            using var model = Experiment.Load(Path.Combine(Models(folder, seed, data), "expert"));
            return Refinement.FromManifest(examples)
                .Run(model, Tokenizer.Load(model.Dir), Records(data), Questions(data.Test), Iterations, cancellation);
        });

    private static MaskResult MeasureMasks(string examples, string folder, int seed, CancellationToken cancellation) =>
        Kept(folder, "masks.json", () =>
        {
            var data = DemoData.Draw(seed);
            using var model = Experiment.Load(Path.Combine(Models(folder, seed, data), "expert"));
            return Refinement.FromManifest(examples)
                .RunMasks(model, Tokenizer.Load(model.Dir), Records(data), Questions(data.Test), MaskBlock, cancellation);
        });

    private static string Folder(string results, int seed) => Path.Combine(results, Text($"seed-{seed}"));

    /// <summary>The folder of a seed's models, which are trained if they are not there.</summary>
    private static string Models(string folder, int seed, DemoData data)
    {
        string models = Path.Combine(folder, "models"), unfinished = models + ".unfinished";
        if (Directory.Exists(models)) return models;
        ModelFolders.Train(seed, data, unfinished, Console.Error);
        Directory.Move(unfinished, models);
        return models;
    }

    /// <summary>What the file holds, or else what is computed, which the file then holds.</summary>
    private static T Kept<T>(string folder, string name, Func<T> compute)
    {
        var file = Path.Combine(folder, name);
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(folder);
            var started = TimeProvider.System.GetTimestamp();
            var computed = compute();
            File.WriteAllText(file + ".unfinished", JsonSerializer.Serialize(computed, ApiJson.Options));
            File.Move(file + ".unfinished", file);
            Console.Error.WriteLine(Text($"{file}: {TimeProvider.System.GetElapsedTime(started).TotalMinutes:F1} minutes"));
        }
        return JsonSerializer.Deserialize<T>(File.ReadAllText(file), ApiJson.Options)!;
    }

    private static IReadOnlyList<PromptResponse> Records(DemoData data) =>
        [.. data.Refinement.Select((p, i) => new PromptResponse(i, JsonValue.Create(p.Question), p.Solution))];

    private static IReadOnlyList<Question> Questions(IReadOnlyList<Problem> problems) =>
        [.. problems.Select((p, i) => new Question(i, $"q{i:D4}", p.Question, p.Solution))];

    private static async Task WriteTableAsync(TextWriter output, string[] columns, IEnumerable<string[]> rows)
    {
        foreach (var cells in rows.Prepend([.. columns.Select(_ => "---")]).Prepend(columns))
            await output.WriteLineAsync($"| {string.Join(" | ", cells)} |");
        await output.WriteLineAsync();
    }

    private static string Cell(Measured measured) =>
        Text($"{100 * measured.Accuracy():F1} ({100 * measured.Interval().Low:F1}–{100 * measured.Interval().High:F1})");

    private static string Gain(Measured after, Measured before)
    {
        var (gain, interval) = (100 * (after.Accuracy() - before.Accuracy()), after.Above(before));
        return Text($"{gain:+0.0;−0.0} ({100 * interval.Low:+0.0;−0.0} to {100 * interval.High:+0.0;−0.0})");
    }

    private static string Speed(Measured measured) => Text($"{measured.TokensPerForward:F1}");

    private static string Percent(double share) => Text($"{100 * share:F1} %");

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    private static string Text(int number) => Text($"{number}");
}
