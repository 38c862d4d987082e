using LightReasoner.Worker.Reporting.Charts;

namespace LightReasoner.Worker.Reporting.Pages;

/// <summary>The metrics lines of a training run, and what the pages of both training kinds show of them.</summary>
/// <param name="loss">The field that training brings down.</param>
internal sealed class TrainingLog(RunRecords records, string loss, int decimals)
{
    private readonly IReadOnlyList<JsonObject> _lines = records.Metrics.Count == 0 ? [] : records.Metrics[0].Lines;

    /// <summary>Whether it helped, where that was measured; else how the loss went.</summary>
    public Html Headline(EvaluationMetrics? accuracy, string what, long steps) => accuracy is not null
        ? AccuracySection.Headline(accuracy, what)
        : Html.Of($"Trained for {steps:N0} steps; the loss went from {Loss(first: true)} to {Loss(first: false)}. "
            + $"No accuracy was measured.");

    public Tile LossTile(string meaning) => new("Loss", Loss(first: false), $"from {Loss(first: true)}, {meaning}");

    /// <summary>Perplexity of the held-out texts at the end and before training, where it was measured.</summary>
    public IEnumerable<Tile> PerplexityTile() => records.Validation is { } before
        && _lines.LastOrDefault(line => line["validationLoss"] is not null) is { } last
        ? [new Tile("Perplexity", $"{Math.Exp((double)last["validationLoss"]!):0.000}",
            $"of held-out texts; {Math.Exp(before.Loss):0.000} before training")]
        : [];

    /// <summary>What was measured on the validation data, from before training on.</summary>
    public Html Validation(string title, string unit, Func<double, double> shown) => records.Validation is not { } before ? Html.Empty
        : LineChart.Draw(title, "step", unit,
            [new Series(unit, [.. Series("validationLoss", unit).Points.Prepend((X: (double)before.Step, Y: before.Loss))
                .Select(point => (point.X, shown(point.Y)))])],
            $"Validation data is never trained on. The first point is the model before training.");

    /// <summary>The charts of a training: the kind's own, then learning rate and gradient norm.</summary>
    public Html Section(Html own, double maxGradNorm, Html last) => _lines.Count == 0 ? Html.Empty : Html.Of($"""
        <section><h2>How training went</h2><div class="charts">
        {own}
        {LineChart.Draw("Learning rate", "step", "", [Series("learningRate", "learning rate")])}
        {LineChart.Draw("Gradient norm", "step", "2-norm before clipping", [Series("gradNorm", "gradient norm")],
            $"Clipped at {maxGradNorm}.", smooth: true)}
        {last}
        </div></section>
        """);

    /// <summary>A field over the steps; of a list, one entry.</summary>
    public Series Series(string field, string name, int? entry = null) => new(name,
    [
        .. from line in _lines
           let value = entry is { } i ? (line[field] as JsonArray)?.ElementAtOrDefault(i) : line[field]
           where value is not null
           select ((double)line["step"]!, (double)value),
    ]);

    private Html Loss(bool first) =>
        _lines.Count > 0 && (double?)_lines[first ? 0 : ^1][loss] is { } value
        ? Html.Raw(value.ToString($"F{decimals}")) : Html.Of($"–");
}
