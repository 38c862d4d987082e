using System.Text.Json.Nodes;
using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Models;

public class GreedyGoldenTests
{
    public static TheoryData<string> Models => ForwardGoldenTests.Models;

    [Theory, MemberData(nameof(Models))]
    public void Decode_WithCache_GivesPublishedIds(string name)
    {
        using var loaded = Goldens.Model(name);
        foreach (var (prompt, expected) in Cases(name))
        {
            Assert.Equal(expected, DecodeBatch(loaded.Model, [prompt], expected.Length)[0]);
            GoldenLedger.Add("goldens/greedy.json", "ids of greedy decoding with cache", 1);
        }
    }

    [Theory, MemberData(nameof(Models))]
    public void Decode_WithoutCache_GivesPublishedIds(string name)
    {
        using var loaded = Goldens.Model(name);
        foreach (var (prompt, expected) in Cases(name))
        {
            var ids = prompt.ToList();
            for (var step = 0; step < expected.Length; step++)
            {
                using var scope = NewDisposeScope();
                using var _ = no_grad();
                ids.Add((int)loaded.Model.forward(Goldens.Batch([.. ids]))[0, ids.Count - 1].argmax().item<long>());
            }
            Assert.Equal(expected, ids.Skip(prompt.Length));
            GoldenLedger.Add("goldens/greedy.json", "ids of greedy decoding without cache", 1);
        }
    }

    [Theory, MemberData(nameof(Models))]
    public void Decode_BatchOfUnequalLengths_GivesPublishedIdsInEveryRow(string name)
    {
        using var loaded = Goldens.Model(name);
        var cases = Cases(name).ToList();
        // Prompts of different lengths side by side, one of them twice with a part of its answer already given.
        var prompts = cases.Select(c => c.Prompt).Append([.. cases[1].Prompt, .. cases[1].Expected.Take(11)]).ToArray();
        var expected = cases.Select(c => c.Expected).Append(cases[1].Expected[11..]).ToArray();

        var decoded = DecodeBatch(loaded.Model, prompts, cases[0].Expected.Length);

        for (var row = 0; row < prompts.Length; row++)
            Assert.Equal(expected[row], decoded[row].Take(expected[row].Length));
        GoldenLedger.Add("goldens/greedy.json", "ids of greedy decoding, unequal lengths in one batch", prompts.Length);
    }

    private static IEnumerable<(int[] Prompt, int[] Expected)> Cases(string name) =>
        Goldens.Json("greedy.json")["models"]![name]!["cases"]!.AsArray().Select(c => (c!["prompt_ids"]!.Ids(), c["generated_ids"]!.Ids()));

    private static int[][] DecodeBatch(CausalLM model, int[][] prompts, int steps)
    {
        using var _ = no_grad();
        using var cache = new KvCache(model, prompts.Length);
        var answers = prompts.Select(_ => new List<int>()).ToArray();
        var lengths = prompts.Select(p => p.Length).ToArray();
        var next = prompts;
        for (var step = 0; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            var logits = model.Head(model.Hidden(Goldens.Batch(next), cache, lengths));
            for (var row = 0; row < prompts.Length; row++)
                answers[row].Add((int)logits[row, lengths[row] - 1].argmax().item<long>());
            next = [.. answers.Select(a => new[] { a[^1] })];
            Array.Fill(lengths, 1);
        }
        return [.. answers.Select(a => a.ToArray())];
    }
}
