using System.ComponentModel;
using System.Diagnostics;

namespace LightReasoner.DevCluster.Node;

/// <summary>All that is needed to start a container's process.</summary>
internal sealed record ContainerLaunch(
    string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string WorkingDirectory);

/// <summary>A container as a local process that leads a session of its own; what it has started ends with it.</summary>
internal sealed class ContainerProcess
{
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(2);

    private readonly Process process;
    private readonly ProcessGuard guard;
    private readonly string noteName;

    private ContainerProcess(Process process, LogFile log, ProcessGuard guard, string noteName)
    {
        this.process = process;
        this.guard = guard;
        this.noteName = noteName;
        Pid = process.Id;
        guard.Note(noteName, Pid);
        Exit = WaitAsync(log);
    }

    public int Pid { get; }

    /// <summary>The exit code; 128 + n after signal n.</summary>
    public Task<int> Exit { get; }

    /// <summary>Starts the process. Throws <see cref="ConfigException"/> when the program cannot be run.</summary>
    public static ContainerProcess Start(ContainerLaunch launch, LogFile log, ProcessGuard guard, string noteName)
    {
        var program = Find(launch)
            ?? throw new ConfigException($"exec: \"{launch.Program}\": executable file not found in $PATH");
        var start = new ProcessStartInfo("setsid")
        {
            WorkingDirectory = launch.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(program);
        foreach (var argument in launch.Arguments) start.ArgumentList.Add(argument);
        start.Environment.Clear();
        foreach (var (name, value) in launch.Environment) start.Environment[name] = value;
        try
        {
            var process = Process.Start(start)!;
            process.StandardInput.Close();
            return new ContainerProcess(process, log, guard, noteName);
        }
        catch (Win32Exception e)
        {
            throw new ConfigException(e.Message);
        }
    }

    public void Signal(int signal)
    {
        if (!Exit.IsCompleted) Signals.Send(Pid, signal);
    }

    private static string? Find(ContainerLaunch launch)
    {
        if (launch.Program.Contains('/'))
        {
            var path = Path.GetFullPath(launch.Program, launch.WorkingDirectory);
            return Runnable(path) ? path : null;
        }
        return launch.Environment.GetValueOrDefault("PATH", "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, launch.Program)).FirstOrDefault(Runnable);
    }

    private static bool Runnable(string path) =>
        File.Exists(path) && !OperatingSystem.IsWindows()
            && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    private async Task<int> WaitAsync(LogFile log)
    {
        var output = Task.WhenAll(
            log.CopyAsync(process.StandardOutput.BaseStream, "stdout"),
            log.CopyAsync(process.StandardError.BaseStream, "stderr"));
        await process.WaitForExitAsync();
        Signals.SendToGroup(Pid, Signals.Kill);
        guard.Forget(noteName);
        // A process that left the group could hold the pipes open for ever.
        await Task.WhenAny(output, Task.Delay(DrainLimit));
        log.Dispose();
        var code = process.ExitCode;
        process.Dispose();
        return code;
    }
}
