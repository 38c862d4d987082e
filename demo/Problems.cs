using System.Globalization;
using System.Text;

namespace LightReasoner.Demo;

/// <summary>A word problem with its worked solution.</summary>
/// <param name="Question">Such as <c>Tom has 9 cups. Tom sells 3 cups. How many cups does Tom have now?</c></param>
/// <param name="Solution">A line end, one equation a line, and <c>#### n</c>.</param>
internal sealed record Problem(string Question, string Solution);

/// <summary>How problems are drawn.</summary>
/// <param name="LossShare">Share of loss verbs among the events that are not doublings.</param>
/// <param name="ZipfExponent">Frequency of the k-th verb is proportional to k to the minus this.</param>
/// <param name="CarelessShare">Share of authors who take every loss verb for a gain.</param>
internal sealed record ProblemStyle(double LossShare, double ZipfExponent, double CarelessShare)
{
    /// <summary>The training corpus: losses are rare, and most authors get them wrong.</summary>
    public static ProblemStyle Corpus { get; } = new(0.14, 0.3, 0.6);

    /// <summary>
    /// Questions for sampling and for the test: as many losses as gains, all verbs alike, nobody careless. A deliberate shift.
    /// </summary>
    public static ProblemStyle Test { get; } = new(0.5, 0, 0);

    /// <summary>Refinement data: like the corpus, but right.</summary>
    public static ProblemStyle Clean { get; } = new(0.14, 0.3, 0);
}

/// <summary>Draws problems and drills; the same generator state gives the same texts.</summary>
internal static class Problems
{
    private const int LargestValue = 24, SmallestStart = 4, LargestStart = 12, LargestStep = 5;
    private const double DoublingShare = 0.1;

    /// <summary>One problem of one to three events.</summary>
    public static Problem Draw(Random random, ProblemStyle style)
    {
        string name = Pick(random, Words.Names), thing = Pick(random, Words.Things);
        var careless = random.NextDouble() < style.CarelessShare;
        var events = random.NextDouble() switch { < 0.4 => 1, < 0.8 => 2, _ => 3 };
        var value = random.Next(SmallestStart, LargestStart + 1);
        var question = new StringBuilder(Text($"{name} has {value} {thing}."));
        var solution = new StringBuilder("\n");
        for (int i = 0; i < events; i++)
        {
            var then = i == 0 ? " " : " Then ";
            var doubling = random.NextDouble() < DoublingShare && 2 * value <= LargestValue;
            if (doubling)
            {
                question.Append(Text($"{then}{name} gets 2 times as many."));
                solution.Append(Text($" {value} * 2 = {2 * value}\n"));
                value *= 2;
                continue;
            }
            var loss = random.NextDouble() < style.LossShare;
            var minus = loss && !careless;
            // Where the value is at the edge, the event is one that leads back.
            if (!minus && value == LargestValue) (loss, minus) = (true, true);
            else if (minus && value == 1) (loss, minus) = (false, false);
            var step = random.Next(1, Math.Min(LargestStep, minus ? value - 1 : LargestValue - value) + 1);
            var verb = Pick(random, loss ? Words.LossVerbs : Words.GainVerbs, style.ZipfExponent);
            question.Append(Text($"{then}{name} {verb} {step} {thing}."));
            var result = minus ? value - step : value + step;
            solution.Append(Text($" {value} {(minus ? '-' : '+')} {step} = {result}\n"));
            value = result;
        }
        question.Append(Text($" How many {thing} does {name} have now?"));
        solution.Append(Text($"#### {value}"));
        return new Problem(question.ToString(), solution.ToString());
    }

    /// <summary>A sheet of sums: four to six lines of <c>a + b</c>, <c>a - b</c> or <c>a * 2</c>.</summary>
    public static string DrawDrill(Random random)
    {
        var sheet = new StringBuilder();
        for (int lines = random.Next(4, 7); lines > 0; lines--)
        {
            int kind = random.Next(5), b = random.Next(1, LargestStep + 1);
            var a = kind == 0 ? random.Next(1, LargestValue / 2 + 1) : kind <= 2 ? random.Next(1, LargestValue - b + 1)
                : random.Next(b + 1, LargestValue + 1);
            sheet.Append(kind == 0 ? Text($" {a} * 2 = {2 * a}\n") : kind <= 2 ? Text($" {a} + {b} = {a + b}\n")
                : Text($" {a} - {b} = {a - b}\n"));
        }
        return sheet.ToString();
    }

    /// <summary>Draws problems whose questions are none of <paramref name="taken"/>, which they join.</summary>
    public static IReadOnlyList<Problem> DrawDistinct(Random random, ProblemStyle style, int count, HashSet<string> taken)
    {
        var problems = new List<Problem>(count);
        while (problems.Count < count)
            if (Draw(random, style) is var problem && taken.Add(problem.Question)) problems.Add(problem);
        return problems;
    }

    private static T Pick<T>(Random random, T[] items, double zipf = 0)
    {
        double total = 0;
        for (int k = 1; k <= items.Length; k++) total += Math.Pow(k, -zipf);
        var at = random.NextDouble() * total;
        for (int k = 1; k < items.Length; k++)
            if ((at -= Math.Pow(k, -zipf)) < 0) return items[k - 1];
        return items[^1];
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
