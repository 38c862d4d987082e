namespace LightReasoner.Worker.Runs;

/// <summary>A new folder for temporary files, deleted with everything in it in the end.</summary>
internal sealed class ScratchFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("lightreasoner-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
