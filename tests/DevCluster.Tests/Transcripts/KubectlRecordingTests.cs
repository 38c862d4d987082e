using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Tests.Transcripts;

/// <summary>
/// The commands of kubectl that were recorded against a real API server, in their order: the same exit codes, the same output.
/// </summary>
public sealed partial class KubectlRecordingTests
{
    /// <summary>They show the server itself, or all that a whole cluster serves: only their exit codes are compared.</summary>
    private static readonly string[] OfTheServer = ["version", "api-versions", "api-resources", "cluster-info", "auth-whoami"];

    /// <summary>What stands for something that differs from run to run, spaces of a table, and ages.</summary>
    [GeneratedRegex(@"(\$\{[^}]*\}|\s+|\b[0-9]+[ydhms](?:[0-9]+[dhms])?\b)")]
    private static partial Regex Loose();

    [Fact]
    public async Task RecordedCommands_WorkAsRecorded()
    {
        var commands = JsonNode.Parse(await File.ReadAllTextAsync(SharedFolder.Of("apiserver/kubectl-sequences.json")))!.AsArray();
        await using var scene = await KubectlScene.StartAsync();
        var differences = new List<string>();
        foreach (var command in commands.Where(c => !LeftOut.Commands.Contains(c.Text("name")!)))
        {
            var name = command.Text("name")!;
            int? lines = command.BoolAt("interrupted") ? command.Text("stdout")!.Trim().Split('\n').Length : null;
            var (code, output, error) = await scene.RunAsync(name, command!.Strings("argv").Skip(1), command.Map("files"), lines);
            if (code != command.Number("exitCode"))
                differences.Add($"{name}: exit code {code}, recorded {command.Number("exitCode")}: {error}");
            if (OfTheServer.Contains(name))
                continue;
            Compare(name, "output", command.Text("stdout")!, output);
            Compare(name, "errors", command.Text("stderr")!, error);
        }

        Assert.True(commands.Count > 80);
        Assert.True(differences.Count == 0, string.Join("\n", differences));

        void Compare(string name, string what, string recorded, string found)
        {
            // Events of one second have no order.
            var fits = name == "events" ? SameLines(recorded, found) : Matches(recorded, found);
            if (!fits)
                differences.Add($"{name}: {what}:\n{found}\nrecorded:\n{recorded}");
        }
    }

    private static bool SameLines(string recorded, string found)
    {
        string[] expected = recorded.Trim().Split('\n'), lines = found.Trim().Split('\n');
        return expected.Length == lines.Length && Array.TrueForAll(expected, e => Array.Exists(lines, line => Matches(e, line)));
    }

    private static bool Matches(string recorded, string found)
    {
        var pattern = new StringBuilder();
        foreach (var part in Loose().Split(recorded.Replace("${ns}", KubectlScene.Namespace, StringComparison.Ordinal).Trim())
            .Where(p => p.Length > 0))
            pattern.Append(string.IsNullOrWhiteSpace(part) ? @"\s+" : Loose().IsMatch(part) ? @"\S*?" : Regex.Escape(part));
        return Regex.IsMatch(found.Trim(), $@"^{pattern}\z", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10));
    }
}
