using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Evaluation;

/// <summary>How well a model predicts given responses: the logarithm of its perplexity.</summary>
internal static class Perplexity
{
    private const int ReadTokens = 8192;

    /// <summary>Mean cross entropy per response token, in nats.</summary>
    public static double Loss(CausalLM model, IEnumerable<RefineSequence> sequences)
    {
        model.eval();
        using var _ = no_grad();
        double sum = 0;
        long count = 0;
        foreach (var chunk in sequences.Chunk(64))
        {
            foreach (var rows in chunk.OrderBy(row => row.Ids.Length).Chunk(Math.Max(1, ReadTokens / chunk.Max(row => row.Ids.Length))))
            {
                using var scope = NewDisposeScope();
                var hidden = model.Hidden(Transfer.Padded([.. rows.Select(row => row.Ids)], model.Device));
                var places = rows.SelectMany((row, r) => Enumerable.Range(row.Ids.Length - row.Targets, row.Targets)
                    .Select(i => (Before: r * hidden.size(1) + i - 1, Target: row.Ids[i]))).ToArray();
                var states = hidden.flatten(0, 1).index_select(0, Array.ConvertAll(places, place => place.Before).ToDevice(model.Device));
                var targets = Array.ConvertAll(places, place => place.Target).ToDevice(model.Device);
                var step = HeadLoss.Positions(model.Config.VocabSize);
                for (long start = 0; start < places.Length; start += step)
                {
                    using var inner = NewDisposeScope();
                    var part = Math.Min(step, places.Length - start);
                    sum += nn.functional.cross_entropy(model.Head(states.narrow(0, start, part)).to(ScalarType.Float32),
                        targets.narrow(0, start, part), reduction: nn.Reduction.Sum)
                        .to(ScalarType.Float64).cpu().item<double>();
                }
                count += places.Length;
            }
        }
        return sum / count;
    }
}
