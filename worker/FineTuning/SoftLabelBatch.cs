using LightReasoner.Worker.Models;
using LightReasoner.Worker.Training;
using static TorchSharp.torch;

namespace LightReasoner.Worker.FineTuning;

/// <summary>
/// Some sequences, and the positions in them that carry a label. With packing, samples whose prefixes extend one another share a sequence:
/// attention is causal, so each position computes what it would alone.
/// </summary>
/// <param name="packed">The sequences, each with the samples whose prefixes it contains.</param>
internal sealed class SoftLabelBatch(IReadOnlyList<(int[] Sequence, List<TrainingSample> Samples)> packed)
{
    private readonly List<TrainingSample> _rows = []; // the samples by row of the hidden states

    /// <summary>
    /// The micro batches of an optimizer step: <paramref name="count"/> of them as a rule, of at most <paramref name="batchSize"/>
    /// sequences each. They depend on nothing else, so that a step is the same on any number of devices.
    /// </summary>
    public static IReadOnlyList<SoftLabelBatch> Of(IReadOnlyList<TrainingSample> samples, SamplePacking packing, int batchSize, int count)
    {
        var packed = new List<(int[] Sequence, List<TrainingSample> Samples)>();
        // Longest first: a shorter prefix then finds the sequence that contains it, and sequences of similar length meet.
        foreach (var sample in samples.OrderByDescending(sample => sample.Prefix.Length))
        {
            var home = packing is SamplePacking.Prompt ? packed.FindIndex(other => other.Sequence.AsSpan().StartsWith(sample.Prefix)) : -1;
            if (home < 0)
                packed.Add((sample.Prefix, [sample]));
            else
                packed[home].Samples.Add(sample);
        }
        return [.. packed.Chunk(Math.Min(batchSize, (packed.Count + count - 1) / count)).Select(chunk => new SoftLabelBatch(chunk))];
    }

    /// <summary>Tokens that are read, padding not counted.</summary>
    public long Tokens => packed.Sum(pack => (long)pack.Sequence.Length);

    /// <summary>Number of sequences.</summary>
    public int Sequences => packed.Count;

    /// <summary>The hidden states at the last real token of every sample, [samples, hidden]; the head is applied there only.</summary>
    public Tensor LabelledHidden(CausalLM model)
    {
        _rows.Clear();
        var states = new List<Tensor>();
        foreach (var group in LengthGroups.Of(packed, pack => pack.Sequence.Length))
        {
            var ids = Transfer.Padded([.. group.Select(pack => pack.Sequence)], model.Device);
            long[] labelled = [.. group.SelectMany((pack, row) =>
                pack.Samples.Select(sample => row * ids.size(1) + sample.Prefix.Length - 1))];
            _rows.AddRange(group.SelectMany(pack => pack.Samples));
            states.Add(model.Hidden(ids).flatten(0, 1).index_select(0, labelled.ToDevice(model.Device)));
        }
        return states.Count == 1 ? states[0] : cat(states, 0);
    }

    /// <summary>Σ over some rows of KL(label ‖ model) = Σ_v w_v (log w_v − log p_v), in nats.</summary>
    /// <param name="logits">[rows, vocabulary], float32.</param>
    /// <param name="rows">Which rows of <see cref="LabelledHidden"/> these are.</param>
    /// <param name="vocabulary">Tokens that the model's distribution is cut to; null for all.</param>
    public Tensor Loss(Tensor logits, (long Start, long Count) rows, int? vocabulary = null)
    {
        var samples = _rows.GetRange((int)rows.Start, (int)rows.Count);
        var logProbabilities = (vocabulary is { } size ? logits.narrow(-1, 0, size) : logits).log_softmax(-1);
        var width = logProbabilities.size(-1);
        long[] entries = [.. samples.SelectMany((sample, row) => sample.TokenIds.Select(id => row * width + id))];
        float[] weights = [.. samples.SelectMany(sample => sample.Weights).Select(weight => (float)weight)];
        var crossEntropy = logProbabilities.view(-1).index_select(0,
            entries.ToDevice(logits.device)).mul(weights.ToDevice(logits.device)).sum().neg();
        using Scalar negativeEntropy = samples.Sum(sample => sample.NegativeEntropy);
        return crossEntropy.add(negativeEntropy, Scalars.One);
    }
}
