namespace LightReasoner;

/// <summary>
/// Recordings and goldens of the real programs: <c>shared</c> beside the repository, or what LIGHTREASONER_SHARED names. A clone without
/// them skips the tests that need them.
/// </summary>
internal static class SharedFolder
{
    /// <summary>A file or folder below it; null where it is absent.</summary>
    public static string? Find(string path)
    {
        string shared = Environment.GetEnvironmentVariable("LIGHTREASONER_SHARED")
            ?? Path.Combine(Path.GetDirectoryName(RepositoryFolder.Path)!, "shared");
        return Path.Combine(shared, path) is var full && Path.Exists(full) ? full : null;
    }

    /// <summary>A file or folder below it; where it is absent, the test is skipped.</summary>
    public static string Of(string path)
    {
        if (Find(path) is { } full) return full;
        Assert.Skip($"../shared/{path} is absent");
        return "";
    }
}
