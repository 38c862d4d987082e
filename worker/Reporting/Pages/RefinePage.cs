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
                ? [new Tile("Tokens per pass", $"{tokens:0.0}", $"of block generation; one by one it is 1")] : (Tile[])[],
            log.LossTile("weighted sum of the passes"),
            new("Steps", $"{result.Step:N0}", $"{result.Epoch:0.##} epochs{Cut(result)}"),
        ];
        var masks = run.Spec.Objective is RefineObjective.Interleaved;
        var passes = Enumerable.Range(0, masks ? 1 : run.Spec.Iterative.NumIterations);
        var sections = Html.Of($"""
            {AccuracySection.Of(result.Evaluation, records.Changes, "Block generation")}
            {Settings(records.Passes)}
            {log.Section($"""
                {LineChart.Draw("Loss by pass", "step", "nats", [.. passes.Select(i => log.Series("losses", $"pass {i + 1}", i))],
                    masks ? Html.Of($"Cross entropy at masks and tokens.") : Html.Of($"Cross entropy against the clean response; "
                        + $"pass 1 reads noise, each later one what the pass before it made of it."))}
                {log.Validation("Loss on validation data", "nats", loss => loss)}
                {LineChart.Draw("Noise", "step", "share of response tokens", [log.Series("noiseMean", "noise")],
                    $"Drawn anew for every response, from {run.Spec.Iterative.NoiseMin} to {run.Spec.Iterative.NoiseMax}.", smooth: true)}
                """, run.Spec.Training.MaxGradNorm, Html.Empty)}
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
            <p class="lead">After training, on {settings[0].Questions:N0} questions. Token by token a forward pass gives one token.
            Accuracy under parallelism (AUP), the weighted area under the curve: {PassAccuracy.Aup(settings):0.0}.</p>
            <div class="charts">
            {IntervalChart.Draw("Accuracy by setting", rows, $"Tokens of a block, and how it is generated; "
                + $"converge: until nothing changes, which gives the greedy answer. Bars are 95 % intervals.")}
            {SpeedChart([SpeedSeries("all settings", settings)], $"Each point is a setting; hover for its figures.")}
            </div>
            <div class="scroll"><table><thead><tr><th>setting</th><th>tokens per pass</th><th>right, %</th></tr></thead><tbody>
            {settings.Select(s => Html.Of($"<tr><td>{s.Setting}</td><td>{s.TokensPerForward:0.00}</td><td>{Right(s):0.0}</td></tr>\n"))}
            </tbody></table></div></section>
            """);
    }

    public static Html SpeedChart(IReadOnlyList<Series> series, Html note) => LineChart.Draw("Accuracy over speed",
        "tokens per forward pass", "right answers, %", series, note, whole: false, points: true);

    public static Series SpeedSeries(string name, IEnumerable<PassAccuracy> settings) =>
        new(name, [.. settings.Select(s => (s.TokensPerForward, Right(s))).OrderBy(point => point.TokensPerForward)]);

    private static double Right(PassAccuracy setting) => 100.0 * setting.Correct / Math.Max(1, setting.Questions);
}
