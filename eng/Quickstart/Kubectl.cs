using System.Diagnostics;
using System.Text.Json.Nodes;

namespace LightReasoner.Quickstart;

/// <summary>A real command line tool (kubectl or Helm), against one cluster.</summary>
internal class ClusterTool(string program, string kubeconfig, string workingFolder)
{
    /// <summary>What a command printed.</summary>
    public sealed record Result(int ExitCode, string Output, string Error);

    /// <summary>Runs a command to its end.</summary>
    public async Task<Result> TryAsync(CancellationToken cancellation, params string[] arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            WorkingDirectory = workingFolder,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        start.Environment["KUBECONFIG"] = kubeconfig;
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation),
            error = process.StandardError.ReadToEndAsync(cancellation);
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return new Result(process.ExitCode, await output, await error);
    }

    /// <summary>Runs a command that must go well.</summary>
    public async Task<string> RunAsync(CancellationToken cancellation, params string[] arguments)
    {
        var result = await TryAsync(cancellation, arguments);
        return result.ExitCode == 0
            ? result.Output
            : throw new QuickstartException($"{Path.GetFileName(program)} {string.Join(' ', arguments)} ended with "
                + $"{result.ExitCode}:\n{result.Error.Trim()}");
    }
}

/// <summary>The real kubectl, against one cluster.</summary>
internal sealed class Kubectl(string kubeconfig, string workingFolder) : ClusterTool("kubectl", kubeconfig, workingFolder)
{
    /// <summary>The kinds of this API as kubectl's short names.</summary>
    public const string Kinds = "srun,ftrun,rrun";

    /// <summary>The runs of a namespace as the API shows them.</summary>
    public async Task<IReadOnlyList<JsonObject>> RunsAsync(CancellationToken cancellation) =>
        [.. JsonNode.Parse(await RunAsync(cancellation, "get", Kinds, "-o", "json"))!["items"]!.AsArray().Select(item => item!.AsObject())];
}

/// <summary>The quickstart cannot go on; the message says why.</summary>
internal sealed class QuickstartException(string message) : Exception(message);
