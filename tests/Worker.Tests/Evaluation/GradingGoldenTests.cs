using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Inspect;

namespace LightReasoner.Worker.Tests.Evaluation;

/// <summary>
/// What the published Qwen2.5-Math evaluation says (../shared/grading, ../shared/benchmarks), through <c>worker inspect grade</c> and
/// <c>worker inspect prompts</c>.
/// </summary>
public class GradingGoldenTests
{
    [Fact]
    public void Extract_Responses_AreThePublishedOnes()
    {
        var cases = Lines("grading/extract.jsonl");
        var answers = Grade(GraderType.Published, PromptType.Qwen25MathCot,
            cases.Select(c => new JsonObject { ["benchmark"] = (string)c["set"]!, ["response"] = (string)c["response"]! }));
        Assert.All(cases.Zip(answers), pair => Assert.Equal((string?)pair.First["extracted"], (string?)pair.Second["extracted"]));
        GoldenLedger.Add("grading/extract.jsonl", "answers extracted", cases.Count);
    }

    [Fact]
    public void Normalize_Texts_AreThePublishedOnes()
    {
        var cases = Lines("grading/strip.jsonl");
        Assert.All(cases, c => Assert.Equal((string?)c["stripped"], AnswerText.Normalize((string)c["text"]!, (bool)c["skip_unit"]!)));
        GoldenLedger.Add("grading/strip.jsonl", "answers normalized", cases.Count);
    }

    [Fact]
    public void Choice_Texts_AreThePublishedOnes()
    {
        var cases = Lines("grading/choice.jsonl");
        Assert.All(cases, c => Assert.Equal((string?)c["parser_choice_answer_clean"], AnswerExtraction.Choice((string)c["text"]!)));
        Assert.All(cases, c =>
            Assert.Equal((string?)c["grader_choice_answer_clean"], AnswerExtraction.Letter((string)c["text"]!, first: false)));
        GoldenLedger.Add("grading/choice.jsonl", "letters chosen", 2 * cases.Count);
    }

    [Theory, InlineData(GraderType.Published, 0.99), InlineData(GraderType.Math, 0.97)]
    public void Grade_Pairs_AgreeButForTheListedOnes(GraderType grader, double atLeast)
    {
        var cases = Lines("grading/equal.jsonl");
        var verdicts = Grade(grader, PromptType.Qwen25MathCot,
            cases.Select(c => new JsonObject { ["prediction"] = (string)c["prediction"]!, ["truth"] = (string)c["truth"]! }));
        string[] differing =
            [.. cases.Zip(verdicts).Where(pair => (bool)pair.First["equal"]! != (bool)pair.Second["equal"]!).Select(pair =>
            Key((string)pair.First["prediction"]!, (string)pair.First["truth"]!))];
        // Pairs of records under non-commercial licences are listed by their hash.
        string[] listed = [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Evaluation/disagreements.jsonl")).Select(line =>
            JsonNode.Parse(line)!)
            .Where(line => (string)line["grader"]! == (grader == GraderType.Math ? "math" : "published"))
            .Select(line => (string?)line["pair"] ?? Key((string)line["prediction"]!, (string)line["truth"]!))];
        Assert.Equal(listed.Order(), differing.Order());
        Assert.True(differing.Length <= (1 - atLeast) * cases.Count, $"{differing.Length} of {cases.Count} differ");
        GoldenLedger.Add("grading/equal.jsonl",
            $"answers compared, grader {grader.ToString().ToLowerInvariant()}, but for {differing.Length} listed ones",
            cases.Count - differing.Length);

        static string Key(string prediction, string truth) =>
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{prediction}\t{truth}")))[..16];
    }

    [Theory, InlineData("gsm8k"), InlineData("math"), InlineData("svamp"), InlineData("asdiv"), InlineData("minerva_math"),
        InlineData("olympiadbench"), InlineData("mmlu_stem")]
    public void Prompts_Records_AreThePublishedOnes(string set)
    {
        var name = EnumOption.Value<BenchmarkName>(set);
        var expected = Lines($"benchmarks/{set}/expected.jsonl");
        foreach (var (type, field) in new[] { (PromptType.Qwen25MathCot, "prompt_qwen25_math_cot"),
            (PromptType.Cot, "prompt_cot") })
        {
            var made = Run(File.ReadAllText(SharedFolder.Of($"benchmarks/{set}/test.jsonl")), (input, output) =>
                PromptsCommand.Run(name, type, input, output));
            Assert.Equal(expected.Select(e => ((string?)e["question"], (string?)e["gt"], (string?)e[field])),
                made.Select(m => ((string?)m["question"], (string?)m["truth"], (string?)m["prompt"])));
        }
        GoldenLedger.Add($"benchmarks/{set}", "question, right answer and two prompts of a record", expected.Count);
    }

    [Theory, InlineData("gsm8k"), InlineData("math"), InlineData("svamp"), InlineData("asdiv"), InlineData("minerva_math"),
        InlineData("olympiadbench"), InlineData("mmlu_stem")]
    public void Grade_WholeWay_GivesThePublishedScores(string set)
    {
        var published = JsonNode.Parse(File.ReadAllText(SharedFolder.Of("benchmarks/accuracy.json")))!.AsArray();
        var truths = Lines($"benchmarks/{set}/expected.jsonl").ToDictionary(e => (int)e["idx"]!, e => (string)e["gt"]!);
        var scored = Lines($"benchmarks/{set}/scored.jsonl");
        var changed = SharedFolder.Find($"benchmarks/{set}/scored_cot.jsonl") is null ? []
            : Lines($"benchmarks/{set}/scored_cot.jsonl").ToDictionary(s => (int)s["idx"]!);
        foreach (var type in Enum.GetValues<PromptType>())
        {
            JsonNode[] golden = [.. scored.Select(s => type == PromptType.Cot && changed.TryGetValue((int)s["idx"]!, out var other) ? other
                : s)];
            var graded = Grade(GraderType.Published, type,
                golden.Select(s => new JsonObject
                {
                    ["benchmark"] = set,
                    ["response"] = (string)s["response"]!,
                    ["truth"] = truths[(int)s["idx"]!]
                }));
            Assert.Equal(golden.Select(s => (bool)s["score"]!), graded.Select(g => (bool)g["equal"]!));
            // The published program normalizes what it extracted once more before it compares.
            Assert.All(golden.Zip(graded), pair =>
            {
                string pred = (string?)pair.First["pred"] ?? "", extracted = (string)pair.Second["extracted"]!;
                Assert.Equal(pred, extracted == pred ? pred : AnswerText.Normalize(extracted, set == "minerva_math"));
            });
            var accuracy = Math.Round(100.0 * graded.Count(g => (bool)g["equal"]!) / graded.Count, 1, MidpointRounding.ToEven);
            Assert.Equal((double)published.Single(p => (string)p!["set"]! == set
                && (string)p["prompt_type"]! == EnumOption.Name(type))!["acc"]!, accuracy);
        }
        GoldenLedger.Add($"benchmarks/{set}", "responses scored the whole way, two prompt types", 2 * scored.Count);
    }

    private static List<JsonNode> Lines(string path) => [.. File.ReadLines(SharedFolder.Of(path)).Select(line => JsonNode.Parse(line)!)];

    private static List<JsonNode> Grade(GraderType grader, PromptType type, IEnumerable<JsonObject> lines) =>
        Run(string.Join('\n', lines.Select(line => line.ToJsonString())), (input, output) => GradeCommand.Run(grader, type, input, output));

    internal static List<JsonNode> Run(string lines, Action<TextReader, Stream> tool)
    {
        using var input = new StringReader(lines);
        using var output = new MemoryStream();
        tool(input, output);
        return [.. Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
            JsonNode.Parse(line)!)];
    }
}
