using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Inspect;
using LightReasoner.Worker.Reporting.Charts;

namespace LightReasoner.Worker.Reporting.Pages;

/// <summary>Accuracy before and after training, and the answers that changed.</summary>
internal static class AccuracySection
{
    private const int Shown = 12, MaxText = 1200;

    public static Html Headline(EvaluationMetrics accuracy, string what)
    {
        var change = Change(accuracy);
        var verdict = change.Low > 0 ? "became better" : change.High < 0 ? "became worse" : "did not clearly change";
        var sets = accuracy.Benchmarks is { } several ? $" of {several.Count} test sets" : "";
        return Html.Of($"{char.ToUpperInvariant(what[0])}{what[1..]} on {accuracy.Questions:N0} held-out questions{sets} {verdict}: "
            + $"{100 * accuracy.Before:0.0} % right before, {100 * accuracy.After:0.0} % after ({Points(accuracy.After - accuracy.Before)} "
            + $"points, 95 % interval {Points(change.Low)} to {Points(change.High)}).");
    }

    public static IEnumerable<Tile> Tiles(EvaluationMetrics? accuracy)
    {
        if (accuracy is null) yield break;
        var change = Change(accuracy);
        yield return new Tile("Accuracy", $"{100 * accuracy.After:0.0} %", $"{100 * accuracy.Before:0.0} % before training");
        if (accuracy.CutBefore is { } before && accuracy.CutAfter is { } after)
            yield return new Tile("Answers cut", $"{after:N0}",
                $"at maxNewTokens or the end of the context; {before:N0} before training");
        yield return new Tile("Change", Points(accuracy.After - accuracy.Before),
            $"points; 95 % interval {Points(change.Low)} to {Points(change.High)}");
    }

    public static Html Of(EvaluationMetrics? accuracy, IReadOnlyList<AnswerChange> changes, string what)
    {
        if (accuracy is null) return Html.Empty;
        IntervalChart.Row[] rows = [Row("before", accuracy.Before, accuracy.BeforeLow, accuracy.BeforeHigh, 2),
            Row("after", accuracy.After, accuracy.AfterLow, accuracy.AfterHigh, 1)];
        Html moved = $"Became right: {accuracy.Improved:N0}; ceased to be right: {accuracy.Worsened:N0}.";
        var figures = accuracy.Benchmarks is { } sets ? Html.Of($"""
            <div class="scroll"><table class="sets">
            <thead><tr><th>test set</th><th>questions</th><th>before, %</th><th>after, %</th><th>change, points</th></tr></thead><tbody>
            {sets.Select(set => Line(EnumOption.Name(set.Name!.Value), set))}
            {Line("mean", accuracy)}
            </tbody></table></div>
            <p class="lead">In brackets: 95 % intervals.</p>
            <p class="lead">{what} before and after, one answer each. {moved}</p>
            """) : Html.Of($"""
            <div class="charts">
            {IntervalChart.Draw($"{what} before and after", rows,
                $"Right answers among {accuracy.Questions:N0} held-out questions, with 95 % intervals (Wilson). {moved}")}
            </div>
            """);
        return Html.Of($"""
            <section><h2>Did it help?</h2>
            {figures}
            {List("Became right", changes.Where(change => change.Improved))}
            {List("Ceased to be right", changes.Where(change => !change.Improved))}
            </section>
            """);

        static Html Line(string name, AccuracyMetrics set) => Html.Of($"""
            <tr><td>{name}</td><td>{set.Questions:N0}</td><td>{Percent(set.Before, set.BeforeLow, set.BeforeHigh)}</td>
            <td>{Percent(set.After, set.AfterLow, set.AfterHigh)}</td>
            <td>{Points(set.After - set.Before)} ({Points(set.ChangeLow)} to {Points(set.ChangeHigh)})</td></tr>

            """);

        static Html Percent(double? share, double? low, double? high) =>
            Html.Of($"{100 * share:0.0} ({100 * low:0.0}–{100 * high:0.0})");

        IntervalChart.Row Row(string name, double? share, double? low, double? high, int colour) =>
            new(name, share ?? 0, new ConfidenceInterval(low ?? 0, high ?? 1), accuracy.Questions, colour);
    }

    private static Html List(string title, IEnumerable<AnswerChange> changes)
    {
        AnswerChange[] all = [.. changes];
        if (all.Length == 0) return Html.Empty;
        var more = all.Length > Shown ? Html.Of($", {Shown} of them here") : Html.Empty;
        return Html.Of($"""
            <details><summary>{title} ({all.Length:N0}{more})</summary>
            {all.Take(Shown).Select(change => Html.Of($"""
                <article class="change">
                <p class="question">{Short(change.Question.Trim())}</p>
                <div class="sides"><div><h4>before</h4><p>{Short(change.Before.Trim())}</p></div>
                <div><h4>after</h4><p>{Short(change.After.Trim())}</p></div></div>
                <small>right answer: {Gsm8kAnswer.Extract(change.Expected) ?? change.Expected}</small>
                </article>
                """))}
            </details>
            """);
    }

    internal static ConfidenceInterval Change(AccuracyMetrics accuracy) => new(accuracy.ChangeLow ?? -1, accuracy.ChangeHigh ?? 1);

    private static Html Points(double? share) => Html.Of($"{100 * share:+0.0;−0.0;0.0}");

    private static string Short(string text) => text.Length <= MaxText ? text : text[..MaxText] + " …";
}
