using System.Diagnostics;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>The real kubectl, where it is installed.</summary>
internal static class Kubectl
{
    /// <summary>Runs a command; skips the test where there is no kubectl.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> TryAsync(string? kubeconfig, string input,
        params string[] arguments)
    {
        Assert.SkipUnless((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Any(folder => File.Exists(Path.Combine(folder, "kubectl"))), "kubectl is not installed");
        var start = new ProcessStartInfo("kubectl", arguments)
        {
            WorkingDirectory = RepositoryFolder.Path,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (kubeconfig is not null) start.Environment["KUBECONFIG"] = kubeconfig;
        using var process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Runs a command that must go well.</summary>
    public static async Task<string> RunAsync(string? kubeconfig, string input, params string[] arguments)
    {
        var (exitCode, output, error) = await TryAsync(kubeconfig, input, arguments);
        Assert.True(exitCode == 0, $"kubectl {string.Join(' ', arguments)}: {error}");
        return output;
    }
}
