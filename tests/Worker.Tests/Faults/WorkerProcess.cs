using System.Diagnostics;
using System.Runtime.InteropServices;

namespace LightReasoner.Worker.Tests.Faults;

/// <summary>The worker as a process of its own, so that it can be killed.</summary>
internal sealed class WorkerProcess : IDisposable
{
    public const int SigKill = 9, SigTerm = 15, SigCont = 18, SigStop = 19;

    private readonly Process _process;
    private readonly Task<string> _errors;

    private WorkerProcess(Process process)
    {
        (_process, _errors) = (process, process.StandardError.ReadToEndAsync());
        Output = process.StandardOutput.ReadToEndAsync();
    }

    /// <summary>Starts <c>worker run</c>.</summary>
    /// <param name="manifest">The document's file.</param>
    /// <param name="output">Where it writes.</param>
    /// <param name="environment">Variables beyond those of this process.</param>
    public static WorkerProcess Run(string manifest, string output, IReadOnlyDictionary<string, string> environment) =>
        Start(["run", "-f", manifest, "--output", output, "--quiet"], environment);

    /// <summary>Starts the worker with other arguments.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="environment">Variables beyond those of this process.</param>
    /// <param name="input">What it reads from standard input.</param>
    public static WorkerProcess Start(string[] arguments, IReadOnlyDictionary<string, string> environment, string? input = null)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "LightReasoner.Worker.dll"), .. arguments])
        {
            RedirectStandardInput = input is not null,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = RepositoryFolder.Path,
        };
        start.Environment["OMP_NUM_THREADS"] = "1";
        foreach (var own in new[] { "AZURE_STORAGE_CONNECTION_STRING", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY" }) start.Environment.Remove(own);
        foreach (var pods in new[] { "LIGHTREASONER_ATTEMPT", "LIGHTREASONER_PROGRESS_URL",
            "LIGHTREASONER_TERMINATION_LOG" }) start.Environment.Remove(pods);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        if (input is not null)
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        return new WorkerProcess(process);
    }

    /// <summary>All of its standard output.</summary>
    public Task<string> Output { get; }

    /// <summary>Ends with the process.</summary>
    public Task ExitAsync => _process.WaitForExitAsync();

    /// <summary>Waits for the end; gives the exit code and what was said on standard error.</summary>
    public async Task<(int Code, string Errors)> ResultAsync()
    {
        await _process.WaitForExitAsync();
        return (_process.ExitCode, await _errors);
    }

    public void Signal(int signal)
    {
        if (!_process.HasExited) _ = Kill(_process.Id, signal);
    }

    public void Dispose()
    {
        Signal(SigKill);
        _process.WaitForExit();
        _process.Dispose();
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
