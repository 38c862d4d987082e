using System.Reflection;
using System.Text.RegularExpressions;

namespace LightReasoner.Operator.Tests.Decisions;

/// <summary>docs/troubleshooting.md against the code: every phase and reason is explained, and none that does not exist.</summary>
public sealed class TroubleshootingPageTests
{
    [Fact]
    public void EveryReason_IsExplained_AndNoOther()
    {
        var constants = typeof(Reasons).GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral)
            .Select(field => (string)field.GetRawConstantValue()!);
        var verdicts = Enumerable.Range(64, 15).Select(Reasons.OfExitCode);
        Assert.Equal(constants.Concat(verdicts).Distinct().Order(StringComparer.Ordinal),
            FirstCells("Reasons").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void EveryPhase_IsExplained_AndNoOther() =>
        Assert.Equal(Enum.GetNames<RunPhase>().Order(StringComparer.Ordinal), FirstCells("Phases").Order(StringComparer.Ordinal));

    /// <summary>What a pod's exit code makes of a run, as the page has it.</summary>
    [Fact]
    public void ExitCodes_LeadToTheReasonsBesideThem() =>
        Assert.All(Rows("Exit codes").Where(row => int.Parse(row[0]) is >= 64 and <= 78), row =>
            Assert.Equal(Reasons.OfExitCode(int.Parse(row[0])), row[1]));

    [Fact]
    public void EveryReasonOfAnEvent_IsOnThePage()
    {
        RunPhase?[] phases = [null, .. Enum.GetValues<RunPhase>()];
        string[] reasons =
            [.. (from before in phases from after in phases from why in new[] { Reasons.Starting, Reasons.Unschedulable, Reasons.NameTaken }
            from e in Transitions.Between(Status(before, Reasons.Accepted, 0), Status(after, why, 1)) select e.Reason).Distinct()];
        Assert.Contains("AttemptFailed", reasons);
        Assert.All(reasons, reason => Assert.Matches($@"\b{reason}\b", Page));

        static SamplingRunStatus Status(RunPhase? phase, string reason, int retries) => new()
        {
            Phase = phase,
            Retries = retries,
            Conditions = [new RunCondition { Type = Conditions.Ready, Status = "False", Reason = reason }],
        };
    }

    private static string Page => File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs/troubleshooting.md"));

    private static IEnumerable<string> FirstCells(string heading) => Rows(heading).SelectMany(row => row[0].Split(", "));

    private static IEnumerable<string[]> Rows(string heading)
    {
        var section = Regex.Match(Page, $"^## {heading}$(.*?)(?=^## |\\z)", RegexOptions.Multiline | RegexOptions.Singleline).Value;
        string[][] rows = [.. section.Split('\n').Where(line => line.StartsWith('|')).Skip(2)
            .Select(line => line.Split('|')[1..^1].Select(cell => cell.Trim()).ToArray())];
        Assert.NotEmpty(rows);
        return rows;
    }
}
