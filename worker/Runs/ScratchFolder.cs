namespace LightReasoner.Worker.Runs;

/// <summary>A new folder for temporary files, deleted with everything in it in the end.</summary>
public sealed class ScratchFolder : IDisposable
{
    /// <summary>Full path of the folder.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("lightreasoner-").FullName;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
