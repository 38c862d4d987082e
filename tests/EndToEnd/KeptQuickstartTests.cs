using LightReasoner.Quickstart;

namespace LightReasoner.EndToEnd;

/// <summary>A quickstart that was kept (KEEP=1) is not destroyed without a word.</summary>
public sealed class KeptQuickstartTests
{
    [Theory]
    [InlineData(false, "CLEAN=1 make quickstart")]
    [InlineData(true, "CLEAN=1 KEEP=1 make quickstart")]
    public async Task NextQuickstart_WithoutATerminalToAskOn_SaysWhatItWouldDo_AndDoesNothing(bool keep, string remedy)
    {
        Assert.SkipUnless(Console.IsInputRedirected || Console.IsOutputRedirected, "on a terminal it asks");
        string repository = Directory.CreateTempSubdirectory("kept-").FullName;
        string state = Path.Combine(repository, ".quickstart");
        Directory.CreateDirectory(state);
        string[] files = [Path.Combine(state, "kept"), Path.Combine(state, "report.html")];
        foreach (string file in files) await File.WriteAllTextAsync(file, "mine", TestContext.Current.CancellationToken);
        TextWriter errors = Console.Error;
        using var said = new StringWriter();
        Console.SetError(said);
        try
        {
            Assert.Equal(1, await new Demonstration(repository, keep, clean: false).RunAsync(TestContext.Current.CancellationToken));
        }
        finally
        {
            Console.SetError(errors);
        }
        Assert.Contains($"stops its cluster and deletes {state} with its outputs", said.ToString());
        Assert.Contains(remedy, said.ToString());
        Assert.All(files, file => Assert.Equal("mine", File.ReadAllText(file)));
        Directory.Delete(repository, recursive: true);
    }
}
