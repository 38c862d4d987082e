namespace LightReasoner.DevCluster.Node;

/// <summary>Where the things of a Pod lie on disk.</summary>
internal sealed class PodFolders(string dataDirectory, JsonObject pod)
{
    private readonly string root = Path.Combine(Path.GetFullPath(dataDirectory), "pods", pod.Uid());

    public string Logs { get; } = Path.Combine(Path.GetFullPath(dataDirectory), "logs", $"{pod.Namespace()}_{pod.Name()}_{pod.Uid()}");

    public string Volume(string name) => Path.Combine(root, "volumes", name);

    /// <summary>What all Pods see of a PersistentVolumeClaim; it stays as long as the data folder does.</summary>
    public string Claim(string uid) => Path.Combine(Path.GetFullPath(dataDirectory), "claims", uid);

    public string Container(string name) => Path.Combine(root, "containers", name);

    /// <summary>The folder a container starts in unless its image or the Pod says otherwise.</summary>
    public string WorkingDirectory(string container) => Path.Combine(Container(container), "work");

    public string TerminationMessage(string container) => Path.Combine(Container(container), "termination-log");

    public string Log(string container, int restart) => Path.Combine(Logs, container, $"{restart}.log");

    /// <summary>The newest log of a container but for the last <paramref name="skip"/>; null when there is none.</summary>
    public string? NewestLog(string container, int skip = 0)
    {
        var folder = Path.Combine(Logs, container);
        if (!Directory.Exists(folder)) return null;
        return Directory.GetFiles(folder, "*.log")
            .OrderByDescending(f => int.TryParse(Path.GetFileNameWithoutExtension(f), out var n) ? n : -1).Skip(skip).FirstOrDefault();
    }

    /// <summary>Volumes and working folders go when the Pod has ended.</summary>
    public void RemoveVolumes() => Remove(root);

    /// <summary>Logs stay as long as the Pod object does.</summary>
    public void RemoveLogs() => Remove(Logs);

    private static void Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A straggler still writes there; the folder is swept at the node's next start.
        }
    }
}
