namespace LightReasoner.Worker.Tests.Runs;

/// <summary>Options of <c>--set</c> for a test: its own ones, and the defaults of its class for all other fields.</summary>
internal static class Overrides
{
    public static IReadOnlyList<string> Of(IEnumerable<string> defaults, IEnumerable<string> own)
    {
        string[] chosen = [.. own];
        return [.. defaults.Where(one => !chosen.Any(other => Field(other) == Field(one))), .. chosen];
    }

    private static string Field(string option) => option[..option.IndexOf('=')];
}
