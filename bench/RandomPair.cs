using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Bench;

/// <summary>
/// A pair of random Qwen2 models (about 60M and 15M parameters) that behave like an expert and its amateur. Both share a made-up language:
/// every token has one successor, and both heads score it by the embedding they share (the amateur's is the first part of the expert's).
/// One token in six is ambiguous: it looks like three others at once, and the models weigh the three differently. So both are peaked,
/// agree on most steps, and part on about one in six, as models of a family do.
/// </summary>
internal static class RandomPair
{
    public const int Vocabulary = 32000, Eos = Vocabulary - 1;
    private const int AmateurWidth = 192, AmbiguousEvery = 6;

    private static DecoderConfig Shape(int hidden, int intermediate, int layers, int heads, int kvHeads) => new()
    {
        Architecture = "Qwen2ForCausalLM",
        VocabSize = Vocabulary,
        HiddenSize = hidden,
        IntermediateSize = intermediate,
        NumLayers = layers,
        NumHeads = heads,
        NumKvHeads = kvHeads,
        HeadDim = 64,
        RopeTheta = 1e6,
        RmsNormEps = 1e-6,
        AttentionBias = true,
        MaxPositionEmbeddings = 4096,
    };

    /// <summary>Writes the folders expert and amateur, each with weights, configuration and tokenizer.</summary>
    public static void Write(string folder)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        using var expert = CausalLM.Create(Shape(512, 1408, 10, 8, 2), ScalarType.Float32, CPU, initSeed: 1);
        using var amateur = CausalLM.Create(Shape(AmateurWidth, 512, 6, 3, 1), ScalarType.Float32, CPU, initSeed: 2);
        var random = new Random(7);
        var successors = Enumerable.Range(0, Eos).ToArray();
        random.Shuffle(successors);
        int[][] meanings = [.. Enumerable.Range(0, Vocabulary).Select(id => id == Eos || id % AmbiguousEvery != 0 ? [id] : Plain(random))];

        using var generator = new Generator(3);
        var directions = empty([Vocabulary, expert.Config.HiddenSize]).normal_(0, 1, generator);
        Fill(expert, directions, successors, meanings, [0.60, 0.57, 0.55], headScale: 1.0);
        Fill(amateur, directions.narrow(1, 0, AmateurWidth), successors, meanings, [0.50, 0.58, 0.64], headScale: 1.35);
        foreach (var (model, name) in new[] { (expert, "expert"), (amateur, "amateur") })
        {
            var target = Path.Combine(folder, name);
            HuggingFaceFolder.Save(model, target, target, ScalarType.Float32);
            ByteTokenizer.Write(target, Vocabulary, Eos);
        }
        expert.AddLora(new LoraSpec { Dropout = 0 }, seed: 5);
        foreach (var (name, value) in expert.Lora!.NamedParameters)
            if (name.Contains("lora_B", StringComparison.Ordinal))
                value.normal_(0, 0.01, generator);
        PeftAdapter.Save(expert.Lora, Path.Combine(folder, "adapter"), "expert");

        static int[] Plain(Random random) =>
            [.. Enumerable.Range(0, 3).Select(_ => random.Next(Eos / AmbiguousEvery - 1) * AmbiguousEvery + 1)];
    }

    private static void Fill(CausalLM model, Tensor directions, int[] successors, int[][] meanings, double[] shares, double headScale)
    {
        var parameters = model.NamedParameters().ToDictionary(p => p.Name, p => p.Value);
        var width = directions.size(1);
        var unit = directions.div(directions.norm(1, keepdim: true));
        var embedding = unit.clone();
        var ambiguous = Enumerable.Range(0, meanings.Length).Where(id => meanings[id].Length > 1).ToArray();
        var mixed = zeros([ambiguous.Length, width]);
        for (var part = 0; part < shares.Length; part++)
            mixed.add_(unit.index_select(0, Index(ambiguous.Select(id => meanings[id][part]))), Scalars.Of(shares[part]));
        embedding.index_copy_(0, Index(ambiguous), mixed.div(mixed.norm(1, keepdim: true)));
        parameters["model.embed_tokens.weight"].copy_(embedding.mul(Scalars.Of(Math.Sqrt(width))));

        // The head of a token is the direction of the token before it. Nothing is followed by EOS.
        var head = zeros([Vocabulary, width]).index_copy(0, Index(successors), unit.narrow(0, 0, successors.Length));
        parameters["lm_head.weight"].copy_(head.mul(Scalars.Of(headScale)));
    }

    private static Tensor Index(IEnumerable<int> ids) => tensor(ids.Select(id => (long)id).ToArray());
}
