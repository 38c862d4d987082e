using System.Reflection;

namespace LightReasoner.Worker.Reporting.Pages;

/// <summary>The page: what all kinds have around their own sections.</summary>
internal static class Page
{
    private static readonly string Style =
        new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("report.css")!).ReadToEnd();

    public static Html Of(RunRecords records, DateTimeOffset now)
    {
        var (headline, tiles, sections) = records.Manifest switch
        {
            SamplingRun run => SamplingPage.Of(run, records),
            FineTuneRun run => FineTunePage.Of(run, records),
            RefineRun run => RefinePage.Of(run, records),
            _ => throw new ArgumentException($"{records.Manifest.Kind} has no page", nameof(records)),
        };
        string kind = records.Manifest.Kind.ToString(), name = records.Manifest.Metadata.Name;
        Html main = $"""
            <section class="tiles">{tiles.Select(tile => tile.Html)}</section>
            {sections}
            {RunDetails.Of(records)}
            """;
        return Frame($"{kind} {name}", $"{kind} · {records.Manifest.Metadata.Namespace ?? "default"}", name, headline,
            When(records, now), main, $"LightReasoner.K8s worker {records.Versions.GetValueOrDefault("worker")}. "
                + $"Made from the run's own records: run.json, metrics, figures and evaluations.");
    }

    /// <summary>A page of its own, which needs nothing else.</summary>
    public static Html Frame(string title, Html kind, string name, Html headline, Html when, Html main, Html footer) => Html.Of($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{title}</title>
            <style>{Html.Raw(Style)}</style>
            </head>
            <body>
            <header>
            <p class="kind">{kind}</p>
            <h1>{name}</h1>
            <p class="headline">{headline}</p>
            <p class="when">{when}</p>
            </header>
            <main>
            {main}
            </main>
            <footer>{footer}</footer>
            </body>
            </html>

            """);

    private static Html When(RunRecords records, DateTimeOffset now)
    {
        var done = records.Shards > 1 && records.Results.Count < records.Shards
            ? $"{records.Results.Count} of {records.Shards} shards done" : "Done";
        var span = records.Begun is { } begun ? $", {ConsoleProgress.Duration(now - begun)} after it was begun {At(begun)}" : "";
        return Html.Of($"{done} {At(now)}{span}");

        static string At(DateTimeOffset time) => time.UtcDateTime.ToString("'on' yyyy-MM-dd 'at' HH:mm 'UTC'");
    }
}

/// <summary>A figure that stands at the top.</summary>
internal sealed record Tile(string Name, Html Value, Html Note)
{
    public Html Html => Reporting.Html.Of($"""<div class="tile"><p>{Name}</p><strong>{Value}</strong><small>{Note}</small></div>""");
}
