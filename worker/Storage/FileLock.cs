namespace LightReasoner.Worker.Storage;

/// <summary>Turns between processes by the operating system's lock (flock), which ends with the process that holds it.</summary>
internal static class FileLock
{
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits for the turn; disposing of the result passes it on. The file stays: whoever deleted it would let two in.</summary>
    public static async Task<IDisposable> AcquireAsync(string path, CancellationToken cancellation, bool shared = false)
    {
        IDisposable? turn;
        while ((turn = Try(path, shared)) is null) await Task.Delay(Interval, cancellation);
        return turn;
    }

    /// <summary>The turn, alone or shared with others that share it; null while others have it.</summary>
    public static IDisposable? Try(string path, bool shared = false)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            var (access, share) = shared ? (FileAccess.Read, FileShare.Read) : (FileAccess.ReadWrite, FileShare.None);
            return new FileStream(path, FileMode.OpenOrCreate, access, share, bufferSize: 0);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }
}
