using System.Diagnostics;

namespace LightReasoner.DevCluster.Node;

/// <summary>
/// Sees to it that no container outlives the node. Every process group is noted in a file. A small watching shell holds one end
/// of a pipe: when the node goes away in whatever manner, SIGKILL included, the pipe closes and the shell kills the noted groups.
/// </summary>
internal sealed class ProcessGuard : IAsyncDisposable
{
    private const string Watch =
        """
        cat > /dev/null
        for file in "$1"/*; do
          [ -f "$file" ] || continue
          read -r pid start < "$file"
          if [ "$(sed 's/.*) //' "/proc/$pid/stat" 2> /dev/null | cut -d ' ' -f 20)" = "$start" ]; then
            # One that has only just been started does not lead its group yet.
            kill -s KILL -- "-$pid" 2> /dev/null || kill -s KILL "$pid" 2> /dev/null
          fi
          rm -f "$file"
        done
        """;

    private readonly string folder;
    private readonly Process watcher;

    public ProcessGuard(string dataDirectory)
    {
        folder = Path.Combine(Path.GetFullPath(dataDirectory), "running");
        Directory.CreateDirectory(folder);
        KillLeftOvers();
        // A session of its own: a Ctrl-C at the terminal must not end the watcher before its time.
        var start = new ProcessStartInfo("setsid") { RedirectStandardInput = true };
        foreach (var argument in (string[])["sh", "-c", Watch, "node-guard", folder]) start.ArgumentList.Add(argument);
        watcher = Process.Start(start)!;
    }

    /// <summary>Notes a process group under a name of the caller's.</summary>
    public void Note(string name, int pid)
    {
        if (StartTime(pid) is { } start) File.WriteAllText(Path.Combine(folder, name), $"{pid} {start}\n");
    }

    public void Forget(string name) => File.Delete(Path.Combine(folder, name));

    public async ValueTask DisposeAsync()
    {
        watcher.StandardInput.Close();
        await watcher.WaitForExitAsync();
        watcher.Dispose();
    }

    /// <summary>Kills what an earlier node on this folder has left behind.</summary>
    private void KillLeftOvers()
    {
        foreach (var file in Directory.GetFiles(folder))
        {
            var parts = File.ReadAllText(file).Split(' ', '\n');
            if (parts.Length >= 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && StartTime(pid) == parts[1])
                Signals.Send(pid, Signals.Kill);
            File.Delete(file);
        }
    }

    /// <summary>When the process started, in clock ticks since boot: tells a process from a later one with the same id.</summary>
    private static string? StartTime(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
