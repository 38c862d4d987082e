using System.Text.RegularExpressions;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Tests.Runs;

/// <summary>docs/troubleshooting.md lists the worker's exit codes.</summary>
public class ExitCodeTests
{
    [Fact]
    public void EveryExitCode_IsExplained_AndNoOther()
    {
        var page = File.ReadAllText(RepositoryFolder.Of("docs", "troubleshooting.md"));
        int[] explained = [.. Regex.Matches(page, @"^\| ([0-9]+) \|", RegexOptions.Multiline)
            .Select(match => int.Parse(match.Groups[1].Value))];
        Assert.Equal(Enum.GetValues<ExitCode>().Select(code => (int)code).Order(), explained.Order());
    }
}
