namespace LightReasoner;

/// <summary>
/// Recordings and goldens of the real programs: <c>shared</c> beside the repository, or what LIGHTREASONER_SHARED names. A clone without
/// them has the few of tests/goldens, and skips the tests that need others.
/// </summary>
internal static class SharedFolder
{
    /// <summary>A file or folder below it; null where it is absent.</summary>
    public static string? Find(string path)
    {
        var shared = Environment.GetEnvironmentVariable("LIGHTREASONER_SHARED")
            ?? Path.Combine(Path.GetDirectoryName(RepositoryFolder.Path)!, "shared");
        var published = Path.Combine(RepositoryFolder.Path, "tests",
            path.StartsWith("goldens/", StringComparison.Ordinal) ? path : $"goldens/{path}");
        return new[] { Path.Combine(shared, path), published }.FirstOrDefault(Path.Exists);
    }

    /// <summary>A file or folder below it; where it is absent, the test is skipped.</summary>
    public static string Of(string path)
    {
        if (Find(path) is { } full) return full;
        Assert.Skip($"../shared/{path} is absent");
        return "";
    }
}
