using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace LightReasoner.Operator.Tests.Chart;

/// <summary>What the chart renders to for some values.</summary>
internal sealed record RenderedChart(string Manifest, string? Error)
{
    public IReadOnlyList<JsonObject> Objects { get; } = [.. YamlJson.ToJson(Manifest, "helm template").OfType<JsonObject>()];

    public JsonObject Single(string kind) => Assert.Single(Of(kind));

    public IEnumerable<JsonObject> Of(string kind) => Objects.Where(o => (string?)o["kind"] == kind);

    public JsonObject OperatorPod => Single("Deployment")["spec"]!["template"]!.AsObject();

    public IReadOnlyList<string> OperatorArguments =>
        [.. OperatorPod["spec"]!["containers"]![0]!["args"]!.AsArray().Select(a => (string)a!)];
}

/// <summary>Real Helm, of the oldest and the newest line that the chart supports.</summary>
internal static class Helm
{
    public const string Oldest = "v31", Newest = "v35";

    private static readonly ConcurrentDictionary<(string, string, string, string),
        Lazy<Task<(int ExitCode, string Output, string Error)>>> s_rendered = new();

    private static string Chart => Path.Combine(RepositoryFolder.Path, "charts/lightreasoner");

    /// <summary>The chart for some values; Helm is asked once for each.</summary>
    public static async Task<RenderedChart> RenderAsync(string values = "{}", string kubeVersion = "v1.36.2", string release = "lr",
        string version = Newest)
    {
        var (code, output, error) = await s_rendered.GetOrAdd((version, values, kubeVersion, release), _ => new(() => RunAsync(
            version, values, "template", release, Chart, "--namespace", "lr-system", "--kube-version", kubeVersion))).Value;
        return code == 0 ? new RenderedChart(output, null) : new RenderedChart("", error);
    }

    /// <summary>What an installation says at its end.</summary>
    public static async Task<string> NotesAsync(string values)
    {
        var (code, output, error) = await RunAsync(Newest, values, "install", "lr", Chart, "--namespace", "lr-system", "--dry-run=client");
        Assert.True(code == 0, error);
        return output[output.IndexOf("NOTES:", StringComparison.Ordinal)..];
    }

    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(string version, string values, params string[] arguments)
    {
        var helm = Path.Combine(RepositoryFolder.Path, ".cache/kubectl", version, "helm");
        Assert.SkipUnless(File.Exists(helm), $"{helm} is missing; `eng/install-tools.sh test` installs it");
        return await ExecuteAsync(helm, [.. arguments, "--values", "-"], values);
    }

    public static async Task<(int ExitCode, string Output, string Error)> ExecuteAsync(string program, string[] arguments, string input)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        start.Environment["KUBECONFIG"] = "/dev/null";
        using var process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
