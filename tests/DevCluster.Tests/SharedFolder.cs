namespace LightReasoner.DevCluster.Tests;

/// <summary>The folder of recordings beside the repository; a clone without it skips the tests that need it.</summary>
internal static class SharedFolder
{
    public static string Find(string path)
    {
        var root = Environment.GetEnvironmentVariable("LIGHTREASONER_SHARED");
        for (var d = new DirectoryInfo(AppContext.BaseDirectory); root is null && d is not null; d = d.Parent)
        {
            if (File.Exists(Path.Combine(d.FullName, "LightReasoner.K8s.sln")) && d.Parent is { } parent)
                root = Path.Combine(parent.FullName, "shared");
        }

        var full = Path.Combine(root ?? "shared", path);
        if (!Path.Exists(full))
            Assert.Skip($"../shared/{path} is absent");
        return full;
    }
}
