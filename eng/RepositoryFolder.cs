namespace LightReasoner;

/// <summary>The folder of this source tree, for programs that run in it: tests, the quickstart and measurements.</summary>
internal static class RepositoryFolder
{
    public static string Path { get; } = Find();

    /// <summary>A file or folder below it.</summary>
    public static string Of(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "LightReasoner.K8s.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException($"LightReasoner.K8s.sln is in no folder above {AppContext.BaseDirectory}.");
    }
}
