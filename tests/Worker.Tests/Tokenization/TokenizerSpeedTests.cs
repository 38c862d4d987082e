using System.Diagnostics;
using System.Text;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Tests.Tokenization;

/// <summary>Prints load time and throughput; times are measured, never asserted.</summary>
public class TokenizerSpeedTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("qwen2.5")]
    [InlineData("llama3.1")]
    public void Encode_MixedText_PrintsThroughput(string name)
    {
        var json = SharedTokenizers.Json(name);
        var texts = SharedTokenizers.Rows("encode.jsonl").Where(r => r["text"] is not null).Select(r => (string)r["text"]!).ToArray();
        var text = new StringBuilder();
        while (text.Length < 2_000_000)
            text.AppendJoin('\n', texts);
        var mixed = text.ToString();
        var english = string.Join(' ', Enumerable.Range(0, 300_000).Select(i => texts[i % texts.Length].Length is var n && n % 2 == 0 ? "reasoning" : "token" + i % 977));

        var watch = Stopwatch.StartNew();
        var tokenizer = Tokenizer.Parse(json, name);
        output.WriteLine($"{name}: loaded in {watch.ElapsedMilliseconds} ms");
        foreach (var (kind, sample) in new[] { ("mixed, first run", mixed), ("mixed, again", mixed), ("words", english) })
        {
            watch.Restart();
            var ids = tokenizer.Encode(sample);
            var bytes = Encoding.UTF8.GetByteCount(sample);
            output.WriteLine($"{name}: {kind}: {bytes / 1e6 / watch.Elapsed.TotalSeconds:0.0} MB/s, {ids.Length} tokens of {bytes} bytes");
            Assert.Equal(kind == "words" ? sample : null, kind == "words" ? tokenizer.Decode(ids) : null);
        }
    }
}
