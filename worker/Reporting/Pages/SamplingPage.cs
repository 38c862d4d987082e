using LightReasoner.Worker.Reporting.Charts;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Sampling;

namespace LightReasoner.Worker.Reporting.Pages;

/// <summary>The page of a SamplingRun: how far apart the models are, where, and ten steps to look at.</summary>
internal static class SamplingPage
{
    private const int Examples = 10, PrefixShown = 240, QuestionShown = 300;

    public static (Html Headline, IReadOnlyList<Tile> Tiles, Html Sections) Of(SamplingRun run, RunRecords records)
    {
        var figures = records.Figures ?? new ChunkFigures(0, 0, 0, 0, 0);
        var keepRate = figures.StepsSeen == 0 ? 0 : (double)figures.SamplesKept / figures.StepsSeen;
        var meanKl = figures.SamplesKept == 0 ? Html.Of($"–") : Html.Of($"{figures.KlSum / figures.SamplesKept:0.000}");
        (double Questions, double Speed)[] speeds = [.. records.Results.Where(result => result.Sampling?.TokensPerSecond > 0)
            .Select(result => (Math.Max(1.0, result.Sampling!.PromptsDone), result.Sampling.TokensPerSecond!.Value))];
        // Shards count by their questions, and time adds up, not speed.
        var speed = speeds.Sum(shard => shard.Questions) / speeds.Sum(shard => shard.Questions / shard.Speed);
        var selection = run.Spec.Selection;
        Html headline = $"The models disagree at {figures.SamplesKept:N0} of {figures.StepsSeen:N0} steps ({100 * keepRate:0.0} %) of "
            + $"{figures.Questions:N0} answers. Those steps are the samples.";
        Tile[] tiles =
        [
            new("Questions", $"{figures.Questions:N0}", $"{figures.TokensGenerated:N0} tokens generated"),
            new("Answers cut", $"{figures.AnswersCut:N0}", $"at maxNewTokens ({run.Spec.Generation.MaxNewTokens:N0}) or the end of the "
                + $"context; {figures.PromptsTooLong:N0} prompts left out"),
            new("Samples kept", $"{figures.SamplesKept:N0}", $"{100 * keepRate:0.0} % of {figures.StepsSeen:N0} steps"),
            new("Mean KL", meanKl, $"nats, of the kept steps; β = {selection.Beta}"),
            new("Speed", speed > 0 ? Html.Of($"{speed:N0}") : Html.Of($"–"), speeds.Length <= 1 ? Html.Of($"tokens per second")
                : Html.Of($"tokens per second of a shard, over all {speeds.Length}; "
                    + $"{speeds.Sum(s => s.Speed):N0} with all at work at once")),
        ];
        var charts = figures.Questions == 0 ? Html.Empty : Html.Of($"""
            <section><h2>Where the models disagree</h2><div class="charts">
            {Histogram.Draw("How far apart they are", "KL(expert ‖ amateur), nats", "kept steps", figures.KlCounts, PairFigures.KlBin,
                (selection.Beta, $"β = {selection.Beta}"), $"Steps below β were not kept.")}
            {Histogram.Draw("Kept steps by position", "index of the token in the answer", "kept steps", figures.StepCounts)}
            {Histogram.Draw("Plausible tokens of a kept step", "plausible tokens", "kept steps", figures.SetSizeCounts,
                note: $"Tokens with at least α = {selection.Alpha} of the likeliest one's probability. "
                    + $"A single one says: the expert is sure.")}
            {KeptOverTime(records)}
            </div></section>
            """);
        StepExample[] examples = [.. StepExample.Spread(figures.Examples.Count, Examples).Select(i => figures.Examples[i])];
        var steps = examples.Length == 0 ? Html.Empty : Html.Of($"""
            <section><h2>{(examples.Length == 1 ? "One kept step" : $"{examples.Length} kept steps")} in context</h2>
            <p class="lead">The text ends where the next token is due. For each plausible token: how likely it is to the
            <span class="key c1">expert</span> and to the <span class="key c2">amateur</span>, and its weight in the label.</p>
            <div class="examples">{examples.Select(Example)}</div></section>
            """);
        return (headline, tiles, $"{Pair(figures)}{charts}{steps}");
    }

    private static Html Pair(ChunkFigures figures)
    {
        if (figures.Pair is not { Steps: > 0 } pair) return Html.Empty;
        var perQuestion = (double)figures.SamplesKept / Math.Max(1, figures.Questions);
        Html tokens = default;
        if (figures.Vocabulary is { } vocabulary)
        {
            var examples = vocabulary.Examples.Take(5).Select(t => $"{Visible(t.Token)} ({t.ExpertId} and {t.AmateurId})");
            var ids = vocabulary.Moved == 0 ? Html.Of($", with the same ids")
                : Html.Of($"; {vocabulary.Moved:N0} have other ids, such as {string.Join(", ", examples)}");
            tokens = $"<dt>Tokens</dt><dd>{vocabulary.Common:N0} of the expert's {vocabulary.Expert:N0} tokens are also among the "
                + $"amateur's {vocabulary.Amateur:N0}{ids}</dd>";
        }
        var tails = string.Join(", ", PairFigures.Tails.Select(kl => $"≥ {kl}: {100 * pair.Tail(kl):0.0} %"));
        return Html.Of($"""
            <section><h2>Is this pair worth it?</h2>
            <p class="headline">{pair.Verdict(perQuestion, (double)figures.SamplesKept / pair.Steps)}</p>
            <dl class="facts">{tokens}
            <dt>Perplexity on the answers</dt><dd>expert {pair.ExpertPerplexity:0.000}, amateur {pair.AmateurPerplexity:0.000}</dd>
            <dt>Same likeliest token</dt><dd>at {100.0 * pair.SameTop / pair.Steps:0.0} % of the steps</dd>
            <dt>Confident expert, unsure amateur</dt>
            <dd>{100.0 * pair.ConfidentUnsure / pair.Steps:0.0} % of the steps (entropy below 1 nat, and above 3)</dd>
            <dt>Steps with a large KL</dt><dd>{tails}</dd>
            <dt>Samples per question</dt><dd>{perQuestion:0.0}</dd></dl>
            <div class="charts">
            {HeatMap.Draw("Entropies of both", "entropy of the expert, nats", "of the amateur, nats", pair.Entropies,
                PairFigures.EntropyBins, PairFigures.EntropyBin, $"The darker, the more of the {pair.Steps:N0} steps. "
                    + $"What LightReasoner learns from lies at the upper left: a sure expert, an unsure amateur.")}
            {Histogram.Draw("KL of all steps", "KL(expert ‖ amateur), nats", "steps", pair.KlCounts, PairFigures.KlBin)}
            </div></section>
            """);
    }

    private static Html KeptOverTime(RunRecords records) => LineChart.Draw("Samples as the questions went by", "questions done",
        "samples kept", [.. records.Metrics.Select((file, i) => new Series(records.Metrics.Count == 1 ? "samples" : $"shard {i}",
            [.. file.Lines.Select(line => ((double)line["promptsDone"]!, (double)line["samplesKept"]!))])).Take(6)]);

    private static Html Example(StepExample example) => Html.Of($"""
        <article>
        <p class="question">{Ends(example.Question.Trim(), QuestionShown)}</p>
        <p class="prefix">{Tail(example.Prefix.TrimStart())}<mark>{Visible(example.Tokens[0].Text)}</mark></p>
        <table class="tokens"><tbody>
        {example.Tokens.Select(token => Html.Of($"""
            <tr><th><code>{Visible(token.Text)}</code></th>
            <td>{Bar(token.Expert, 1)}{Bar(token.Amateur, 2)}</td>
            <td class="number">{token.Weight:0.000}</td></tr>
            """))}
        </tbody></table>
        <small>step {example.Step}, KL {example.Kl:0.000}</small>
        </article>
        """);

    private static Html Bar(double share, int colour) => Html.Of($"""
        <div class="share"><i class="c{colour}" style="width:{Math.Max(0.5, 70 * share):0.#}%"></i><span>{100 * share:0.0} %</span></div>
        """);

    private static string Tail(string text) => text.Length <= PrefixShown ? text : "…" + text[^PrefixShown..];

    private static string Ends(string text, int most) => text.Length <= most ? text : text[..(most / 2)] + " … " + text[^(most / 2)..];

    /// <summary>A token with the white space in it made visible.</summary>
    private static string Visible(string token) => token.Length == 0 ? "∅"
        : token.Replace('\n', '⏎').Replace('\t', '⇥').Replace(' ', '·');
}
