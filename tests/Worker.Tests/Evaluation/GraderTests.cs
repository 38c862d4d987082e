using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Inspect;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Tests.Evaluation;

public class GraderTests
{
    [Theory]
    // The published verdict is wrong about these; the other grader is not.
    [InlineData("(0,1]", "[0,1)", true, false)]
    [InlineData("(2,\\infty)", "[2,\\infty)", true, false)]
    [InlineData("28.2743", "9\\pi", false, true)]
    [InlineData("7.5 \\times 10^7", "7.5e7", false, true)]
    [InlineData("x>3", "x \\geq 3", true, false)]
    [InlineData("x>3", "x<3", true, false)]
    // Both agree about these; the published verdict stands wherever it is not plainly wrong.
    [InlineData("i^2", "-1", false, false)]
    [InlineData("1.5", "3\\frac{1}{2}", true, true)]
    [InlineData("(1,2)", "[1,2]", true, true)]
    [InlineData("3,2,1", "1,2,3", false, false)]
    [InlineData("0.25", "25", true, true)]
    [InlineData("x<3", "3>x", true, true)]
    [InlineData("\\frac{\\sqrt{8}}{2}", "\\sqrt{2}", true, true)]
    [InlineData("(x+1)^{20}-(x+1)^{20}+x", "x", true, true)]
    [InlineData("10000000001x", "10000000002x", false, false)]
    [InlineData("\\sqrt{x^2}", "x", false, false)]
    [InlineData("\\frac{x^2-1}{x-1}", "x+1", true, true)]
    [InlineData("2y=2x", "y=x", false, false)]
    [InlineData("-34x-20z-100=0", "34x+20z+100=0", true, true)]
    [InlineData("", "5", false, false)]
    public void AreEqual_Pairs_ArePublishedOrCorrected(string prediction, string truth, bool published, bool corrected)
    {
        Assert.Equal(published, new AnswerGrader(GraderType.Published).AreEqual(prediction, truth));
        Assert.Equal(corrected, new AnswerGrader(GraderType.Math).AreEqual(prediction, truth));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Grade_HostileLatex_TakesBoundedWork(int seed)
    {
        static string Many(string text, int times) => string.Concat(Enumerable.Repeat(text, times));
        string[] monsters =
        [
            Many("(", 5000), Many("{", 1900) + "1" + Many("}", 1900), Many("[1,", 1300), Many("\\frac{", 600), Many("x(", 1900),
                Many("x(", 900) + "1" + Many(")", 900), Many("\\sin(", 700),
            Many("|", 3000), "2" + Many("^2", 1900), "2" + Many("^{2", 900) + Many("}", 900), "9^{9^{9^9}}x", Many("9", 3900),
                Many("-", 3900) + "1", "5" + Many("!", 3900), "99999999!",
            Many("x^{999999999}", 300), Many("\\sqrt{", 600), Many("x_{", 600), Many("=", 3000), Many("1<", 1500) + "2", "\\begin{pmatrix}"
                + Many("1&", 1900) + "1\\end{pmatrix}",
            Many("boxed{", 100_000), Many("\\text{", 30_000), Many("\\begin{array}{", 20_000), Many("a ", 100_000), Many("1", 100_000),
                Many("1,", 100_000), "(" + Many("1,", 2000) + "1)",
            Many("\u0000", 3000), Many("\ud83d", 3000), Many("\\", 3999), "[" + Many("(x^{77}+1)^{33},", 240) + "1]", Many("(x+", 90) + "1"
                + Many(")^{9999}", 90), "10^{400}x", "x^{10^{15}}",
        ];
        string[] atoms =
            [.. ("x 2 \\frac { } ( ) ^ _ \\sqrt + - = , \\pi | \\sin ! [ ] \\\\ & \\begin{pmatrix} \\end{pmatrix} . % < e i \\{ \\} \\cup "
            + "\\infty \\text{ boxed answer").Split(' ')];
        var random = new Random(seed);
        string Random() => string.Concat(Enumerable.Range(0, random.Next(1, 400)).Select(_ => atoms[random.Next(atoms.Length)]));
        var lines = monsters.SelectMany(m =>
            new[] { (m, m + "1"), (m, "x+1"), ($"\\boxed{{{m}}}", m), (m, $"[{m}]"), ($"x={m}", $"y={m}2") }).Concat(Enumerable.Range(0,
            300).Select(_ => (Random(), Random())));
        foreach (var (one, other) in seed == 1 ? lines : lines.Skip(5 * monsters.Length))
        {
            // The test ends, and by an answer, not by a stack overflow or an exception.
            new AnswerGrader(GraderType.Math, new Benchmark(BenchmarkName.Math)).Grade(one, other);
            new AnswerGrader(GraderType.Math).AreEqual(one, other);
        }
    }

    [Theory]
    [InlineData(GraderType.Gsm8k, "So $\\boxed{\\frac{1}{2}}$.", false)]
    [InlineData(GraderType.Gsm8k, "\\frac{1}{2}", false)]
    [InlineData(GraderType.Gsm8k, "3 + 4 is 7", false)]
    [InlineData(GraderType.Gsm8k, "none", false)]
    [InlineData(GraderType.Gsm8k, "3 + 4 = 7\n#### 7", true)]
    [InlineData(GraderType.Gsm8k, "$1,234", true)]
    [InlineData(GraderType.Gsm8k, "42 apples.", true)]
    [InlineData(GraderType.Math, "First this.\nThen that is 5.", false)]
    [InlineData(GraderType.Math, "", false)]
    [InlineData(GraderType.Math, "First this.\nThen $\\boxed{5}$.", true)]
    [InlineData(GraderType.Math, "\\frac{1}{2}", true)]
    [InlineData(GraderType.Exact, " ", false)]
    [InlineData(GraderType.Exact, "B", true)]
    public void Check_References_RefusesWhatTheGraderCannotCompare(GraderType grader, string reference, bool fits)
    {
        var error = Record.Exception(() =>
            new AnswerGrader(grader).Check([("question 1", grader == GraderType.Gsm8k ? "#### 1" : "1"), ("question 2", reference)]));
        if (fits)
        {
            Assert.Null(error);
            return;
        }
        Assert.Equal(ExitCode.BadData, Assert.IsType<WorkerException>(error).Code);
        Assert.StartsWith($"1 of 2 references do not fit grader {grader.ToString().ToLowerInvariant()}", error.Message);
        Assert.Contains("question 2", error.Message);
    }

    [Fact]
    public void Check_OfNoReference_SaysSo() =>
        Assert.Equal(ExitCode.BadData, Assert.Throws<WorkerException>(() => new AnswerGrader(GraderType.Math).Check([])).Code);

    [Theory]
    [InlineData(BenchmarkName.Gsm8k, """{"question":"1+1?","answer":"2"}""", "field 'answer' must hold one '####'")]
    [InlineData(BenchmarkName.MmluStem, """{"question":"1+1?","choices":["1","2"],"answer":1}""", "field 'choices' must list four choices")]
    [InlineData(BenchmarkName.MmluStem, """{"question":"1+1?","choices":["1","2","3","4"],"answer":4}""",
        "field 'answer' must be a number from 0 to 3")]
    [InlineData(BenchmarkName.OlympiadBench, """{"question":"1+1?","final_answer":[]}""", "field 'final_answer' must be a list of texts")]
    [InlineData(BenchmarkName.Svamp, """{"Body":"A.","Question":"B?"}""", "field 'Answer' is missing")]
    public void Read_RecordOfAnotherLayout_NamesTheField(BenchmarkName name, string record, string message)
    {
        var error = Assert.Throws<WorkerException>(() =>
            GradingGoldenTests.Run(record, (input, output) => PromptsCommand.Run(name, PromptType.Cot, input, output)));
        Assert.Equal(ExitCode.BadData, error.Code);
        Assert.StartsWith("line 1: " + message, error.Message);
    }

    [Fact]
    public void Read_VerlsRecords_GivesTheSameProblems()
    {
        const string gsm8k =
            """{"data_source":"openai/gsm8k","prompt":[{"role":"user","content":"1+1? Let's think step by step and output the final answer after \"####\"."}],"reward_model":{"style":"rule","ground_truth":"2"}}""";
        const string math = """{"prompt":[{"role":"user","content":"1+1? Let's think step by step and output the final answer within \\boxed{}."}],"reward_model":{"style":"rule","ground_truth":"\\frac{4}{2}"}}""";
        Assert.Equal(new BenchmarkProblem("1+1?", "2"), Read(BenchmarkName.Gsm8k, gsm8k));
        Assert.Equal(new BenchmarkProblem("1+1?", "\\frac{4}{2}"), Read(BenchmarkName.Math, math));

        static BenchmarkProblem Read(BenchmarkName name, string record) =>
            new Benchmark(name).Read(new DataRecord(0, JsonNode.Parse(record)!.AsObject(), "line 1"));
    }

    [Theory]
    [InlineData("""{"truth":"1"}""", "line 1: needs 'response' or 'prediction'")]
    [InlineData("""{"prediction":"1"}""", "line 1: needs 'truth'")]
    [InlineData("""{"benchmark":"gsm9k","response":"1"}""", "line 1: 'gsm9k' is not one of gsm8k, math")]
    public void Grade_BadLine_IsNamed(string line, string message) =>
        Assert.StartsWith(message,
            Assert.Throws<WorkerException>(() =>
            GradingGoldenTests.Run(line, (input, output) => GradeCommand.Run(GraderType.Math, PromptType.Cot, input, output))).Message);
}
