using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LightReasoner.Demo;

/// <summary>The corpus and the data files of the demo, all from fixed seeds.</summary>
internal sealed class DemoData
{
    private const int DocumentCount = 20_000, QuestionCount = 600, RefinementCount = 12_000;
    private const double DrillShare = 0.4;

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private DemoData(IReadOnlyList<string> corpus, IReadOnlyList<Problem> questions, IReadOnlyList<Problem> test,
        IReadOnlyList<Problem> refinement) =>
        (Corpus, Questions, Test, Refinement) = (corpus, questions, test, refinement);

    /// <summary>What the models are trained on.</summary>
    public IReadOnlyList<string> Corpus { get; }

    /// <summary>What is sampled; the solutions are not used.</summary>
    public IReadOnlyList<Problem> Questions { get; }

    /// <summary>What accuracy is measured on.</summary>
    public IReadOnlyList<Problem> Test { get; }

    /// <summary>What refinement is trained on.</summary>
    public IReadOnlyList<Problem> Refinement { get; }

    /// <summary>Draws everything for one seed; question texts are disjoint between the four.</summary>
    public static DemoData Draw(int seed)
    {
        var taken = new HashSet<string>();
        var test = Problems.DrawDistinct(new Random(1000 + seed), ProblemStyle.Test, QuestionCount, taken);
        var questions = Problems.DrawDistinct(new Random(2000 + seed), ProblemStyle.Test, QuestionCount, taken);
        var random = new Random(3000 + seed);
        var corpus = new List<string>(DocumentCount);
        while (corpus.Count < DocumentCount)
        {
            if (random.NextDouble() < DrillShare) corpus.Add(Problems.DrawDrill(random));
            else if (Problems.Draw(random, ProblemStyle.Corpus) is var problem && !taken.Contains(problem.Question))
                corpus.Add(problem.Question + problem.Solution);
        }
        return new DemoData(corpus, questions, test, Problems.DrawDistinct(new Random(4000 + seed), ProblemStyle.Clean,
            RefinementCount, taken));
    }

    /// <summary>Writes the data files of the quickstart.</summary>
    public async Task WriteAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllLinesAsync(Path.Combine(folder, "questions.jsonl"),
            Questions.Select((p, i) => Line(("id", $"q{i:D4}"), ("question", p.Question))));
        await File.WriteAllLinesAsync(Path.Combine(folder, "test.jsonl"),
            Test.Select((p, i) => Line(("id", $"t{i:D4}"), ("question", p.Question), ("answer", p.Solution.Trim()))));

        RefinementFile.Write(Path.Combine(folder, "refine.parquet"), Refinement);
    }

    private static string Line(params (string Name, string Value)[] fields) =>
        new JsonObject(fields.Select(f => KeyValuePair.Create(f.Name, (JsonNode?)f.Value))).ToJsonString(Json);
}
