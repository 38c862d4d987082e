using System.CommandLine;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Inspect;

/// <summary><c>worker inspect samples</c>: what a SamplingRun, or the published program, wrote.</summary>
internal static class SamplesCommand
{
    private static readonly double[] KlBounds = [0, 0.25, 0.5, 1, 2, 4, 8, 16];

    public static Command Create()
    {
        var source = new Argument<string>("source") { Description = "A samples file, or a folder of them." };
        var command = new Command("samples", "Prints counts, a KL histogram, plausible-set sizes and samples per question as one JSON object.") { source };
        command.SetAction(async (parsed, cancellation) =>
        {
            string uri = BlobUri.Absolute(parsed.GetValue(source)!);
            if (BlobUri.Open(uri) is DirectoryBlobStore folder && Directory.Exists(folder.Root)) uri = BlobUri.Join(uri, "*");
            Console.WriteLine(Describe(await Datasets.SamplesAsync(uri, null, cancellation)).ToJsonString(ApiJson.Indented));
            return 0;
        });
        return command;
    }

    internal static JsonObject Describe(IReadOnlyList<ContrastiveSample> samples)
    {
        int[] perQuestion = [.. samples.GroupBy(s => s.PromptId).Select(g => g.Count()).Order()];
        var histogram = new JsonObject();
        for (int i = 0; i < KlBounds.Length; i++)
        {
            double low = KlBounds[i], high = i + 1 < KlBounds.Length ? KlBounds[i + 1] : double.PositiveInfinity;
            histogram[FormattableString.Invariant($"[{low}, {high})")] = samples.Count(s => s.KlDivergence >= low && s.KlDivergence < high);
        }
        return new JsonObject
        {
            ["samples"] = samples.Count,
            ["questions"] = perQuestion.Length,
            ["klMean"] = samples.Average(s => s.KlDivergence),
            ["klMax"] = samples.Max(s => s.KlDivergence),
            ["klHistogram"] = histogram,
            ["plausibleSetSizes"] = new JsonObject(samples.GroupBy(s => s.TokenIds.Length).OrderBy(g => g.Key)
                .Select(g => KeyValuePair.Create(g.Key.ToString(System.Globalization.CultureInfo.InvariantCulture), (JsonNode?)g.Count()))),
            ["samplesPerQuestion"] = new JsonObject
            {
                ["min"] = perQuestion[0],
                ["median"] = perQuestion[perQuestion.Length / 2],
                ["max"] = perQuestion[^1],
            },
            ["lastStepMean"] = samples.GroupBy(s => s.PromptId).Average(g => g.Max(s => s.Step)),
        };
    }
}
