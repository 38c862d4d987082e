using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;
using Microsoft.Extensions.Time.Testing;

namespace LightReasoner.Worker.Tests.Reporting;

public sealed class MetricsLogTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    private string File => Path.Combine(_folder.Path, "metrics.jsonl");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Add_WritesAtOnceAndThenEveryFewSeconds()
    {
        var log = await OpenAsync("a", upTo: 0);
        await log.AddAsync(new { step = 1 }, default);
        Assert.Equal(1, Lines());
        await log.AddAsync(new { step = 2 }, default);
        Assert.Equal(1, Lines());
        _time.Advance(TimeSpan.FromSeconds(5));
        await log.AddAsync(new { step = 3 }, default);
        Assert.Equal(3, Lines());
        await log.AddAsync(new { step = 4 }, default);
        await log.FlushAsync(default);
        Assert.Equal(4, Lines());
    }

    [Fact]
    public async Task Open_AfterAnInterruption_DropsTheStepsThatAreRepeated()
    {
        var log = await OpenAsync("a", upTo: 0);
        for (int step = 1; step <= 4; step++) await log.AddAsync(new { step }, default);
        await log.FlushAsync(default);

        var resumed = await OpenAsync("b", upTo: 2);
        await resumed.AddAsync(new { step = 3 }, default);
        Assert.Equal(["1", "2", "3"], System.IO.File.ReadLines(File)
            .Select(line => System.Text.Json.Nodes.JsonNode.Parse(line)!["step"]!.ToString()));
    }

    private async Task<MetricsLog> OpenAsync(string attempt, long upTo) =>
        await MetricsLog.OpenAsync(await RunOutput.ClaimAsync(new DirectoryBlobStore(_folder.Path), "run", attempt, default),
            MetricsFile.Training, upTo, _time, default);

    private int Lines() => System.IO.File.ReadLines(File).Count();
}
