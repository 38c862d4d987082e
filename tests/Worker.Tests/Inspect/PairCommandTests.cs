using System.Text.Json.Nodes;

namespace LightReasoner.Worker.Tests.Inspect;

/// <summary><c>worker inspect pair</c> on the quickstart's models.</summary>
public class PairCommandTests
{
    private static readonly string Examples = RepositoryFolder.Of("examples", "quickstart");

    [Fact]
    public async Task Pair_ExpertAndAmateur_ComparesThemAtEveryStep()
    {
        var pair = await PairAsync("expert", "amateur");
        var steps = (long)pair["steps"]!;
        Assert.Equal(steps, pair["entropies"]!.AsArray().Sum(cell => (long)cell!["steps"]!));
        Assert.Equal((79, 79, 79, 0), ((int)pair["vocabulary"]!["expert"]!, (int)pair["vocabulary"]!["amateur"]!,
            (int)pair["vocabulary"]!["common"]!, (int)pair["vocabulary"]!["differentIds"]!));
        Assert.InRange((double)pair["sameTop1"]!, 0.5, 0.99);
        Assert.True(1 < (double)pair["perplexity"]!["expert"]!
            && (double)pair["perplexity"]!["expert"]! < (double)pair["perplexity"]!["amateur"]!);
        double[] tail = [.. pair["klTail"]!.AsArray().Select(point => (double)point!["share"]!)];
        Assert.Equal(tail.OrderDescending(), tail);
        Assert.Equal(tail[2], (double)pair["keepRate"]!, 1e-2); // both count KL >= 0.4, up to the rounding of bins
        Assert.Equal((double)pair["keepRate"]! * steps / 12, (double)pair["samplesPerQuestion"]!, 1e-9);
        Assert.StartsWith("Worth a try", (string)pair["verdict"]!);
    }

    [Fact]
    public async Task Pair_TheSameModelTwice_IsNotWorthIt()
    {
        var pair = await PairAsync("expert", "expert");
        Assert.Equal(1, (double)pair["sameTop1"]!);
        Assert.Equal((double)pair["perplexity"]!["expert"]!, (double)pair["perplexity"]!["amateur"]!, 1e-4);
        Assert.Equal(0, (double)pair["samplesPerQuestion"]!);
        Assert.Contains("worth it", (string)pair["verdict"]!);
    }

    private static async Task<JsonObject> PairAsync(string expert, string amateur)
    {
        var (code, output, errors) = await WorkerProgram.RunAsync("inspect", "pair", "--expert",
            $"{Examples}/models/seed-0/{expert}", "--amateur", $"{Examples}/models/seed-0/{amateur}",
            "--data", $"{Examples}/data/questions.jsonl", "--max-questions", "12", "--template", "none", "--max-new-tokens", "64");
        Assert.True(code == 0, errors);
        return JsonNode.Parse(output)!.AsObject();
    }
}
