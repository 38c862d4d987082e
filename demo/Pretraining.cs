using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Demo;

/// <summary>Shape and course of training of a demo model.</summary>
internal sealed record Recipe(int Hidden, int Layers, int Heads, int KvHeads, int Intermediate, int Steps, double LearningRate)
{
    /// <summary>0.57 M parameters.</summary>
    public static Recipe Expert { get; } = new(128, 3, 4, 2, 352, 1300, 3e-3);

    /// <summary>0.1 M parameters, and trained for less time.</summary>
    public static Recipe Amateur { get; } = new(64, 2, 2, 1, 176, 420, 4e-3);

    public DecoderConfig Config(int vocabulary) => DecoderConfig.Parse(new System.Text.Json.Nodes.JsonObject
    {
        ["architectures"] = new System.Text.Json.Nodes.JsonArray("Qwen2ForCausalLM"),
        ["model_type"] = "qwen2",
        ["vocab_size"] = vocabulary,
        ["hidden_size"] = Hidden,
        ["intermediate_size"] = Intermediate,
        ["num_hidden_layers"] = Layers,
        ["num_attention_heads"] = Heads,
        ["num_key_value_heads"] = KvHeads,
        ["max_position_embeddings"] = 512,
        ["rope_theta"] = 10000.0,
        ["rms_norm_eps"] = 1e-6,
        ["tie_word_embeddings"] = true,
        ["hidden_act"] = "silu",
        ["bos_token_id"] = null,
        ["eos_token_id"] = 0,
        ["pad_token_id"] = 0,
    }, "demo recipe");
}

/// <summary>Next-token training from random weights: the whole loop.</summary>
internal static class Pretraining
{
    private const int BatchSize = 32, WarmupSteps = 50;
    private const double WeightDecay = 0.01, FinalShare = 0.1, MaxGradNorm = 1;

    public static CausalLM Train(Recipe recipe, IReadOnlyList<string> documents, Tokenizer tokenizer, int seed, Action<int, double> report)
    {
        random.manual_seed(seed);
        var order = new Random(seed);
        var end = tokenizer.TokenToId(Words.EndOfText)!.Value;
        int[][] sequences = [.. documents.Select(text => (int[])[.. tokenizer.Encode(text), end])];
        var model = CausalLM.Create(recipe.Config(tokenizer.VocabSize), ScalarType.Float32, CPU, initSeed: seed);
        model.train();
        var parameters = model.Weights.ToList();
        using optim.Optimizer optimizer = optim.AdamW(parameters, recipe.LearningRate, beta1: 0.9, beta2: 0.98, weight_decay: WeightDecay);

        int[] queue = [];
        var next = 0;
        for (int step = 0; step < recipe.Steps; step++)
        {
            using var scope = NewDisposeScope();
            int[][] batch = [.. Enumerable.Range(0, BatchSize).Select(_ => sequences[Draw()])];
            var (inputs, targets) = Batch(batch);
            foreach (var group in optimizer.ParamGroups)
                group.LearningRate = recipe.LearningRate * Schedule(step, recipe.Steps);

            optimizer.zero_grad();
            var logits = model.forward(inputs);
            var loss = nn.functional.cross_entropy(logits.reshape(-1, logits.shape[^1]), targets.reshape(-1), ignore_index: -100);
            loss.backward();
            nn.utils.clip_grad_norm_(parameters, MaxGradNorm);
            optimizer.step();
            report(step + 1, loss.item<float>());
        }
        model.eval();
        return model;

        int Draw()
        {
            if (next == queue.Length)
            {
                queue = [.. Enumerable.Range(0, sequences.Length)];
                order.Shuffle(queue);
                next = 0;
            }
            return queue[next++];
        }
    }

    /// <summary>
    /// Inputs and next-token targets [batch, longest - 1]; targets after a sequence's end are -100, which the loss leaves out.
    /// </summary>
    private static (Tensor Inputs, Tensor Targets) Batch(int[][] sequences)
    {
        var width = sequences.Max(s => s.Length) - 1;
        long[] inputs = new long[sequences.Length * width], targets = new long[inputs.Length];
        Array.Fill(targets, -100L);
        for (int row = 0; row < sequences.Length; row++)
            for (int i = 0; i + 1 < sequences[row].Length; i++)
                (inputs[row * width + i], targets[row * width + i]) = (sequences[row][i], sequences[row][i + 1]);
        return (tensor(inputs, [sequences.Length, width]), tensor(targets, [sequences.Length, width]));
    }

    private static double Schedule(int step, int steps) => step < WarmupSteps
        ? (step + 1.0) / WarmupSteps
        : FinalShare + (1 - FinalShare) * 0.5 * (1 + Math.Cos(Math.PI * (step - WarmupSteps) / Math.Max(1, steps - WarmupSteps)));
}
