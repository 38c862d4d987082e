using LightReasoner.Api;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Reporting.Charts;

namespace LightReasoner.Worker.Reporting.Pages;

/// <summary>The page of a RefineRun: block generation before and after, losses by pass, and what more passes over a block buy.</summary>
internal static class RefinePage
{
    public static (Html Headline, IReadOnlyList<Tile> Tiles, Html Sections) Of(RefineRun run, RunRecords records)
    {
        var result = records.Results.FirstOrDefault()?.Refine ?? new RefineMetrics();
        var log = new TrainingLog(records, "lossTotal", decimals: 3);
        Tile[] tiles =
        [
            .. AccuracySection.Tiles(result.Evaluation),
            .. result.Evaluation?.TokensPerForward is { } tokens
                ? [new Tile("Tokens per pass", Html.Of($"{tokens:0.0}"), Html.Of($"of block generation; one by one it is 1"))] : (Tile[])[],
            log.LossTile("weighted sum of the passes"),
            new("Steps", Html.Of($"{result.Step:N0}"), Html.Of($"{result.Epoch:0.##} epochs{Cut(result)}")),
        ];
        var masks = run.Spec.Objective is RefineObjective.Interleaved;
        var sections = Html.Of($"""
            {AccuracySection.Of(result.Evaluation, records.Changes, "Block generation")}
            {Settings(records.Passes)}
            {log.Section(Html.Of($"""
                {LineChart.Draw("Loss by pass", "step", "nats", [.. Enumerable.Range(0, masks ? 1 : run.Spec.Iterative.NumIterations).Select(pass => log.Series("losses", $"pass {pass + 1}", pass))], Html.Of($"{(masks ? "Cross entropy at masks and tokens." : "Cross entropy against the clean response; pass 1 reads noise, each later one what the pass before it made of it.")}"))}
                {log.Validation("Loss on validation data", "nats", loss => loss)}
                {LineChart.Draw("Noise", "step", "share of response tokens", [log.Series("noiseMean", "noise")], Html.Of($"Drawn anew for every response, from {run.Spec.Iterative.NoiseMin} to {run.Spec.Iterative.NoiseMax}."), smooth: true)}
                """), run.Spec.Training.MaxGradNorm, Html.Empty)}
            """);
        return (log.Headline(result.Evaluation, "block generation", result.Step), tiles, sections);
    }

    private static Html Cut(RefineMetrics result) => result is { RecordsCut: > 0 } or { RecordsDropped: > 0 }
        ? Html.Of($"; {result.RecordsCut ?? 0:N0} records cut to maxLength, {result.RecordsDropped ?? 0:N0} left out") : Html.Empty;

    private static Html Settings(IReadOnlyList<PassAccuracy> settings)
    {
        if (settings.Count == 0) return Html.Empty;
        IntervalChart.Row[] rows = [.. settings.Select(s => IntervalChart.Row.Counted(s.Setting, s.Correct, s.Questions, 3))];
        return Html.Of($"""
            <section><h2>Speed against accuracy</h2>
            <p class="lead">After training, on {settings[0].Questions:N0} questions. Token by token a forward pass gives one token. Accuracy under parallelism (AUP), the weighted area under the curve: {PassAccuracy.Aup(settings):0.0}.</p>
            <div class="charts">
            {IntervalChart.Draw("Accuracy by setting", rows, Html.Of($"Tokens of a block, and how it is generated; converge: until nothing changes, which gives the greedy answer. Bars are 95 % intervals."))}
            {LineChart.Draw("Accuracy over speed", "tokens per forward pass", "right answers, %", [SpeedSeries("all settings", settings)], Html.Of($"Each point is a setting; hover for its figures."), whole: false, points: true)}
            </div>
            <div class="scroll"><table><thead><tr><th>setting</th><th>tokens per pass</th><th>right, %</th></tr></thead><tbody>
            {settings.Select(s => Html.Of($"<tr><td>{s.Setting}</td><td>{s.TokensPerForward:0.00}</td><td>{100.0 * s.Correct / Math.Max(1, s.Questions):0.0}</td></tr>\n"))}
            </tbody></table></div></section>
            """);
    }

    /// <summary>Accuracy in percent over tokens per forward pass.</summary>
    public static Series SpeedSeries(string name, IEnumerable<PassAccuracy> settings) =>
        new(name, [.. settings.Select(s => (s.TokensPerForward, 100.0 * s.Correct / Math.Max(1, s.Questions))).OrderBy(point => point.TokensPerForward)]);
}
