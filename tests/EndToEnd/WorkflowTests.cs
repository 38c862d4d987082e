using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.Api;

namespace LightReasoner.EndToEnd;

/// <summary>The GitHub workflows: well formed, and what they call exists.</summary>
public sealed partial class WorkflowTests
{
    private static readonly string Makefile = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "Makefile"));

    /// <summary>The files.</summary>
    public static TheoryData<string> Workflows =>
        [.. Directory.GetFiles(Path.Combine(RepositoryFolder.Path, ".github", "workflows")).Select(path => Path.GetFileName(path)!)
            .Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Workflows))]
    public void Jobs_HaveAMachineRightsAndSteps(string workflow)
    {
        var document = Read(workflow);
        Assert.NotNull(document["name"]);
        Assert.NotNull(document["true"]); // "on" is a boolean of YAML 1.1
        Assert.IsType<JsonObject>(document["permissions"]);
        Assert.All(document["jobs"]!.AsObject(), job =>
        {
            Assert.NotNull(job.Value!["runs-on"]);
            Assert.True((long)job.Value["timeout-minutes"]! > 0);
            Assert.All(job.Value["steps"]!.AsArray(), step =>
                Assert.True(step!["run"] is null != step["uses"] is null, $"a step either runs or uses: {step}"));
            Assert.All(job.Value["steps"]!.AsArray().Where(step => step!["uses"] is not null), step =>
                Assert.Matches("^[\\w-]+/[\\w-]+@[0-9a-f]{40}$", (string)step!["uses"]!));
        });
    }

    [Theory]
    [MemberData(nameof(Workflows))]
    public async Task Commands_AreShell_AndCallWhatExists(string workflow)
    {
        string[] commands = [.. Read(workflow)["jobs"]!.AsObject().SelectMany(job => job.Value!["steps"]!.AsArray())
            .Select(step => (string?)step!["run"]).OfType<string>()];
        Assert.NotEmpty(commands);
        foreach (var command in commands.Select(c => Expression().Replace(c, "value")))
        {
            using var bash = Process.Start("bash", ["-n", "-c", command]);
            await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(bash.ExitCode == 0, $"{workflow}: not shell: {command}");
            Assert.All(MakeTarget().Matches(command), match => Assert.Matches($"(?m)^{match.Groups[1].Value}:", Makefile));
            Assert.All(Script().Matches(command), match => Assert.True(File.Exists(Path.Combine(RepositoryFolder.Path, match.Value)),
                $"{workflow}: there is no {match.Value}"));
        }
    }

    /// <summary>
    /// The change log has notes for a release, and a heading for what is not released yet, as the release's script and workflow read them.
    /// </summary>
    [Fact]
    public void ChangeLog_HasNotesUnderUnreleased()
    {
        var log = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "CHANGELOG.md"));
        Assert.Matches(@"(?m)^## Unreleased\n\n(### .+\n\n)?- ", log);
    }

    /// <summary>Continuous integration restores what the lock files name and nothing else.</summary>
    [Fact]
    public void EveryProject_HasALockFile()
    {
        string[] projects = [.. Directory.GetFiles(RepositoryFolder.Path, "*.csproj", SearchOption.AllDirectories)];
        Assert.NotEmpty(projects);
        Assert.All(projects, project => Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json")),
            $"{project} has no packages.lock.json: dotnet restore writes it"));
    }

    private static JsonObject Read(string workflow) =>
        YamlJson.ToJson(File.ReadAllText(Path.Combine(RepositoryFolder.Path, ".github", "workflows", workflow)), workflow)[0]!.AsObject();

    [GeneratedRegex(@"\$\{\{.*?\}\}")]
    private static partial Regex Expression();

    [GeneratedRegex(@"(?m)(?:^\s*|&& )make ([a-z-]+)")]
    private static partial Regex MakeTarget();

    [GeneratedRegex(@"\beng/[\w.-]+")]
    private static partial Regex Script();
}
