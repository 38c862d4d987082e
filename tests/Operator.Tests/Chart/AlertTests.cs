using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.Operator.Hosting;
using LightReasoner.Operator.Metrics;
using LightReasoner.Operator.Watching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace LightReasoner.Operator.Tests.Chart;

/// <summary>The alerts that come with the chart.</summary>
public sealed class AlertTests
{
    private const string Alerts = "charts/lightreasoner/files/alerts.yaml";

    /// <summary>Prometheus' own tool evaluates them over made-up series.</summary>
    [Fact]
    public async Task Alerts_FireWhenTheyShould_AndNotOtherwise()
    {
        var tool = new[] { Path.Combine(RepositoryFolder.Path, ".cache/promtool/usr/bin/promtool"),
            "/usr/bin/promtool" }.FirstOrDefault(File.Exists) ?? "";
        Assert.SkipWhen(tool.Length == 0, "promtool is not installed; eng/install-tools.sh test installs it");
        using var process = Process.Start(new ProcessStartInfo(tool,
            ["test", "rules", Path.Combine(RepositoryFolder.Path, "tests/Operator.Tests/Chart/alerts.test.yaml")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output + await errors);
    }

    [Fact]
    public async Task EveryAlert_HasATestAndAnExplanation_AndAsksForMetricsThatExist()
    {
        var tests = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "tests/Operator.Tests/Chart/alerts.test.yaml"));
        var page = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs/metrics.md"));
        await using var services = new ServiceCollection().BuildServiceProvider();
        using var queue = new RunQueue(services, TimeProvider.System);
        using var depths = new KubeOpsMeter(services);
        var metrics = new OperatorMetrics(new Leadership(services, NullLogger<Leadership>.Instance), queue,
            depths, new ApiRequests());
        metrics.Report(202);
        metrics.Reconciled(RunKind.SamplingRun, "success", TimeSpan.FromSeconds(1));
        metrics.Observe(new RunKey(RunKind.SamplingRun, "team", "s"), "uid", new SamplingRunStatus
        {
            Phase = RunPhase.Running,
            Progress = new RunProgress { Done = 1, Total = 2 },
            Metrics = new SamplingMetrics { TokensPerSecond = 1 },
        });
        using var text = new MemoryStream();
        await metrics.Registry.CollectAndExportAsTextAsync(text, TestContext.Current.CancellationToken);
        string[] served = [.. Regex.Matches(System.Text.Encoding.UTF8.GetString(text.ToArray()), "^# TYPE ([a-z_]+)",
            RegexOptions.Multiline).Select(match => match.Groups[1].Value)];
        JsonObject[] rules = [.. Groups().SelectMany(group => group!["rules"]!.AsArray()).Select(rule => rule!.AsObject())];
        Assert.NotEmpty(rules);
        Assert.All(rules, rule =>
        {
            var name = (string)rule["alert"]!;
            Assert.Contains($"alertname: {name}\n        exp_alerts:", tests);
            Assert.Contains($"| `{name}` |", page);
            string[] asked = [.. Regex.Matches((string)rule["expr"]!, "lightreasoner_[a-z_]+").Select(match => match.Value)];
            Assert.NotEmpty(asked);
            Assert.All(asked, metric => Assert.Contains(metric, served));
        });
        Assert.Equal(rules.Length, Regex.Count(page, @"^\| `LightReasoner\w+` \|", RegexOptions.Multiline));
    }

    [Fact]
    public async Task PrometheusRule_HasTheAlerts_AndScrapesKeepTheRunsNamespace()
    {
        var chart =
            await Helm.RenderAsync("{prometheusRule: {enabled: true, labels: {release: prometheus}}, serviceMonitor: {enabled: true}}");
        Assert.Null(chart.Error);
        var rule = chart.Single("PrometheusRule");
        Assert.True(JsonNode.DeepEquals(Groups(), rule["spec"]!["groups"]));
        Assert.Equal("prometheus", (string?)rule["metadata"]!["labels"]!["release"]);
        Assert.True((bool)chart.Single("ServiceMonitor")["spec"]!["endpoints"]![0]!["honorLabels"]!);
        Assert.Empty((await Helm.RenderAsync()).Of("PrometheusRule"));
    }

    private static JsonArray Groups() => YamlJson.ToJson(File.ReadAllText(Path.Combine(RepositoryFolder.Path, Alerts)),
        Alerts)[0]!["groups"]!.AsArray();
}
