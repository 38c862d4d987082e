using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using LightReasoner.Quickstart;
using LightReasoner.Worker.Tests.Storage;

namespace LightReasoner.EndToEnd;

/// <summary>
/// Executes the commands of the documentation: every block marked <c>sh</c>, page by page, against a live cluster, in a folder that looks
/// like the repository.
/// <c>make</c> targets are resolved and not run (this is part of one of them), <c>helm install</c> and <c>docker</c> are replaced by a
/// check of what they are given, <c>az</c> by a script
/// that works on an emulator, and a second operator is not installed.
/// A block that cannot be executed here is preceded by a comment <c>not executed: why</c>.
/// </summary>
[Trait("Suite", "long")]
public sealed partial class DocumentationTests(LiveCluster cluster, Azurite azurite, ITestOutputHelper output) : IClassFixture<LiveCluster>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    private const string Prelude = """
        set -euo pipefail
        servers=()
        trap 'for server in "${servers[@]}"; do kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; done' EXIT
        make() { command make -n "$@" >/dev/null; }
        docker() { while (($#)); do case $1 in -f) test -f "$2";; esac; shift; done; }
        podman() { docker "$@"; }
        az() { node az.mjs "$@"; }
        helm() {
            case $1 in upgrade|rollback) command helm "$@" --wait; return;; esac
            local arguments=() argument
            for argument; do
                case $argument in
                    install|--create-namespace) ;;
                    *) arguments+=("$argument");;
                esac
            done
            command helm template "${arguments[@]}" >/dev/null
        }
        # The cluster has its operator already, as a release of Helm: the manifest of a second one is checked by the server, and not stored.
        kubectl() {
            case " $* " in
                *" -f install/"*) command kubectl "$@" --dry-run=server --force-conflicts >/dev/null;;
                *) command kubectl "$@";;
            esac
        }
        # Starts a server and waits until its command line's own address answers.
        serve() {
            "$@" >server.log 2>&1 &
            servers+=($!)
            local ready=
            for _ in $(seq 3000); do
                case $1 in
                    bin/operator) (: <>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null && ready=yes;;
                    bin/devcluster) grep -q ready server.log && ready=yes;;
                esac
                [[ -n $ready ]] && return 0
                kill -0 "${servers[-1]}" 2>/dev/null || break
                sleep 0.1
            done
            cat server.log >&2
            return 1
        }

        """;

    /// <summary>The pages.</summary>
    public static TheoryData<string> Pages =>
    [
        .. new[] { "README.md", "CONTRIBUTING.md", "SECURITY.md", "devcluster/README.md" }
            .Concat(Directory.GetFiles(Path.Combine(RepositoryFolder.Path, "docs"), "*.md", SearchOption.AllDirectories))
            .Concat(Directory.GetFiles(Path.Combine(RepositoryFolder.Path, "examples"), "README.md", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(RepositoryFolder.Path, Path.Combine(RepositoryFolder.Path, path)))
                .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Commands_Work(string page)
    {
        var blocks = Blocks(page).ToList();
        foreach (var block in blocks.Where(b => b.Excuse is not null))
            output.WriteLine($"{page}:{block.Line} not executed: {block.Excuse}");
        blocks.RemoveAll(b => b.Excuse is not null || b.Language != "sh");
        if (blocks.Count == 0) return;

        var folder = Directory.CreateTempSubdirectory("documentation-").FullName;
        try
        {
            foreach (var entry in Directory.GetFileSystemEntries(RepositoryFolder.Path)
                .Where(e => Path.GetFileName(e) is not (".git" or ".quickstart")))
                File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(entry)), entry);
            Directory.CreateDirectory(Path.Combine(folder, ".kube"));
            File.Copy(cluster.Kubeconfig, Path.Combine(folder, ".kube", "config"));
            var port = LocalCluster.FreePort().ToString(System.Globalization.CultureInfo.InvariantCulture);
            var script = new StringBuilder(Prelude);
            foreach (var block in blocks)
                script.AppendLine().AppendLine(ServerCommand().Replace(block.Text, "serve $1")
                    .Replace("/tmp/", folder + "/", StringComparison.Ordinal)
                    .Replace("file:///mnt/", $"file://{folder}/", StringComparison.Ordinal)
                        .Replace("ADDRESS-THAT-PODS-REACH:8080", "127.0.0.1:" + port, StringComparison.Ordinal));
            await File.WriteAllTextAsync(Path.Combine(folder, "commands.sh"), script.ToString());
            await File.WriteAllTextAsync(Path.Combine(folder, "az.mjs"), AzureCommandLine.Script);
            var azure = blocks.Any(block => AzureCommand().IsMatch(block.Text));
            var (code, text) = await RunAsync(folder,
                [("PORT", port), .. azure ? AzureCommandLine.Environment(azurite.ConnectionString)
                : [("CONNECTION", "UseDevelopmentStorage=true")]]);
            Assert.True(code == 0, $"{page}: the commands ended with {code}.\n{text}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Commands_AreMarked(string page)
    {
        foreach (var block in Blocks(page).Where(b => b.Language.Length == 0))
            Assert.False(CommandLine().IsMatch(block.Text),
                $"{page}:{block.Line}: a block with commands must be marked sh, so that it is executed:\n{block.Text}");
    }

    /// <summary>Whoever pastes a block has the operator once.</summary>
    [Theory]
    [MemberData(nameof(Pages))]
    public void Blocks_InstallOnce(string page) => Assert.All(Blocks(page), block =>
        Assert.InRange(Regex.Count(block.Text, @"helm install |kubectl apply [^\n]*install/lightreasoner\.yaml"), 0, 1));

    /// <summary>A file that a page shows is the one that its commands use.</summary>
    [Theory]
    [MemberData(nameof(Pages))]
    public void ShownFiles_AreTheFilesThemselves(string page) =>
        Assert.All(Blocks(page).Where(b => b.File is not null), block =>
            Assert.Equal(File.ReadAllText(Path.Combine(RepositoryFolder.Path, block.File!)), block.Text + "\n"));

    /// <summary>The map of the code names every folder of the two programs.</summary>
    [Theory]
    [InlineData("operator")]
    [InlineData("worker")]
    public void Map_HasEveryFolder(string program)
    {
        var map = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs", "contributing.md"));
        Assert.All(Directory.GetDirectories(Path.Combine(RepositoryFolder.Path, program)).Select(path => Path.GetFileName(path)!)
            .Except(["bin", "obj"]), folder => Assert.Contains(folder + "/", map));
    }

    /// <summary>Links within the documentation lead to files that exist.</summary>
    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_LeadSomewhere(string page)
    {
        var folder = Path.GetDirectoryName(Path.Combine(RepositoryFolder.Path, page))!;
        foreach (Match link in Link().Matches(Code().Replace(File.ReadAllText(Path.Combine(RepositoryFolder.Path, page)), "")))
        {
            string path = link.Groups[1].Value.Length == 0 ? Path.GetFileName(page) : link.Groups[1].Value,
                target = Path.Combine(folder, path);
            Assert.True(File.Exists(target) || Directory.Exists(target), $"{page} links to {path}, which does not exist");
            if (link.Groups[2].Value is { Length: > 0 } anchor)
                Assert.Contains(anchor, Heading().Matches(File.ReadAllText(target))
                    .Select(h => NotInAnchors().Replace(h.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-')));
        }
    }

    private async Task<(int Code, string Text)> RunAsync(string folder, IEnumerable<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo("bash", ["commands.sh"])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true
        };
        foreach (var (name, value) in environment.Concat([("HOME", folder),
            ("KUBECONFIG", cluster.Kubeconfig), ("TOKEN", "secret")]))
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> text = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return (124, $"not done within {Limit}");
        }
        return (process.ExitCode, await text + await errors);
    }

    private static IEnumerable<Block> Blocks(string page)
    {
        var path = Path.Combine(RepositoryFolder.Path, page);
        Assert.True(File.Exists(path), $"{page} is missing");
        var lines = File.ReadAllLines(path);
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("```", StringComparison.Ordinal)) continue;
            var end = Array.FindIndex(lines, i + 1, line => line.StartsWith("```", StringComparison.Ordinal));
            Assert.True(end > 0, $"{page}:{i + 1}: the block has no end");
            var before = lines.Take(i).LastOrDefault(line => line.Trim().Length > 0) ?? "";
            Match excuse = NotExecuted().Match(before), file = ShownFile().Match(before);
            yield return new Block(i + 1, lines[i][3..].Trim(), string.Join('\n', lines[(i + 1)..end]), excuse.Success
                ? excuse.Groups[1].Value : null, file.Success ? file.Groups[1].Value : null);
            i = end;
        }
    }

    [GeneratedRegex(@"^<!-- not executed: (.+) -->$")]
    private static partial Regex NotExecuted();

    [GeneratedRegex(@"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex("`[^`\n]*`")]
    private static partial Regex Code();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchors();

    [GeneratedRegex("^<!-- file: (.+) -->$")]
    private static partial Regex ShownFile();

    [GeneratedRegex("^az ", RegexOptions.Multiline)]
    private static partial Regex AzureCommand();

    [GeneratedRegex(@"^(bin/(?:operator|devcluster) )", RegexOptions.Multiline)]
    private static partial Regex ServerCommand();

    [GeneratedRegex(@"^(make|kubectl|helm|az|docker|podman|buildah|git|curl|apt-get|bin/\w+|eng/\S+|[A-Z_]+=\S+ make) ",
        RegexOptions.Multiline)]
    private static partial Regex CommandLine();

    private sealed record Block(int Line, string Language, string Text, string? Excuse, string? File);
}
