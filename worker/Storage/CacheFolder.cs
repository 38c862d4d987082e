namespace LightReasoner.Worker.Storage;

/// <summary>Where copies of remote files are kept: <c>LIGHTREASONER_CACHE</c>, else a folder of the user's cache.</summary>
internal static class CacheFolder
{
    public static string Root { get; } = Path.GetFullPath(
        Given("LIGHTREASONER_CACHE") ?? Path.Combine(Given("XDG_CACHE_HOME") ?? Path.Combine(Given("HOME") ?? Path.GetTempPath(), ".cache"), "lightreasoner"));

    private static string? Given(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
