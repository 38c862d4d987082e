using System.Globalization;
using System.Net;
using System.Text;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Tests.Storage;

namespace LightReasoner.Worker.Tests.Data;

/// <summary>
/// Large data sets in constant memory. The blob is made up while it is read, so its size costs no disk; <c>LIGHTREASONER_STREAM_MIB</c>
/// sets it (10240 for 10 GiB).
/// </summary>
public sealed class StreamingTests(ITestOutputHelper output)
{
    private const int LineBytes = 1024;

    private static readonly long Lines = long.Parse(Environment.GetEnvironmentVariable("LIGHTREASONER_STREAM_MIB") ?? "64",
        CultureInfo.InvariantCulture) * 1024;

    [Fact]
    public async Task Jsonl_FromAzureStorage_IsReadInConstantMemory()
    {
        if (await OwnProcess.RanAsync()) return;
        using var server = new LoopbackServer(HandleAsync);
        var account = new AzureAccount(name => name == "AZURE_STORAGE_CONNECTION_STRING" ? Azurite.ConnectionTo(server.Address) : null);
        var file = new DataFile(account.Open(StorageUri.Parse("az://data")), "large.jsonl");
        long records = 0, start = 0, most = 0;
        await foreach ((var fields, string _) in RecordReader.ReadAsync(file, null, default))
        {
            if ((long)fields["n"]! != records++) Assert.Fail($"record {records} is {fields["n"]}");
            if (records % (Lines / 8) != 1) continue;
            var live = OwnProcess.LiveBytes();
            if (records == 1) start = live;
            most = Math.Max(most, live - start);
        }
        output.WriteLine(FormattableString.Invariant(
            $"{Lines * LineBytes >> 20} MiB read, at most {most / 1048576.0:F1} MiB more in use than at the first record"));
        Assert.Equal(Lines, records);
        Assert.True(most < 32 << 20, $"{most >> 20} MiB more in use");
    }

    [Fact]
    public async Task Records_OfALargeDataset_DoNotLieInMemory()
    {
        if (await OwnProcess.RanAsync()) return;
        const int Records = 64 << 10; // 130 MB as strings
        using var folder = new ScratchFolder();
        string path = Path.Combine(folder.Path, "x.jsonl"), text = new('x', 1000);
        await File.WriteAllLinesAsync(path, Enumerable.Range(0, Records).Select(i => $$"""{"question": "{{i}} {{text}}"}"""));
        var before = OwnProcess.LiveBytes();
        using var questions = await Datasets.QuestionsAsync("file://" + path, null, "question", null,
            null, null, 0, 1, default);
        var live = OwnProcess.LiveBytes() - before;
        output.WriteLine(FormattableString.Invariant(
            $"{questions.Count} questions of {new FileInfo(path).Length >> 20} MiB take {live / 1048576.0:F1} MiB"));
        Assert.Equal(Records, questions.Count);
        Assert.Equal($"{Records / 2} {text}", questions[Records / 2].Text);
        Assert.True(live < 80 << 20, $"{live >> 20} MiB are in use");
    }

    [Fact]
    public async Task Line_BeyondTheLimit_IsAnErrorAndNotAWayToTakeAllMemory()
    {
        using var folder = new ScratchFolder();
        var path = Path.Combine(folder.Path, "x.jsonl");
        await using (FileStream stream = File.Create(path)) stream.SetLength(100 << 20);
        var error = await Assert.ThrowsAsync<WorkerException>(async () =>
        {
            await foreach (var _ in RecordReader.ReadAsync("file://" + path, null, default)) Assert.Fail("a record was read");
        });
        Assert.Equal($"file://{path} line 1: is longer than 64 MiB", error.Message);
    }

    private static async Task HandleAsync(HttpListenerContext context)
    {
        long length = Lines * LineBytes, from = 0, to = length - 1;
        if ((context.Request.Headers["x-ms-range"] ?? context.Request.Headers["Range"])?["bytes=".Length..]
            .Split('-') is [var first, var last])
        {
            (from, to) = (long.Parse(first, CultureInfo.InvariantCulture), Math.Min(to, long.Parse(last, CultureInfo.InvariantCulture)));
            context.Response.StatusCode = 206;
            context.Response.Headers["Content-Range"] = $"bytes {from}-{to}/{length}";
        }
        context.Response.Headers["ETag"] = "\"1\"";
        context.Response.Headers["Last-Modified"] = "Sun, 01 Nov 2026 00:00:00 GMT";
        context.Response.Headers["x-ms-blob-type"] = "BlockBlob";
        context.Response.ContentLength64 = to - from + 1;
        if (context.Request.HttpMethod != "HEAD")
        {
            for (long position = from; position <= to;)
            {
                var line = Encoding.ASCII.GetBytes($"{{\"n\": {position / LineBytes}, \"text\": \"".PadRight(LineBytes - 3, 'x')
                    + "\"}\n");
                int skip = (int)(position % LineBytes), count = (int)Math.Min(LineBytes - skip, to - position + 1);
                await context.Response.OutputStream.WriteAsync(line.AsMemory(skip, count));
                position += count;
            }
        }
        context.Response.Close();
    }
}
