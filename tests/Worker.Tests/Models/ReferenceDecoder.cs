using LightReasoner.Worker.Models;

namespace LightReasoner.Worker.Tests.Models;

/// <summary>
/// The decoders of Qwen2, Qwen3 and Llama 3 in plain loops over double, from their published formulas: nothing of the worker's arithmetic,
/// no cache, no fusion. Slow and easy to check.
/// </summary>
internal sealed class ReferenceDecoder(DecoderConfig config, IReadOnlyDictionary<string, float[]> weights)
{
    public static ReferenceDecoder Of(CausalLM model) =>
        new(model.Config, model.NamedParameters().ToDictionary(p => p.Name, p =>
            p.Value.detach().to(TorchSharp.torch.ScalarType.Float32).contiguous().data<float>().ToArray()));

    /// <summary>The scores of every token of the vocabulary at every position.</summary>
    public double[][] Logits(int[] ids)
    {
        var width = config.HiddenSize;
        var embedding = weights["model.embed_tokens.weight"];
        double[][] x = [.. ids.Select(id => embedding.AsSpan(id * width, width).ToArray().Select(v => (double)v).ToArray())];
        for (var layer = 0; layer < config.NumLayers; layer++)
        {
            var name = $"model.layers.{layer}";
            var attended = Attention(name + ".self_attn", [.. x.Select(row => Norm(row, name + ".input_layernorm.weight"))]);
            x = [.. x.Zip(attended, Add)];
            x = [.. x.Select(row => Add(row, FeedForward(name + ".mlp", Norm(row, name + ".post_attention_layernorm.weight"))))];
        }
        var head = weights.ContainsKey("lm_head.weight") ? "lm_head" : "model.embed_tokens";
        return [.. x.Select(row => Linear(head, Norm(row, "model.norm.weight")))];
    }

    private double[][] Attention(string name, double[][] x)
    {
        var size = config.HeadDim;
        var queries = x.Select((row, position) => Heads(name, "q", row, position)).ToArray(); // [position][head][element]
        var keys = x.Select((row, position) => Heads(name, "k", row, position)).ToArray();
        var values = x.Select(row => Linear(name + ".v_proj", row).Chunk(size).ToArray()).ToArray();
        return [.. x.Select((_, position) => Linear(name + ".o_proj", [.. Enumerable.Range(0, config.NumHeads).SelectMany(head =>
        {
            var shared = head / (config.NumHeads / config.NumKvHeads); // grouped queries: neighbours share a key head
            var scores = Enumerable.Range(0, position + 1).Select(past =>
                Dot(queries[position][head], keys[past][shared]) / Math.Sqrt(size)).ToArray();
            var shares = scores.Select(score => Math.Exp(score - scores.Max())).ToArray();
            return Enumerable.Range(0, size).Select(i => shares.Select((share, past) =>
                share * values[past][shared][i]).Sum() / shares.Sum());
        })]))];
    }

    private double[][] Heads(string name, string part, double[] row, int position)
    {
        var norm = $"{name}.{part}_norm.weight"; // Qwen3: each head is normalised before the rotation
        return [.. Linear($"{name}.{part}_proj", row).Chunk(config.HeadDim)
            .Select(head => Rotate(weights.ContainsKey(norm) ? Norm(head, norm) : head, position))];
    }

    /// <summary>Element i and element i + size / 2 are turned together by position · frequency_i.</summary>
    private double[] Rotate(double[] head, int position)
    {
        var half = head.Length / 2;
        var turned = new double[head.Length];
        for (var i = 0; i < half; i++)
        {
            var (sin, cos) = Math.SinCos(position * Frequency(i));
            turned[i] = head[i] * cos - head[i + half] * sin;
            turned[i + half] = head[i + half] * cos + head[i] * sin;
        }
        return turned;
    }

    private double Frequency(int pair)
    {
        var frequency = Math.Pow(config.RopeTheta, -2.0 * pair / config.HeadDim);
        if (config.RopeScaling is not { } rule)
            return frequency;
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < rule.OriginalMaxPositionEmbeddings / rule.HighFreqFactor)
            return frequency;
        if (wavelength > rule.OriginalMaxPositionEmbeddings / rule.LowFreqFactor)
            return frequency / rule.Factor;
        var smooth = (rule.OriginalMaxPositionEmbeddings / wavelength - rule.LowFreqFactor) / (rule.HighFreqFactor - rule.LowFreqFactor);
        return (1 - smooth) * frequency / rule.Factor + smooth * frequency;
    }

    private double[] FeedForward(string name, double[] row) =>
        Linear(name + ".down_proj",
            [.. Linear(name + ".gate_proj", row).Zip(Linear(name + ".up_proj", row), (gate, up) => gate / (1 + Math.Exp(-gate)) * up)]);

    private double[] Linear(string name, double[] row)
    {
        var matrix = weights[name + ".weight"];
        var bias = weights.GetValueOrDefault(name + ".bias");
        return [.. Enumerable.Range(0, matrix.Length / row.Length).Select(i =>
        {
            double sum = bias?[i] ?? 0;
            for (var j = 0; j < row.Length; j++)
                sum += (double)matrix[i * row.Length + j] * row[j];
            return sum;
        })];
    }

    private double[] Norm(double[] row, string name)
    {
        var scale = 1 / Math.Sqrt(row.Sum(v => v * v) / row.Length + config.RmsNormEps);
        return [.. row.Zip(weights[name], (v, weight) => v * scale * weight)];
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];
}
