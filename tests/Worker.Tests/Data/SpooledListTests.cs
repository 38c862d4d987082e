using LightReasoner.Worker.Data;

namespace LightReasoner.Worker.Tests.Data;

public class SpooledListTests
{
    [Theory]
    [InlineData(1)] // each element goes to the file
    [InlineData(1000)] // most do
    [InlineData(1 << 20)] // none does
    public void Elements_InFileOrMemory_ComeBackInAnyOrder(int memory)
    {
        var random = new Random(5);
        string[] texts = [.. Enumerable.Range(0, 500).Select(i => $"{i} ä 😀 {new string('x', random.Next(200))}")];
        using var list = new SpooledList<string>(memory);
        foreach (var text in texts) list.Add(text);

        Assert.Equal(500, list.Count);
        Assert.Equal(texts, list);
        foreach (var i in random.GetItems(Enumerable.Range(0, 500).ToArray(), 300)) Assert.Equal(texts[i], list[i]);
        Assert.Throws<ArgumentOutOfRangeException>(() => list[500]);
    }

    [Fact]
    public async Task File_OfManyElements_HasNoNameThatCouldStay()
    {
        using var list = new SpooledList<int>(memory: 16);
        for (int i = 0; i < 100; i++) list.Add(i);
        Assert.Contains(OpenFiles(), file => file.EndsWith(".records (deleted)", StringComparison.Ordinal));
        // The file of another test's list may have its name for a moment; were names kept, this one's would stay.
        for (int i = 0; i < 18_000 && OpenFiles().Any(HasName); i++) await Task.Delay(10);
        Assert.DoesNotContain(OpenFiles(), HasName);
        Assert.Equal(Enumerable.Range(0, 100), list);

        static bool HasName(string file) => file.EndsWith(".records", StringComparison.Ordinal);
        static string[] OpenFiles() =>
            [.. Directory.GetFiles("/proc/self/fd").Select(file => new FileInfo(file).LinkTarget).OfType<string>()];
    }

    [Fact]
    public void Records_OfEveryKind_KeepAllFields()
    {
        using var samples = new SpooledList<ContrastiveSample>();
        var sample = new ContrastiveSample
        {
            PromptId = "p",
            Step = 3,
            Prefix = "so far",
            Tokens = ["a", ""],
            TokenIds = [4, 70000],
            Weights = [0.1 + 0.2, 1e-300],
            KlDivergence = 0.123456789012345,
            Question = "q?",
            PrefixIds = [1, 2, int.MaxValue],
            Place = "a.jsonl line 3",
        };
        samples.Add(sample);
        samples.Add(sample with { Question = null, PrefixIds = null, Tokens = [] });
        Assert.Equivalent(sample, samples[0], strict: true);
        Assert.Equivalent(sample with { Question = null, PrefixIds = null, Tokens = [] }, samples[1], strict: true);

        using var questions = new SpooledList<Question>();
        questions.Add(new Question(7, "id", "text", "answer"));
        questions.Add(new Question(8, "id", "text"));
        Assert.Equal([new Question(7, "id", "text", "answer"), new Question(8, "id", "text")], questions);

        using var records = new SpooledList<PromptResponse>();
        records.Add(new PromptResponse(9, System.Text.Json.Nodes.JsonNode.Parse("""[{"role":"user","content":"ü"}]""")!, "r", "place"));
        Assert.Equal((9, """[{"role":"user","content":"ü"}]""", "r"),
            (records[0].Index, System.Text.RegularExpressions.Regex.Unescape(records[0].Prompt.ToJsonString()),
                (string)records[0].Response!));
    }
}
