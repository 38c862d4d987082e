using LightReasoner.Api;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Reporting.Charts;

namespace LightReasoner.Worker.Reporting.Pages;

/// <summary>The page of a RefineRun: block generation before and after, losses by pass, and what more passes over a block buy.</summary>
internal static class RefinePage
{
    public static (Html Headline, IReadOnlyList<Tile> Tiles, Html Sections) Of(RefineRun run, RunRecords records)
    {
        RefineMetrics result = records.Results.FirstOrDefault()?.Refine ?? new RefineMetrics();
        var log = new TrainingLog(records, "lossTotal", decimals: 3);
        Tile[] tiles =
        [
            .. AccuracySection.Tiles(result.Evaluation),
            .. result.Evaluation?.TokensPerForward is { } tokens
                ? [new Tile("Tokens per pass", Html.Of($"{tokens:0.0}"), Html.Of($"of block generation; one by one it is 1"))] : (Tile[])[],
            log.LossTile("weighted sum of the passes"),
            new("Steps", Html.Of($"{result.Step:N0}"), Html.Of($"{result.Epoch:0.##} epochs")),
        ];
        Html sections = Html.Of($"""
            {AccuracySection.Of(result.Evaluation, records.Changes, "Block generation")}
            {Passes(run, records.Passes)}
            {log.Section(Html.Of($"""
                {LineChart.Draw("Loss by pass", "step", "nats", [.. Enumerable.Range(0, run.Spec.Iterative.NumIterations).Select(pass => log.Series("losses", $"pass {pass + 1}", pass))], Html.Of($"Cross entropy against the clean response; pass 1 reads noise, each later one what the pass before it made of it."))}
                {LineChart.Draw("Noise", "step", "share of response tokens", [log.Series("noiseMean", "noise")], Html.Of($"Drawn anew for every response, from {run.Spec.Iterative.NoiseMin} to {run.Spec.Iterative.NoiseMax}."), smooth: true)}
                """), run.Spec.Training.MaxGradNorm, Html.Empty)}
            """);
        return (log.Headline(result.Evaluation, "block generation", result.Step), tiles, sections);
    }

    private static Html Passes(RefineRun run, IReadOnlyList<PassAccuracy> passes)
    {
        if (passes.Count == 0) return Html.Empty;
        IntervalChart.Row[] rows = [.. passes.Select(p => new IntervalChart.Row(p.Passes switch { 1 => "1 pass", { } n => $"{n} passes", null => "until nothing changes" }, p.Correct, p.Questions, 3))];
        return Html.Of($"""
            <section><h2>What more passes over a block buy</h2><div class="charts">
            {IntervalChart.Draw("Accuracy by passes over a block", rows, Html.Of($"After training, on {passes[0].Questions:N0} questions, blocks of {run.Spec.Evaluation?.BlockLength ?? 0} tokens. Bars are 95 % intervals."))}
            {LineChart.Draw("Tokens per forward pass", "passes over a block", "tokens", [new Series("tokens per forward pass", [.. passes.Where(p => p.Passes is not null).Select(p => ((double)p.Passes!.Value, p.TokensPerForward))])], Html.Of($"Token by token it is 1. A block that no longer changes ends early."))}
            </div></section>
            """);
    }
}
