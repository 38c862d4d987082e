using System.Text;
using LightReasoner.DevCluster.Node;

namespace LightReasoner.DevCluster.Tests.Node;

public sealed class LogTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("logs-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData("one\n")]
    [InlineData("one\ntwo\n\nfour\n")]
    [InlineData("no newline at the end")]
    [InlineData("ä€\n\ttab \n")]
    public async Task CopyAsync_AnyOutput_ComesBackByteForByte(string text)
    {
        var path = await Write(text);
        Assert.Equal(text, await Read(path, new LogOptions()));
    }

    [Fact]
    public async Task CopyAsync_LineLongerThanARecord_ComesBackWhole()
    {
        var text = new string('x', 70_000) + "\nend\n";
        Assert.Equal(text, await Read(await Write(text), new LogOptions()));
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "c\n")]
    [InlineData(2, "b\nc\n")]
    [InlineData(9, "a\nb\nc\n")]
    public async Task CopyAsync_TailLines_TheLastOnes(int lines, string expected) =>
        Assert.Equal(expected, await Read(await Write("a\nb\nc\n"), new LogOptions { TailLines = lines }));

    [Fact]
    public async Task CopyAsync_Timestamps_BeforeEveryLine() =>
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z a\n$",
            await Read(await Write("a\n"), new LogOptions { Timestamps = true }));

    [Fact]
    public async Task CopyAsync_Since_LeavesEarlierLinesOut()
    {
        var path = await Write("a\n");
        Assert.Equal("a\n", await Read(path, new LogOptions { Since = DateTimeOffset.UtcNow.AddMinutes(-1) }));
        Assert.Equal("", await Read(path, new LogOptions { Since = DateTimeOffset.UtcNow.AddMinutes(1) }));
    }

    [Fact]
    public async Task CopyAsync_Follow_SeesWhatComesAndEndsWithTheLog()
    {
        using var log = new LogFile(Path.Combine(folder, "live.log"), TimeProvider.System);
        await log.CopyAsync(new MemoryStream("first\n"u8.ToArray()), "stdout");
        var target = new MemoryStream();
        var reading = LogReader.CopyAsync(log.Path, log, new LogOptions { Follow = true }, target, CancellationToken.None);
        await log.CopyAsync(new MemoryStream("second\n"u8.ToArray()), "stderr");
        Assert.False(reading.IsCompleted);
        log.Dispose();
        await reading.WaitAsync(NodeScene.Bound);
        Assert.Equal("first\nsecond\n", Encoding.UTF8.GetString(target.ToArray()));
    }

    private async Task<string> Write(string text)
    {
        using var log = new LogFile(Path.Combine(folder, $"{Guid.NewGuid()}.log"), TimeProvider.System);
        await log.CopyAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), "stdout");
        return log.Path;
    }

    private static async Task<string> Read(string path, LogOptions options)
    {
        var target = new MemoryStream();
        await LogReader.CopyAsync(path, null, options, target, CancellationToken.None);
        return Encoding.UTF8.GetString(target.ToArray());
    }
}
