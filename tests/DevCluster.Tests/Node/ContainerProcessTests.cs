using System.Diagnostics;
using LightReasoner.DevCluster.Node;

namespace LightReasoner.DevCluster.Tests.Node;

public sealed class ContainerProcessTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("process-").FullName;
    private ProcessGuard guard = null!;

    public ValueTask InitializeAsync()
    {
        guard = new ProcessGuard(folder);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await guard.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Exit_OwnCode_IsKept() => Assert.Equal(65, await Start("exit 65").Exit.WaitAsync(NodeScene.Bound));

    [Theory]
    [InlineData(9, 137)]
    [InlineData(15, 143)]
    public async Task Exit_Signal_Is128PlusIt(int signal, int expected)
    {
        var process = Start("sleep 100");
        process.Signal(signal);
        Assert.Equal(expected, await process.Exit.WaitAsync(NodeScene.Bound));
    }

    [Fact]
    public async Task Exit_GrandchildLeftBehind_EndsToo()
    {
        var process = Start($"sleep 100 & echo $! > {folder}/child; exit 3");
        Assert.Equal(3, await process.Exit.WaitAsync(NodeScene.Bound));
        Assert.True(await Gone(int.Parse(await File.ReadAllTextAsync($"{folder}/child"),
            System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Start_OnlyDeclaredVariables_ReachTheProcess()
    {
        using var log = Log();
        var process = ContainerProcess.Start(new ContainerLaunch("/usr/bin/env", [], new Dictionary<string, string> { ["A"] = "b c" },
            folder), log, guard, "x");
        await process.Exit.WaitAsync(NodeScene.Bound);
        Assert.Equal("A=b c", (await LogReader.TailAsync(log.Path, 100, 10_000)).Trim());
    }

    [Fact]
    public void Start_UnknownProgram_SaysWhichAndWhere()
    {
        using var log = Log();
        var launch = new ContainerLaunch("no-such-program", [], new Dictionary<string, string> { ["PATH"] = "/usr/bin" }, folder);
        Assert.Equal("exec: \"no-such-program\": executable file not found in $PATH",
            Assert.Throws<ConfigException>(() => ContainerProcess.Start(launch, log, guard, "x")).Message);
    }

    [Fact]
    public async Task Guard_NodeGoesAway_ItsProcessesDoToo()
    {
        var process = Start("sleep 100");
        await guard.DisposeAsync();
        Assert.Equal(137, await process.Exit.WaitAsync(NodeScene.Bound));
        guard = new ProcessGuard(folder);
    }

    [Fact]
    public async Task Guard_LeftOversOfAnEarlierNode_AreKilledAtStart()
    {
        using var orphan = Process.Start(new ProcessStartInfo("setsid", "sleep 100"))!;
        guard.Note("orphan", orphan.Id);
        await using var next = new ProcessGuard(folder);
        await orphan.WaitForExitAsync().WaitAsync(NodeScene.Bound);
        Assert.Empty(Directory.GetFiles(Path.Combine(folder, "running")));
    }

    [Fact]
    public async Task Guard_ProcessIdUsedAgain_IsLeftAlone()
    {
        using var stranger = Process.Start(new ProcessStartInfo("setsid", "sleep 100"))!;
        await File.WriteAllTextAsync(Path.Combine(folder, "running", "old"), $"{stranger.Id} 1\n");
        await using (var next = new ProcessGuard(folder))
        {
            Assert.False(stranger.HasExited);
        }
        stranger.Kill();
    }

    private static async Task<bool> Gone(int pid)
    {
        for (var i = 0; i < 3000; i++)
        {
            // A killed orphan is a zombie until init has reaped it.
            if (!File.Exists($"/proc/{pid}/stat") || File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ")) return true;
            await Task.Delay(50);
        }
        return false;
    }

    private ContainerProcess Start(string script) => ContainerProcess.Start(
        new ContainerLaunch("sh", ["-c", script], new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" }, folder), Log(), guard,
            Guid.NewGuid().ToString("N"));

    private LogFile Log() => new(Path.Combine(folder, "logs", $"{Guid.NewGuid()}.log"), TimeProvider.System);
}
