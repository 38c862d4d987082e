using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Reporting.Charts;

namespace LightReasoner.Worker.Reporting.Pages;

/// <summary>Runs that are told apart by nothing but chance, such as their seeds: one line of a comparison.</summary>
internal sealed record RunGroup(string Name, IReadOnlyList<RunRecords> Runs)
{
    public IReadOnlyList<EvaluationMetrics> Accuracy { get; } =
        [.. Runs.Select(run => run.Results.FirstOrDefault()).Select(result => result?.FineTune?.Evaluation ?? result?.Refine?.Evaluation)
            .OfType<EvaluationMetrics>()];

    /// <summary>The mean of the runs' changes, with its interval.</summary>
    public (double Value, ConfidenceInterval Interval)? Change => Accuracy.Count == 0 ? null
        : (Accuracy.Average(a => (a.After - a.Before) ?? 0),
            ConfidenceInterval.OfMean([.. Accuracy.Select(a => ((a.After - a.Before) ?? 0, AccuracySection.Change(a)))]));

    /// <summary>The figures of a metrics field over the steps, the mean over the runs.</summary>
    public Series Curve(params string[] fields) => new(Name,
    [
        .. Runs.SelectMany(run => run.Metrics.SelectMany(file => file.Lines)).Where(line => line["step"] is not null)
            .Select(line =>
                (Step: (double)line["step"]!, Value: fields.Select(field => line[field]).FirstOrDefault(value => value is not null)))
            .Where(point => point.Value is not null).GroupBy(point => point.Step, point => (double)point.Value!)
            .Where(step => step.Count() == Runs.Count).OrderBy(step => step.Key).Select(step => (step.Key, step.Average())),
    ]);
}

/// <summary>One table and the curves of many training runs.</summary>
internal static class ComparePage
{
    public static IReadOnlyList<IReadOnlyList<string>> Table(IReadOnlyList<RunGroup> groups)
    {
        BenchmarkName[] sets = [.. groups.SelectMany(group => group.Accuracy).SelectMany(a => a.Benchmarks ?? [])
            .Select(set => set.Name!.Value).Distinct()];
        var speeds = groups.Any(group => group.Accuracy.Any(a => a.TokensPerForward is not null));
        return
        [
            ["run", "runs", "before, %", "after, %", "of the runs", "change, points", "95 % interval",
                .. sets.Select(Inspect.EnumOption.Name), .. speeds ? (string[])["tokens per forward", "AUP"] : []],
            .. groups.Select(group => (IReadOnlyList<string>)
            [
                group.Name, $"{group.Runs.Count}", Percent(group.Accuracy.Select(a => a.Before)),
                    Percent(group.Accuracy.Select(a => a.After)),
                group.Accuracy.Count > 1 ? $"{Percent([group.Accuracy.Min(a => a.After)])} to {Percent([group.Accuracy.Max(a => a.After)])}"
                    : "",
                Points(group.Change?.Value), group.Change is { } change
                    ? $"{Points(change.Interval.Low)} to {Points(change.Interval.High)}" : "",
                .. sets.Select(set => Percent(group.Accuracy.Select(a => a.Benchmarks?.FirstOrDefault(b => b.Name == set)?.After))),
                .. speeds ? (string[])[Number(group.Accuracy.Average(a => a.TokensPerForward), "0.00"), Number(Aup(group), "0.0")] : [],
            ]),
        ];
    }

    public static Html Of(IReadOnlyList<RunGroup> groups, DateTimeOffset now)
    {
        var table = Table(groups);
        var best = groups.Where(group => group.Accuracy.Count > 0).MaxBy(group => group.Accuracy.Average(a => a.After ?? 0));
        var headline = best is null ? Html.Of($"None of the runs has measured accuracy.")
            : Html.Of($"{best.Name} answers most questions: {Percent(best.Accuracy.Select(a => a.After))} % after training, "
                + $"{Percent(best.Accuracy.Select(a => a.Before))} % before.");
        IntervalChart.Row[] rows =
        [
            .. groups.Index().Where(one => one.Item.Accuracy.Count > 0).Select(one =>
            {
                var group = one.Item;
                var questions = group.Accuracy.Sum(a => a.Questions);
                return IntervalChart.Row.Counted(group.Name, (int)Math.Round(group.Accuracy.Average(a => a.After ?? 0) * questions),
                    questions, one.Index % 6 + 1);
            }),
        ];
        var main = Html.Of($"""
            <section><h2>Accuracy</h2>
            <div class="scroll"><table><thead><tr>{table[0].Select(cell => Html.Of($"<th>{cell}</th>"))}</tr></thead><tbody>
            {table.Skip(1).Select(line => Html.Of($"<tr>{line.Select(cell => Html.Of($"<td>{cell}</td>"))}</tr>\n"))}
            </tbody></table></div>
            <p class="lead">Runs of one name differ in their seeds; their figures are means. The interval of a change counts the questions,
            not the seeds: the column of the runs shows how far these lie apart.</p>
            <div class="charts">
            {(rows.Length == 0 ? Html.Empty : IntervalChart.Draw("Right answers after training", rows,
                $"All questions of a name's runs together, with 95 % intervals (Wilson)."))}
            {RefinePage.SpeedChart([.. groups.Select(Speed)],
                $"Each point is a setting of generation; token by token a forward pass gives one token.")}
            </div></section>
            <section><h2>Training</h2><div class="charts">
            {LineChart.Draw("Loss", "step", "nats", Curves("loss", "lossTotal"),
                $"Losses of different objectives are not comparable with one another.", smooth: true)}
            {LineChart.Draw("Loss on validation data", "step", "nats", Curves("validationLoss"))}
            {LineChart.Draw("Gradient norm", "step", "2-norm before clipping", Curves("gradNorm"), smooth: true)}
            </div></section>
            """);
        return Page.Frame("Comparison of runs", $"Comparison", $"{groups.Sum(group => group.Runs.Count)} runs", headline,
            $"Made on {now.UtcDateTime:yyyy-MM-dd} at {now.UtcDateTime:HH:mm} UTC",
            main, $"Made by worker report compare from the records of the runs' outputs.");

        Series[] Curves(params string[] fields) => [.. groups.Select(group => group.Curve(fields))];
    }

    private static Series Speed(RunGroup group) => RefinePage.SpeedSeries(group.Name,
        group.Runs.SelectMany(run => run.Passes).GroupBy(setting => setting.Setting)
        .Select(runs => new PassAccuracy(runs.Key, runs.Sum(r => r.Questions), runs.Sum(r => r.Correct),
            runs.Average(r => r.TokensPerForward))));

    private static double? Aup(RunGroup group) => group.Runs.Any(run => run.Passes.Count > 0)
        ? group.Runs.Where(run => run.Passes.Count > 0).Average(run => PassAccuracy.Aup(run.Passes)) : null;

    private static string Percent(IEnumerable<double?> shares) => Number(100 * shares.Average(), "0.0");

    private static string Points(double? share) => Number(100 * share, "+0.0;−0.0;0.0");

    private static string Number(double? value, string format) => value?.ToString(format) ?? "";
}
