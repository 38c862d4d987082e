using LightReasoner.Worker.Reporting.Charts;

namespace LightReasoner.Worker.Reporting.Pages;

/// <summary>The page of a FineTuneRun: did it help, how did training go, which answers changed.</summary>
internal static class FineTunePage
{
    public static (Html Headline, IReadOnlyList<Tile> Tiles, Html Sections) Of(FineTuneRun run, RunRecords records)
    {
        var result = records.Results.FirstOrDefault()?.FineTune ?? new FineTuneMetrics();
        var log = new TrainingLog(records, "loss", decimals: 4);
        var sft = run.Spec.Objective is FineTuneObjective.Sft;
        var left = result.SamplesDropped > 0 ? $", {result.SamplesDropped:N0} longer than maxLength left out" : "";
        Tile[] tiles =
        [
            .. AccuracySection.Tiles(result.Evaluation),
            log.LossTile(sft ? "mean cross entropy in nats" : "mean soft-label KL in nats"),
            .. log.PerplexityTile(),
            new("Steps", $"{result.Step:N0}", $"of {run.Spec.Training.MaxSteps:N0}; {result.SamplesSeen:N0} samples read{left}"),
            new("Speed", $"{result.TokensPerSecond:N0}", $"tokens per second"),
        ];
        var sections = Html.Of($"""
            {AccuracySection.Of(result.Evaluation, records.Changes, "Answers")}
            {log.Section(
                $"""
                {LineChart.Draw("Loss", "step", "nats", [log.Series("loss", "loss")],
                    $"{(sft ? "Cross entropy of the expert's own tokens." : "KL of the soft labels to the model, at their positions.")}",
                    smooth: true)}
                {log.Validation("Perplexity on held-out texts", "perplexity", Math.Exp)}
                """,
                run.Spec.Training.MaxGradNorm,
                LineChart.Draw("Speed", "step", "tokens per second", [log.Series("tokensPerSecond", "tokens per second")],
                    $"Since the attempt that logged the step began."))}
            """);
        return (log.Headline(result.Evaluation, "answers", result.Step), tiles, sections);
    }
}
