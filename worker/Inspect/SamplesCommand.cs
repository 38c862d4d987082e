using System.CommandLine;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Inspect;

/// <summary><c>worker inspect samples</c>: what a SamplingRun, or the published program, wrote.</summary>
internal static class SamplesCommand
{
    private static readonly double[] KlBounds = [0, 0.25, 0.5, 1, 2, 4, 8, 16, double.PositiveInfinity];

    public static Command Create()
    {
        var source = new Argument<string>("source") { Description = "A samples file, a folder of them, or a run's output." };
        var command = new Command("samples",
            "Prints counts, a KL histogram, plausible-set sizes, samples and tokens per question as one JSON object.") { source };
        command.SetAction(async (parsed, cancellation) =>
        {
            var uri = BlobUri.Absolute(parsed.GetValue(source)!);
            // A run's output stands for the samples in it; beside them lie the figures of its chunks.
            var output = BlobUri.Open(uri.TrimEnd('/').EndsWith("/samples", StringComparison.Ordinal)
                ? uri.TrimEnd('/')[..^"/samples".Length] : uri);
            var figures = output is HttpStore ? null : await RunRecords.FiguresAsync(output, cancellation);
            if (figures is not null) uri = BlobUri.Join(output.Uri, "samples/*");
            using var samples = await Datasets.SamplesAsync(uri, null, cancellation);
            var description = Describe(samples);
            if (figures is not null)
                (description["questionsAsked"], description["answersCut"], description["promptsTooLong"]) =
                    (figures.Questions, figures.AnswersCut, figures.PromptsTooLong);
            Console.WriteLine(description.ToJsonString(ApiJson.Indented));
            return 0;
        });
        return command;
    }

    internal static JsonObject Describe(IReadOnlyList<ContrastiveSample> samples)
    {
        var kl = new List<double>(samples.Count);
        var sizes = new SortedDictionary<int, int>();
        var questions = new Dictionary<string, (int Samples, int Tokens)>();
        foreach (var sample in samples)
        {
            kl.Add(sample.KlDivergence);
            sizes[sample.TokenIds.Length] = sizes.GetValueOrDefault(sample.TokenIds.Length) + 1;
            var (count, tokens) = questions.GetValueOrDefault(sample.PromptId);
            questions[sample.PromptId] = (count + 1, Math.Max(tokens, sample.Step + 1));
        }
        var histogram = KlBounds.Zip(KlBounds.Skip(1), (low, high) => KeyValuePair.Create(
            $"[{low}, {high})", (JsonNode?)kl.Count(value => value >= low && value < high)));
        return new JsonObject
        {
            ["samples"] = samples.Count,
            ["questions"] = questions.Count,
            ["klMean"] = kl.Average(),
            ["klMax"] = kl.Max(),
            ["klHistogram"] = new JsonObject(histogram),
            ["plausibleSetSizes"] = new JsonObject(sizes.Select(size =>
                KeyValuePair.Create($"{size.Key}", (JsonNode?)size.Value))),
            ["samplesPerQuestion"] = Spread(questions.Values.Select(question => question.Samples)),
            // The answer up to its last sampled token; what came after it left no trace.
            ["tokensPerQuestion"] = Spread(questions.Values.Select(question => question.Tokens)),
        };
    }

    private static JsonObject Spread(IEnumerable<int> values)
    {
        int[] sorted = [.. values.Order()];
        var median = sorted[sorted.Length / 2];
        return new JsonObject { ["min"] = sorted[0], ["median"] = median, ["mean"] = sorted.Average(), ["max"] = sorted[^1] };
    }
}
