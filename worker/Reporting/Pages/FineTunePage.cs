using LightReasoner.Api;
using LightReasoner.Worker.Reporting.Charts;

namespace LightReasoner.Worker.Reporting.Pages;

/// <summary>The page of a FineTuneRun: did it help, how did training go, which answers changed.</summary>
internal static class FineTunePage
{
    public static (Html Headline, IReadOnlyList<Tile> Tiles, Html Sections) Of(FineTuneRun run, RunRecords records)
    {
        FineTuneMetrics result = records.Results.FirstOrDefault()?.FineTune ?? new FineTuneMetrics();
        var log = new TrainingLog(records);
        Html headline = result.Evaluation is { } accuracy
            ? AccuracySection.Headline(accuracy, "answers")
            : Html.Of($"Trained for {result.Step:N0} steps; the loss went from {log.First("loss"):0.0000} to {log.Last("loss"):0.0000}. No accuracy was measured.");
        Tile[] tiles =
        [
            .. AccuracySection.Tiles(result.Evaluation),
            new("Loss", Html.Of($"{log.Last("loss"):0.0000}"), Html.Of($"from {log.First("loss"):0.0000}, mean soft-label KL in nats")),
            new("Steps", Html.Of($"{result.Step:N0}"), Html.Of($"of {run.Spec.Training.MaxSteps:N0}; {result.SamplesSeen:N0} samples read")),
            new("Speed", Html.Of($"{result.TokensPerSecond:N0}"), Html.Of($"tokens per second")),
        ];
        Html sections = Html.Of($"""
            {AccuracySection.Of(result.Evaluation, records.Changes, "Answers")}
            <section><h2>How training went</h2><div class="charts">
            {LineChart.Draw("Loss", "step", "nats", [log.Series("loss", "loss")], Html.Of($"KL of the soft labels to the model, at their positions."), smooth: true)}
            {LineChart.Draw("Learning rate", "step", "", [log.Series("learningRate", "learning rate")])}
            {LineChart.Draw("Gradient norm", "step", "2-norm before clipping", [log.Series("gradNorm", "gradient norm")], Html.Of($"Clipped at {run.Spec.Training.MaxGradNorm}."), smooth: true)}
            {LineChart.Draw("Speed", "step", "tokens per second", [log.Series("tokensPerSecond", "tokens per second")], Html.Of($"Since the attempt that logged the step began."))}
            </div></section>
            """);
        return (headline, tiles, sections);
    }
}
