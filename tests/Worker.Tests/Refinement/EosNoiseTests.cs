using LightReasoner.Api;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Tests.Models;

namespace LightReasoner.Worker.Tests.Refinement;

/// <summary>Noise against the published q_sample (../shared/goldens/refine.json).</summary>
public class EosNoiseTests
{
    [Fact]
    public void Apply_PublishedRule_GivesPublishedSequences()
    {
        foreach (var golden in Goldens.Json("refine.json")["q_sample_cases"]!.AsArray())
        {
            for (var row = 0; row < golden!["input_ids"]!.AsArray().Count; row++)
            {
                var (noised, replaced) = Row(golden, row, Compatibility.Published);
                Assert.Equal(golden["x_t"]![row]!.Ids(), noised);
                Assert.Equal(golden["t_mask"]![row]!.Ids(), replaced.Select(m => m ? 1 : 0));
                GoldenLedger.Add("goldens/refine.json", "noise of q_sample by row", 1);
            }
        }
    }

    [Fact]
    public void Apply_CorrectedRule_DiffersOnlyWhereAnEosIsNotInTheTail()
    {
        foreach (var golden in Goldens.Json("refine.json")["q_sample_cases"]!.AsArray())
        {
            var different = (string)golden!["name"]! is "eos inside the response" or "pads outside the mask after eos";
            var rows = Enumerable.Range(0, golden["input_ids"]!.AsArray().Count);
            Assert.Equal(different,
                rows.Any(row => !golden["x_t"]![row]!.Ids().SequenceEqual(Row(golden, row, Compatibility.Corrected).Noised)));
        }
    }

    [Fact]
    public void Apply_EosInsideTheResponse_LeavesTheRealTokensAtTheEnd()
    {
        int[] ids = [1, 10, 3, 11, 12, 3, 3];
        bool[] response = [false, true, true, true, true, true, true];
        float[] u = [0, .9f, .9f, .9f, .9f, .1f, .9f];
        var (noised, replaced) = EosNoise.Apply(ids, response, u, 0.5f, maskId: 4, eosId: 3, Compatibility.Corrected);
        Assert.Equal([1, 10, 3, 11, 12, 4, 4], noised);
        Assert.Equal([false, false, false, false, false, true, true], replaced);
        Assert.Equal([1, 10, 3, 11, 3, 3, 3], EosNoise.Apply(ids, response, u, 0.5f, 4, 3, Compatibility.Published).Noised); // 12 is lost
    }

    private static (int[] Noised, bool[] Replaced) Row(System.Text.Json.Nodes.JsonNode golden, int row, Compatibility rule) =>
        EosNoise.Apply(
        golden["input_ids"]![row]!.Ids(),
        Array.ConvertAll(golden["maskable_mask"]![row]!.Ids(), m => m == 1),
        Array.ConvertAll(golden["u"]![row]!.Numbers(), u => (float)u),
        (float)golden["t"]![row]!,
        (int)golden["mask_token_id"]!,
        (int?)golden["eos_token_id"],
        rule);
}
