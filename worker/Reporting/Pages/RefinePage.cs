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
        var log = new TrainingLog(records);
        Html headline = result.Evaluation is { } accuracy
            ? AccuracySection.Headline(accuracy, "block generation")
            : Html.Of($"Trained for {result.Step:N0} steps; the loss went from {log.First("lossTotal"):0.000} to {log.Last("lossTotal"):0.000}. No accuracy was measured.");
        Tile[] tiles =
        [
            .. AccuracySection.Tiles(result.Evaluation),
            .. result.Evaluation?.TokensPerForward is { } tokens
                ? [new Tile("Tokens per pass", Html.Of($"{tokens:0.0}"), Html.Of($"of block generation; one by one it is 1"))] : (Tile[])[],
            new("Loss", Html.Of($"{log.Last("lossTotal"):0.000}"), Html.Of($"from {log.First("lossTotal"):0.000}, weighted sum of the passes")),
            new("Steps", Html.Of($"{result.Step:N0}"), Html.Of($"{result.Epoch:0.##} epochs")),
        ];
        Html sections = Html.Of($"""
            {AccuracySection.Of(result.Evaluation, records.Changes, "Block generation")}
            {Passes(run, records.Passes)}
            <section><h2>How training went</h2><div class="charts">
            {LineChart.Draw("Loss by pass", "step", "nats", [.. Enumerable.Range(0, run.Spec.Iterative.NumIterations).Select(pass => log.Series("losses", $"pass {pass + 1}", pass))], Html.Of($"Cross entropy against the clean response; pass 1 reads noise, each later one what the pass before it made of it."))}
            {LineChart.Draw("Noise", "step", "share of response tokens", [log.Series("noiseMean", "noise")], Html.Of($"Drawn anew for every response, from {run.Spec.Iterative.NoiseMin} to {run.Spec.Iterative.NoiseMax}."), smooth: true)}
            {LineChart.Draw("Learning rate", "step", "", [log.Series("learningRate", "learning rate")])}
            {LineChart.Draw("Gradient norm", "step", "2-norm before clipping", [log.Series("gradNorm", "gradient norm")], Html.Of($"Clipped at {run.Spec.Training.MaxGradNorm}."), smooth: true)}
            </div></section>
            """);
        return (headline, tiles, sections);
    }

    private static Html Passes(RefineRun run, IReadOnlyList<PassAccuracy> passes)
    {
        if (passes.Count == 0) return Html.Empty;
        IntervalChart.Row[] rows = [.. passes.Select(p => new IntervalChart.Row(p.Passes == 1 ? "1 pass" : $"{p.Passes} passes", p.Correct, p.Questions, 3))];
        return Html.Of($"""
            <section><h2>What more passes over a block buy</h2><div class="charts">
            {IntervalChart.Draw("Accuracy by passes over a block", rows, Html.Of($"After training, on {passes[0].Questions:N0} questions, blocks of {run.Spec.Evaluation?.BlockLength ?? 0} tokens. Bars are 95 % intervals."))}
            {LineChart.Draw("Tokens per forward pass", "passes over a block", "tokens", [new Series("tokens per forward pass", [.. passes.Select(p => ((double)p.Passes, p.TokensPerForward))])], Html.Of($"Token by token it is 1. A block that no longer changes ends early."))}
            </div></section>
            """);
    }
}
