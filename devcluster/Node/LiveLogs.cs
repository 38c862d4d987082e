using System.Collections.Concurrent;

namespace LightReasoner.DevCluster.Node;

/// <summary>Logs that are being written, by path, for those who follow them.</summary>
internal sealed class LiveLogs
{
    private readonly ConcurrentDictionary<string, LogFile> logs = new();

    public LogFile? Find(string path) => logs.GetValueOrDefault(path);

    /// <summary>Lists a log until the answer is disposed.</summary>
    public IDisposable Add(LogFile log)
    {
        logs[log.Path] = log;
        return new Entry(logs, log.Path);
    }

    private sealed class Entry(ConcurrentDictionary<string, LogFile> logs, string path) : IDisposable
    {
        public void Dispose() => logs.TryRemove(path, out _);
    }
}
