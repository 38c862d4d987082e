using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.Api;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Reporting.Pages;
using LightReasoner.Worker.Tests.Checkpoints;

namespace LightReasoner.Worker.Tests.Reporting;

/// <summary>The report's page as a reader sees it: in Chromium, on a phone and on a desk, in light and in dark.</summary>
public class PageInBrowserTests
{
    /// <summary>Of each kind one, one with all test sets, and a comparison.</summary>
    private static Dictionary<string, string> Pages()
    {
        RunRecords refine = PageTests.Records("RefineRun", lines: 200), tune = PageTests.Records("FineTuneRun", lines: 200),
            sets = tune with { Results = [.. tune.Results.Select(WithTestSets)] };
        return new Dictionary<string, string>
        {
            ["SamplingRun"] = Page.Of(PageTests.Records("SamplingRun", lines: 200), PageTests.Now).Text,
            ["FineTuneRun"] = Page.Of(tune, PageTests.Now).Text,
            ["RefineRun"] = Page.Of(refine, PageTests.Now).Text,
            ["TestSets"] = Page.Of(sets, PageTests.Now).Text,
            ["Comparison"] = ComparePage.Of([new("LightReasoner", [sets, sets]), new("rejection-sampled-sft", [sets]),
                new("masks", [refine])], PageTests.Now).Text,
        };

        static ProgressReport WithTestSets(ProgressReport report)
        {
            var all = report.FineTune!.Evaluation!;
            return report with
            {
                FineTune = report.FineTune with
                {
                    Evaluation = all with
                    {
                        ChangeLow = 0.127,
                        ChangeHigh = 0.269,
                        Benchmarks = [.. Enum.GetValues<BenchmarkName>().Select(name => new BenchmarkMetrics
                        {
                            Name = name,
                            Questions = 1319,
                            Before = 0.4,
                            BeforeLow = 0.374,
                            BeforeHigh = 0.427,
                            After = 0.6,
                            AfterLow = 0.573,
                            AfterHigh = 0.626,
                            ChangeLow = 0.127,
                            ChangeHigh = 0.269,
                        })],
                    },
                },
            };
        }
    }

    /// <summary>Looks at each page in a frame of the width to test, since a headless window has a least width.</summary>
    private const string Look = """
        for (const f of document.querySelectorAll('iframe')) {
        f.onload = () => {
            const page = f.contentDocument, root = page.documentElement, svgs = [...page.querySelectorAll('svg')], overlaps = [], outside = [];
            for (const details of page.querySelectorAll('details')) details.open = true;
            for (const svg of svgs) {
                const card = svg.closest('figure').getBoundingClientRect(), texts = [...svg.querySelectorAll('text')].filter(t => t.textContent).map(t => [t.textContent, t.getBoundingClientRect()]);
                texts.forEach(([text, a], i) => {
                    if (a.left < card.left || a.right > card.right || a.top < card.top || a.bottom > card.bottom) outside.push(text);
                    for (const [other, b] of texts.slice(i + 1))
                        if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4) overlaps.push(text + ' / ' + other);
                });
                // No name of a row reaches into what is drawn beside it.
                for (const label of svg.querySelectorAll('.label')) for (const bar of svg.querySelectorAll('.interval')) {
                    const a = label.getBoundingClientRect(), b = bar.getBoundingClientRect();
                    if (a.right > b.left && a.bottom > b.top && a.top < b.bottom) overlaps.push(label.textContent);
                }
            }
            const style = f.contentWindow.getComputedStyle(root), colour = name => style.getPropertyValue(name).trim().replace(/^#(.)(.)(.)$/, '#$1$1$2$2$3$3');
            const light = name => [1, 3, 5].map(i => parseInt(colour(name).slice(i, i + 2), 16) / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
            const contrast = (a, b) => { const [low, high] = [light(a), light(b)].sort((x, y) => x - y); return (high + 0.05) / (low + 0.05); };
            const faint = ['--ink', '--soft', '--c1'].filter(n => Math.min(contrast(n, '--card'), contrast(n, '--page')) < 4.5)
                .concat(['--c2', '--c3', '--c4', '--c5', '--c6'].filter(n => contrast(n, '--card') < 3));
            w.append(JSON.stringify({ kind: f.name, width: root.scrollWidth, charts: svgs.length,
                blank: svgs.filter(s => s.getBoundingClientRect().height < 60).length,
                dark: light('--page') < light('--ink'), overlaps, outside, faint }) + '\n');
        };
        f.src = f.name + '.html'; // only now, or it might have loaded before there was anything to look at it
        }
        """;

    /// <summary>The pages of all kinds of runs, on a width, for a reader who prefers dark pages or light ones.</summary>
    [Theory, InlineData(390, true), InlineData(1200, false)]
    public async Task Pages_AreReadable(int width, bool dark)
    {
        var browser = new[] { "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists);
        Assert.SkipWhen(browser is null, "Chromium is not installed; eng/install-tools.sh test installs it where apt knows it");
        using var folder = new TemporaryFolder();
        var pages = Pages();
        foreach (var (kind, page) in pages)
            await File.WriteAllTextAsync(folder[$"{kind}.html"], page, TestContext.Current.CancellationToken);
        var frames = string.Concat(pages.Keys.Select(kind =>
            $"<iframe name=\"{kind}\" style=\"width:{width}px;height:800px;border:0\"></iframe>"));
        await File.WriteAllTextAsync(folder["frame.html"],
            $"<!doctype html>{frames}<pre id=\"w\"></pre><script>{Look}</script>", TestContext.Current.CancellationToken);
        var start = new ProcessStartInfo(browser!,
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--hide-scrollbars",
                $"--user-data-dir={folder["profile"]}", $"--blink-settings=preferredColorScheme={(dark ? 0 : 1)}",
            "--window-size=1300,900", "--virtual-time-budget=3000", "--dump-dom", "file://" + folder["frame.html"],
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var dom = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var found = Regex.Match(dom, """<pre id="w">(.*?)</pre>""", RegexOptions.Singleline);
        Assert.True(found.Success, $"{dom}\n{await errors}");
        JsonNode[] looks = [.. System.Net.WebUtility.HtmlDecode(found.Groups[1].Value).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(pages.Keys.Order(), looks.Select(look => (string)look["kind"]!).Order());
        Assert.All(looks, seen =>
        {
            Assert.True((int)seen["width"]! <= width, $"the page is {seen["width"]} pixels wide");
            Assert.Equal((Regex.Count(pages[(string)seen["kind"]!], "<svg"), 0, dark),
                ((int)seen["charts"]!, (int)seen["blank"]!, (bool)seen["dark"]!));
            Assert.Empty(seen["overlaps"]!.AsArray().Select(text => (string?)text));
            Assert.Empty(seen["outside"]!.AsArray().Select(text => (string?)text));
            Assert.Empty(seen["faint"]!.AsArray().Select(name => (string?)name));
        });
    }
}
