using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Training;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Evaluation;

/// <summary>How well a model predicts given responses: the logarithm of its perplexity.</summary>
internal static class Perplexity
{
    private const int ReadTokens = 8192;

    /// <summary>Mean cross entropy per response token, in nats: the loss of refinement with one pass and no noise.</summary>
    public static double Loss(CausalLM model, IEnumerable<RefineSequence> sequences)
    {
        model.eval();
        using var _ = no_grad();
        var replica = new Replica(model, null!); // without gradients, nothing is trained
        var loss = new IterativeLoss(new IterativeSpec { NumIterations = 1 }, Compatibility.Corrected, eos: -1,
            (_, _, sequence) => (0, new float[sequence.Ids.Length]));
        double sum = 0;
        long count = 0;
        foreach (var chunk in sequences.Chunk(64))
        {
            foreach (var rows in chunk.OrderBy(row => row.Ids.Length).Chunk(Math.Max(1, ReadTokens / chunk.Max(row => row.Ids.Length))))
            {
                using var scope = NewDisposeScope();
                sum += loss.Backward(replica, rows, 0, share: 1)[0].item<double>();
                count += rows.Sum(row => (long)row.Targets);
            }
        }
        return sum / count;
    }
}
