using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Sampling;

/// <summary>A kept step for people: what stood before it, and how likely each plausible token is to both models.</summary>
/// <param name="Question">The question.</param>
/// <param name="Prefix">The answer before the step.</param>
/// <param name="Step">Index of the step among the generated tokens.</param>
/// <param name="Kl">KL(expert ‖ amateur), in nats.</param>
/// <param name="Tokens">The plausible tokens, likeliest to the expert first.</param>
public sealed record StepExample(string Question, string Prefix, int Step, double Kl, IReadOnlyList<StepExample.Token> Tokens)
{
    /// <summary>A plausible token.</summary>
    /// <param name="Text">Its text.</param>
    /// <param name="Expert">Its probability to the expert.</param>
    /// <param name="Amateur">Its probability to the amateur.</param>
    /// <param name="Weight">Its weight in the label.</param>
    public sealed record Token(string Text, double Expert, double Amateur, double Weight);

    /// <summary>Examples of a chunk: samples at even distances, each read once more by both models.</summary>
    internal static IReadOnlyList<StepExample> Of(IReadOnlyList<ContrastiveSample> samples, int count, CausalLM expert, CausalLM amateur)
    {
        count = Math.Min(count, samples.Count);
        return [.. Enumerable.Range(0, count).Select(i => Of(samples[(int)((2L * i + 1) * samples.Count / (2 * count))], expert, amateur))];
    }

    private static StepExample Of(ContrastiveSample sample, CausalLM expert, CausalLM amateur)
    {
        float[] p = Probabilities(expert, sample), q = Probabilities(amateur, sample);
        var tokens = sample.Tokens.Select((text, i) => new Token(text, Round(p[i]), Round(q[i]), Round(sample.Weights[i])));
        return new StepExample(sample.Question ?? sample.PromptId, sample.Prefix, sample.Step, Round(sample.KlDivergence), [.. tokens.OrderByDescending(token => token.Expert)]);
    }

    /// <summary>Of the sample's tokens, after its prefix.</summary>
    private static float[] Probabilities(CausalLM model, ContrastiveSample sample)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        long[] ids = Array.ConvertAll(sample.PrefixIds!, id => (long)id);
        Tensor last = model.Hidden(tensor(ids, device: model.Device).unsqueeze(0))[0, ids.Length - 1];
        Tensor shares = model.Logits(last).softmax(-1, ScalarType.Float32).index_select(0, tensor(Array.ConvertAll(sample.TokenIds, id => (long)id), device: model.Device));
        return shares.cpu().data<float>().ToArray();
    }

    // What a reader can see, and no more digits than the arithmetic gives on every run.
    private static double Round(double value) => Math.Round(value, 6);
}
