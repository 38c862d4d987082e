using LightReasoner.Api;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Generation;
using LightReasoner.Worker.Tests.Models;

namespace LightReasoner.Worker.Tests.Evaluation;

public class EvaluationTests
{
    [Theory]
    [InlineData("She has 3 + 4 = <<3+4=7>>7 apples.\n#### 7", "7")]
    [InlineData("#### 1,234", "1234")]
    [InlineData("#### $1,234.50.", "1234.50")]
    [InlineData("#### -5", "-5")]
    [InlineData("#### 3\n#### 4", "3")]
    [InlineData("#### none\n#### 4", "4")]
    [InlineData("#### 12,34", "1234")]
    [InlineData("#### \u22125", "-5")]
    [InlineData("it is \u20135", "-5")]
    [InlineData("10\u20133", "3")]
    [InlineData("The answer is 42.", "42")]
    [InlineData("It costs $18, so 2 cost $36.", "36")]
    [InlineData("10-3", "3")]
    [InlineData("the answer is \\boxed{-12}", "-12")]
    [InlineData("1,2,3", "3")]
    [InlineData("12 #### none", "12")]
    [InlineData("no number", null)]
    [InlineData("", null)]
    public void Extract_Answers_GivesTheFinalNumber(string answer, string? number) => Assert.Equal(number, Gsm8kAnswer.Extract(answer));

    [Theory]
    [InlineData("18", "18.0", true)]
    [InlineData("18", "18.5", false)]
    [InlineData("-3", "3", false)]
    [InlineData(null, "3", false)]
    [InlineData(null, null, false)]
    public void AreEqual_Numbers_ComparesValues(string? one, string? other, bool equal) =>
        Assert.Equal(equal, Gsm8kAnswer.AreEqual(one, other));

    [Fact]
    public void Wilson_KnownCases_GivesPublishedIntervals()
    {
        var none = ConfidenceInterval.Wilson(0, 10);
        Assert.Equal(0, none.Low, 1e-12);
        Assert.Equal(0.2775, none.High, 1e-4);
        var half = ConfidenceInterval.Wilson(50, 100);
        Assert.Equal((0.4038, 0.5962), (Math.Round(half.Low, 4), Math.Round(half.High, 4)));
        Assert.Equal(1, ConfidenceInterval.Wilson(10, 10).High, 1e-12);
    }

    // Fagerland, Lydersen and Laake, Statistical Analysis of Contingency Tables, table 8.8 (Newcombe's square-and-add); Newcombe 1998,
    // table III, method 10.
    [Theory]
    [InlineData(2, 7, 1, 21, 0.026, 0.507)]
    [InlineData(48, 2, 12, 50, -0.3404, -0.0569)]
    public void PairedDifference_PublishedTables_GivesTheirIntervals(int before, int improved, int worsened, int questions, double low,
        double high)
    {
        var interval = ConfidenceInterval.PairedDifference(before, improved, worsened, questions);
        Assert.Equal((low, high), (Math.Round(interval.Low, low == 0.026 ? 3 : 4), Math.Round(interval.High, low == 0.026 ? 3 : 4)));
    }

    [Theory, InlineData(0), InlineData(300), InlineData(600)]
    public void PairedDifference_NothingChanged_StillHasAWidth(int before)
    {
        var interval = ConfidenceInterval.PairedDifference(before, 0, 0, 600);
        Assert.True(interval.Low < 0 && interval.High > 0, $"{interval}");
        Assert.True(interval.High - interval.Low < 0.02, $"{interval}");
    }

    [Fact]
    public void PairedDifference_EveryQuestionChanged_EndsAtOne()
    {
        Assert.Equal(1, ConfidenceInterval.PairedDifference(0, 10, 0, 10).High, 1e-12);
        Assert.Equal(-1, ConfidenceInterval.PairedDifference(10, 0, 10, 10).Low, 1e-12);
    }

    /// <summary>Speed 1 at 80 %, 2 at 78 %, and 4 at 70 %, which is too far below the slowest: 80 + (78 · exp(−3 · 2/80) + 80)/2.</summary>
    [Fact]
    public void Aup_ThreeSettings_IsTheWeightedAreaOfTheFirstTwo()
    {
        PassAccuracy[] settings = [new("a", 100, 80, 1), new("c", 100, 70, 4), new("b", 100, 78, 2)];
        Assert.Equal(80 + (78 * Math.Exp(-0.075) + 80) / 2, PassAccuracy.Aup(settings), 1e-9);
        Assert.Equal(0, PassAccuracy.Aup([new("a", 100, 0, 3)]));
    }

    [Theory, InlineData(Decoding.Tokens), InlineData(Decoding.Blocks), InlineData(Decoding.Masks)]
    public void Evaluate_Questions_JudgesEachAnswer(Decoding decoding)
    {
        using var model = Goldens.Model("qwen2-tiny");
        var spec = new EvaluationSpec
        {
            Prompt = new PromptSpec { Template = PromptTemplate.None },
            Generation = new EvaluationGenerationSpec { MaxNewTokens = 16 },
            BlockLength = 8,
            RefineIterations = 1
        };
        Question[] questions = [.. Enumerable.Range(0, 5).Select(i => new Question(i, $"q{i}", $"abc{i}", "#### 7"))];
        var tokenizer = TestTokenizer.Create();
        var first = AccuracyEvaluator.Evaluate(model, tokenizer, questions, spec, decoding);
        // Asking again with what it answered as the right answers: all are right where the answer had a number.
        var known = questions.Zip(first.Answers, (q, a) => q with { Answer = Gsm8kAnswer.Extract(a) ?? "0" }).ToArray();
        var second = AccuracyEvaluator.Evaluate(model, tokenizer, known, spec, decoding);
        Assert.Equal(first.Answers, second.Answers);
        Assert.Equal(first.Answers.Select(a => Gsm8kAnswer.Extract(a) is not null), second.Correct);
        if (decoding is not Decoding.Tokens)
            Assert.True(second.TokensPerForward > 1);
        else
            Assert.Equal(1, second.TokensPerForward);
        Assert.Contains("question 1",
            Assert.Throws<WorkerException>(() =>
            AccuracyEvaluator.Evaluate(model, tokenizer, [questions[0] with { Answer = "none" }], spec, decoding)).Message);
    }
}
