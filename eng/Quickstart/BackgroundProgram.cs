using System.Diagnostics;
using System.Runtime.InteropServices;

namespace LightReasoner.Quickstart;

/// <summary>A program of ours that runs beside this one, its output in a log file.</summary>
internal sealed partial class BackgroundProgram : IDisposable
{
    private const int Terminate = 15;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    private readonly Process _process;

    private BackgroundProgram(string name, string log, Process process) => (Name, Log, _process) = (name, log, process);

    public string Name { get; }

    public string Log { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Starts a program. A shell opens the log, so that the program outlives this one where it is meant to.</summary>
    public static BackgroundProgram Start(string name, string program, string workingFolder, string log, params string[] arguments)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = workingFolder, RedirectStandardInput = true };
        foreach (var part in (string[])["-c", """log=$1; shift; exec "$0" "$@" >"$log" 2>&1 </dev/null""", program,
            log, .. arguments]) start.ArgumentList.Add(part);
        return new BackgroundProgram(name, log, Process.Start(start)!);
    }

    /// <summary>Asks the program to end and, after a grace period, ends it with everything it started.</summary>
    public async Task StopAsync()
    {
        if (!_process.HasExited) Kill(_process.Id, Terminate);
        using var patience = new CancellationTokenSource(Grace);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>The last lines of the log.</summary>
    public string Tail(int lines = 15) => File.Exists(Log) ? string.Join('\n', File.ReadLines(Log).TakeLast(lines)) : "";

    public void Dispose() => _process.Dispose();

    /// <summary>Asks a process that an earlier quickstart left running to end, and waits until it has.</summary>
    public static async Task StopLeftoverAsync(int id, string program)
    {
        var commandLine = $"/proc/{id}/cmdline";
        if (!IsOurs()) return;
        Kill(id, Terminate);
        for (long start = Stopwatch.GetTimestamp(); IsOurs() && Stopwatch.GetElapsedTime(start) < Grace;) await Task.Delay(100);
        if (IsOurs()) Kill(id, 9);

        // A process id may have been given to another program since.
        bool IsOurs() => File.Exists(commandLine) && File.ReadAllText(commandLine).Contains(program, StringComparison.Ordinal);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int id, int signal);
}
