namespace LightReasoner.Bench;

internal static class Repository
{
    /// <summary>The folder that holds the solution.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "LightReasoner.K8s.sln")))
                return folder;
        throw new InvalidOperationException($"no folder above {AppContext.BaseDirectory} holds LightReasoner.K8s.sln");
    }
}
