using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

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
        foreach (var run in runs)
        {
            if (run["status"]?["metrics"]?["evaluation"] is not JsonObject evaluation) continue;
            var what = (string?)run["kind"] == "RefineRun" ? "block generation" : "answers";
            var speed = (double?)evaluation["tokensPerForward"] is { } tokens
                ? Invariant($"; {tokens:0.0} tokens per forward pass") : "";
            yield return Invariant($"{RunTable.Name(run)}, {what} on {evaluation["questions"]} held-out questions: {Share("before")} ")
                + Invariant($"before, {Share("after")} after; change {Percent("after") - Percent("before"):+0.0;-0.0} points, ")
                + Invariant($"95 % interval {Percent("changeLow"):+0.0;-0.0} to {Percent("changeHigh"):+0.0;-0.0}{speed}");

            double Percent(string field) => 100 * (double)evaluation[field]!;

            string Share(string when) =>
                Invariant($"{Percent(when):0.0} % ({Percent(when + "Low"):0.0} to {Percent(when + "High"):0.0})");
        }
        yield return "";
        yield return "What this shows: the models are tiny and their training corpus was written by \"careless authors\" who mostly turn "
            + "a loss into a gain, so that the expert";
        yield return "has something to be reminded of; the learning rate is ten times the paper's, which is meant for billions of "
            + "parameters. docs/demo.md has the details.";
        yield return "";
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
