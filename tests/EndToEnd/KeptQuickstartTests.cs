using System.Diagnostics;
using System.Text;
using LightReasoner.Quickstart;

namespace LightReasoner.EndToEnd;

/// <summary>A quickstart that was kept (KEEP=1) is not destroyed without a word.</summary>
public sealed class KeptQuickstartTests : IDisposable
{
    private readonly string _repository = Directory.CreateTempSubdirectory("kept-").FullName;
    private readonly string[] _files;

    public KeptQuickstartTests()
    {
        var state = Path.Combine(_repository, ".quickstart");
        Directory.CreateDirectory(state);
        _files = [Path.Combine(state, "kept"), Path.Combine(state, "report.html")];
        foreach (var file in _files) File.WriteAllText(file, "mine");
    }

    private string Warning => $"A quickstart was kept (KEEP=1): a new one stops its cluster and deletes {_repository}/.quickstart with its "
        + "outputs.";

    public void Dispose() => Directory.Delete(_repository, recursive: true);

    [Theory]
    [InlineData(false, "CLEAN=1 make quickstart")]
    [InlineData(true, "CLEAN=1 KEEP=1 make quickstart")]
    public async Task NextQuickstart_WithoutATerminalToAskOn_SaysWhatItWouldDo_AndDoesNothing(bool keep, string remedy)
    {
        Assert.SkipUnless(Console.IsInputRedirected || Console.IsOutputRedirected, "on a terminal it asks");
        var errors = Console.Error;
        using var said = new StringWriter();
        Console.SetError(said);
        try
        {
            Assert.Equal(1, await new Demonstration(_repository, keep, clean: false).RunAsync(TestContext.Current.CancellationToken));
        }
        finally
        {
            Console.SetError(errors);
        }
        Assert.Contains(Warning, said.ToString());
        Assert.Contains(remedy, said.ToString());
        Assert.All(_files, file => Assert.Equal("mine", File.ReadAllText(file)));
    }

    /// <summary>The program itself, on a terminal that script(1) makes, in a folder that it takes for its repository.</summary>
    [Theory]
    [InlineData("n\r", 130)]
    [InlineData("\r", 130)]
    [InlineData("y\r", 1)] // goes on, and finds no cluster to start in this folder
    public async Task NextQuickstart_OnATerminal_AsksAndDoesWhatIsAnswered(string answer, int exitCode)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "script(1) is not installed (apt-get install bsdutils)");
        File.WriteAllText(Path.Combine(_repository, "LightReasoner.K8s.sln"), "");
        var program = Directory.CreateDirectory(Path.Combine(_repository, "program")).FullName;
        foreach (var file in Directory.EnumerateFiles(RepositoryFolder.Of("eng", "Quickstart", "bin", "Release", "net10.0")))
            File.Copy(file, Path.Combine(program, Path.GetFileName(file)));
        var start = new ProcessStartInfo("script",
            ["-qec", $"stty cols 250 -echo; TERM=xterm exec dotnet {program}/LightReasoner.Quickstart.dll --keep", "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var said = new StringBuilder();
        var buffer = new char[4096];
        for (int read; (read = await process.StandardOutput.ReadAsync(buffer)) > 0;)
        {
            said.Append(buffer, 0, read);
            if (answer.Length == 0 || !said.ToString().Contains("Go on?", StringComparison.Ordinal)) continue;
            await process.StandardInput.WriteAsync(answer);
            await process.StandardInput.FlushAsync();
            answer = "";
        }
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == exitCode, $"{process.ExitCode}: {said}");
        Assert.Contains(Warning, said.ToString());
        Assert.All(_files, file => Assert.Equal(exitCode == 130, File.Exists(file)));
    }
}
