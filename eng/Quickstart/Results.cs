using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;

namespace LightReasoner.Quickstart;

/// <summary>What came out: the summary file, and the sentences that say whether it helped.</summary>
internal static class Results
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping
    };

    public static void Write(string path, IReadOnlyList<JsonObject> runs, TimeSpan elapsed)
    {
        var summary = new JsonObject
        {
            ["runs"] = new JsonArray([.. runs.Select(run => new JsonObject
            {
                ["kind"] = run["kind"]!.DeepClone(),
                ["name"] = run["metadata"]!["name"]!.DeepClone(),
                ["phase"] = run["status"]?["phase"]?.DeepClone(),
                ["status"] = run["status"]?.DeepClone(),
            })]),
            ["seconds"] = Math.Round(elapsed.TotalSeconds, 1),
        };
        File.WriteAllText(path, summary.ToJsonString(Readable) + "\n");
    }

    public static IEnumerable<string> Sentences(IReadOnlyList<JsonObject> runs)
    {
        yield return "";
        foreach (JsonObject run in runs)
        {
            if (run["status"]?["metrics"]?["evaluation"] is not JsonObject evaluation) continue;
            int n = (int)evaluation["questions"]!, improved = (int)evaluation["improved"]!, worsened = (int)evaluation["worsened"]!;
            double before = (double)evaluation["before"]!, after = (double)evaluation["after"]!;
            string what = (string?)run["kind"] == "RefineRun" ? "block generation" : "answers";
            (double low, double high) = ConfidenceInterval.PairedDifference((int)Math.Round(before * n), improved, worsened, n);
            string speed = (double?)evaluation["tokensPerForward"] is { } tokens
                ? Invariant($"; {tokens:0.0} tokens per forward pass") : "";
            yield return Invariant(
                $"{RunTable.Name(run)}, {what} on {n} held-out questions: {Share(before, n)} before, {Share(after, n)} after; ")
                + Invariant($"change {100 * (after - before):+0.0;-0.0} points, 95 % interval {100 * low:+0.0;-0.0} to {100 * high:+0.0;-0.0}{speed}");
        }
        yield return "";
        yield return "What this shows: the models are tiny and their training corpus was written by \"careless authors\" who mostly turn "
            + "a loss into a gain, so that the expert";
        yield return "has something to be reminded of; the learning rate is ten times the paper's, which is meant for billions of "
            + "parameters. docs/demo.md has the details.";
        yield return "";
    }

    private static string Share(double share, int n)
    {
        (double low, double high) = ConfidenceInterval.Wilson((int)Math.Round(share * n), n);
        return Invariant($"{100 * share:0.0} % ({100 * low:0.0} to {100 * high:0.0})");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
