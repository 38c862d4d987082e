namespace LightReasoner.Worker.Storage;

/// <summary>Environment variables; a blank one counts as none.</summary>
internal static class Variables
{
    public static string? Given(string name) => Given(Environment.GetEnvironmentVariable, name);

    /// <summary>The same in another environment than the process's.</summary>
    public static string? Given(this Func<string, string?> environment, string name) =>
        environment(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

    /// <summary>The folder that programs keep caches in (XDG Base Directory Specification).</summary>
    public static string UserCache(this Func<string, string?> environment) =>
        environment.Given("XDG_CACHE_HOME") ?? Path.Combine(environment.Given("HOME") ?? Path.GetTempPath(), ".cache");
}
