using System.Text;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Checkpoints;
using LightReasoner.Worker.Tests.Inputs;

namespace LightReasoner.Worker.Tests.Data;

/// <summary>Damaged and hostile JSONL: records or an error that names file and line, never a crash or a hang.</summary>
public class RecordFuzzTests(ITestOutputHelper output)
{
    private const string Lines = """
        {"prompt_id": "q1", "step": 3, "prefix": "So", "tokens": [" a", "é"], "token_ids": [5, 300], "weights": [0.25, 0.75], "kl_divergence": 0.9, "question": "q", "answer": "#### 4"}
        {"prompt_id": "q2", "step": 1, "prefix": "x", "tokens": ["\ud83d\ude00"], "token_ids": [7], "weights": [1.0], "kl_divergence": 1e-3, "question": "r", "answer": "4", "prefix_ids": [1, 2]}

        """;

    private static readonly string[] Scraps =
        ["{", "}", "[", "]", ",", ":", "\"", "\\u", "\\ud800", "null", "true", "1e999", "-1", "NaN", "9999999999", "0.5", "{}", "[]", "\n",
            "\r\n", "\n\n", "\0", "é", "\"step\":", "\"weights\":", "\"token_ids\": \"x\"", " ", "\uFEFF", "[[[[[[[["];

    [Fact]
    public async Task Read_MutatedLines_GivesRecordsOrAnErrorThatNamesTheLine()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(3);
        var (read, refused) = (0, 0);
        for (var round = 0; round < 250 * OddFiles.FuzzFactor; round++)
        {
            var text = Lines;
            for (var edits = random.Next(1, 4); edits > 0; edits--)
            {
                var at = random.Next(text.Length + 1);
                text = random.Next(3) switch
                {
                    0 => text.Insert(at, Scraps[random.Next(Scraps.Length)]),
                    1 => text.Remove(at, Math.Min(random.Next(8), text.Length - at)),
                    _ => text[..at] + text[random.Next(text.Length)..],
                };
            }
            var bytes = Encoding.UTF8.GetBytes(text);
            if (random.Next(4) == 0)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            _ = await Refusal(folder, bytes) is null ? read++ : refused++;
        }
        output.WriteLine($"{read} read, {refused} refused");
        Assert.True(read > 0 && refused > 0);
    }

    [Fact]
    public async Task Read_DeepNesting_IsRefused()
    {
        using var folder = new TemporaryFolder();
        Assert.NotNull(await Refusal(folder, Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 500_000))));
    }

    private static async Task<WorkerException?> Refusal(TemporaryFolder folder, byte[] content)
    {
        var file = folder["data.jsonl"];
        await File.WriteAllBytesAsync(file, content);
        WorkerException? refusal = null;
        foreach (var read in (Func<Task>[])
        [
            () => Datasets.SamplesAsync("file://" + file, null, default),
            () => Datasets.QuestionsAsync("file://" + file, null, "question", "prompt_id", "answer", null, 0, 1, default),
            () => Datasets.PromptResponsesAsync("file://" + file, null, "question", "answer", default),
        ])
        {
            var error = await Record.ExceptionAsync(read);
            Assert.True(error is null or WorkerException { Code: ExitCode.BadData }, $"{error}\n{Encoding.UTF8.GetString(content)}");
            if (error is not null)
                Assert.StartsWith("file://" + file, error.Message, StringComparison.Ordinal);
            refusal ??= error as WorkerException;
        }
        return refusal;
    }
}
