namespace LightReasoner.Api.Tests;

internal static class Repository
{
    /// <summary>The folder that holds the solution.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "LightReasoner.K8s.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException("LightReasoner.K8s.sln is in no folder above the test's.");
    }
}
