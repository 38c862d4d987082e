using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Demo;

/// <summary>The whole experiment for several seeds as the tables of docs/demo.md: models are trained anew, so any seed will do.</summary>
internal static class Report
{
    private const int MaskBlock = 4;

    private static readonly int[] Iterations = [1, 2, 3, 4, 6];

    public static async Task<int> PrintAsync(string examples, int[] seeds, bool refine, TextWriter output, CancellationToken cancellation)
    {
        Experiment experiment = Experiment.FromManifests(examples);
        List<string> refinements = [], masks = [];
        await output.WriteLineAsync("| seed | amateur | expert before | LightReasoner | control: self-training | control: right answers | "
            + "control: all answers | kept steps | one-token label sets | labels that flip the expert's choice |");
        await output.WriteLineAsync("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (int seed in seeds)
        {
            DemoData data = DemoData.Draw(seed);
            using var scratch = new ScratchFolder();
            ModelFolders.Train(seed, data, scratch.Path, quiet: true);
            IReadOnlyList<Question> questions = Questions(data.Questions), test = Questions(data.Test);
            ExperimentResult r = experiment.Run(scratch.Path, questions, test, cancellation, controls: true);
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"| {seed} | {100 * r.Amateur:F1} | {100 * r.Before:F1} | **{100 * r.After:F1}** | {100 * r.SelfTraining:F1} | "
                    + $"{100 * r.Sft.Right:F1} | {100 * r.Sft.All:F1} | {100 * r.Kept:F1} % | {100 * r.OneToken:F1} % | "
                    + $"{100 * r.Flips:F1} % |"));

            if (!refine) continue;
            using LoadedModel model = Experiment.Load(Path.Combine(scratch.Path, "expert"));
            PromptResponse[] records = [.. data.Refinement.Select((p, i) =>
                new PromptResponse(i, JsonValue.Create(p.Question), p.Solution))];
            RefinementResult refined = Refinement.FromManifest(examples)
                .Run(model, Tokenizer.Load(model.Dir), records, test, Iterations, cancellation);
            refinements.Add(FormattableString.Invariant($"| {seed} | {100 * refined.AutoregressiveBefore:F1} → {100 * refined.AutoregressiveAfter:F1} | ")
                + string.Join(" | ", refined.Blocks.Select(b =>
                    FormattableString.Invariant($"{100 * b.Before:F1} → {100 * b.After:F1} ({b.TokensPerForward:F1})"))) + " |");
            using LoadedModel masked = Experiment.Load(Path.Combine(scratch.Path, "expert"));
            masks.Add($"| {seed} | " + string.Join(" | ", Refinement.FromManifest(examples)
                .RunMasks(masked, Tokenizer.Load(masked.Dir), records, test, MaskBlock, cancellation)
                .Select(m => FormattableString.Invariant($"{100 * m.Accuracy:F1} ({m.TokensPerForward:F1})"))) + " |");
        }
        if (!refine) return 0;
        await output.WriteLineAsync();
        await output.WriteLineAsync("| seed | token by token | "
            + string.Join(" | ", Iterations.Select(m => $"block 8, {m} passes")) + " |");
        await output.WriteLineAsync("| --- | --- |" + string.Concat(Iterations.Select(_ => " --- |")));
        foreach (string line in refinements) await output.WriteLineAsync(line);
        await output.WriteLineAsync();
        await output.WriteLineAsync($"| seed | interleaved masks, block {MaskBlock}, blockwise | self-aware |");
        await output.WriteLineAsync("| --- | --- | --- |");
        foreach (string line in masks) await output.WriteLineAsync(line);
        return 0;
    }

    private static IReadOnlyList<Question> Questions(IReadOnlyList<Problem> problems) =>
        [.. problems.Select((p, i) => new Question(i, $"q{i:D4}", p.Question, p.Solution))];
}
