using System.Diagnostics;
using System.Text.Json.Nodes;

namespace LightReasoner.Operator.Tests.Chart;

/// <summary>What the chart renders to for some values.</summary>
internal sealed record RenderedChart(IReadOnlyDictionary<string, string> Files, string Notes, string? Error)
{
    public IReadOnlyList<JsonObject> Objects { get; } =
        [.. Files.OrderBy(file => file.Key, StringComparer.Ordinal).SelectMany(file => YamlJson.ToJson(file.Value, file.Key)).Select(node => node!.AsObject())];

    public JsonObject Single(string kind) => Assert.Single(Of(kind));

    public IEnumerable<JsonObject> Of(string kind) => Objects.Where(o => (string?)o["kind"] == kind);

    public JsonObject OperatorPod => Single("Deployment")["spec"]!["template"]!.AsObject();

    public IReadOnlyList<string> OperatorArguments => [.. OperatorPod["spec"]!["containers"]![0]!["args"]!.AsArray().Select(a => (string)a!)];
}

/// <summary>The chart by the engine and libraries that Helm is made of (eng/RenderChart).</summary>
internal static class RenderChart
{
    private const int LibrariesMissing = 69;

    public static async Task<RenderedChart> RenderAsync(string values = "{}", string kubeVersion = "v1.36.2", string release = "lr")
    {
        var request = new JsonObject
        {
            ["chart"] = Path.Combine(RepositoryFolder.Path, "charts/lightreasoner"),
            ["release"] = new JsonObject { ["Name"] = release, ["Namespace"] = "lr-system", ["Service"] = "Helm", ["Revision"] = 1, ["IsInstall"] = true },
            ["kubeVersion"] = kubeVersion,
            ["values"] = new JsonArray(YamlJson.ToJson(values, "values") is [var node] ? node!.DeepClone() : new JsonObject()),
        };
        JsonNode answer = JsonNode.Parse(await RunAsync("eng/render-chart.sh", [], request.ToJsonString()))!;
        return new RenderedChart(
            (answer["files"] as JsonObject ?? []).ToDictionary(file => file.Key, file => (string)file.Value!), (string?)answer["notes"] ?? "", (string?)answer["error"]);
    }

    /// <summary>Runs a script of the repository; skips the test where Go or its libraries are not installed.</summary>
    public static async Task<string> RunAsync(string script, string[] arguments, string input)
    {
        var start = new ProcessStartInfo(Path.Combine(RepositoryFolder.Path, script), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        Assert.SkipWhen(process.ExitCode == LibrariesMissing, (await error).Trim());
        Assert.True(process.ExitCode == 0, await error);
        return await output;
    }
}
