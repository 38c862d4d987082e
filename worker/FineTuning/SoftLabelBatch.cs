using LightReasoner.Api;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.FineTuning;

/// <summary>
/// Some samples as sequences, and the positions in them that carry a label. With packing, samples whose prefixes extend one another share a
/// sequence: attention is causal, so each position computes what it would alone. Sequences of similar length share a forward pass, padded on the right.
/// </summary>
internal sealed class SoftLabelBatch
{
    private readonly List<int[]> _sequences = [];
    private readonly List<List<int>> _samplesOf = []; // of each sequence: the samples whose prefixes it contains
    private readonly IReadOnlyList<TrainingSample> _samples;

    public SoftLabelBatch(IReadOnlyList<TrainingSample> samples, SamplePacking packing)
    {
        _samples = samples;
        // Longest first: a shorter prefix then finds the sequence that contains it.
        foreach (var i in Enumerable.Range(0, samples.Count).OrderByDescending(i => samples[i].Prefix.Length))
        {
            var prefix = samples[i].Prefix;
            var home = packing is SamplePacking.Prompt ? _sequences.FindIndex(sequence => sequence.AsSpan().StartsWith(prefix)) : -1;
            if (home < 0)
            {
                home = _sequences.Count;
                _sequences.Add(prefix);
                _samplesOf.Add([]);
            }
            _samplesOf[home].Add(i);
        }
    }

    /// <summary>
    /// The forward passes of an optimizer step: <paramref name="batchSize"/> samples each, or with packing as many as fit into
    /// <paramref name="batchSize"/> sequences, which take no more memory than as many samples alone.
    /// </summary>
    public static IEnumerable<SoftLabelBatch> Of(IReadOnlyList<TrainingSample> samples, SamplePacking packing, int batchSize)
    {
        if (packing is not SamplePacking.Prompt)
            return samples.Chunk(batchSize).Select(chunk => new SoftLabelBatch(chunk, packing));
        var all = new SoftLabelBatch(samples, packing);
        return all._samplesOf.Chunk(batchSize).Select(chunk => new SoftLabelBatch([.. chunk.SelectMany(some => some).Select(i => samples[i])], packing));
    }

    /// <summary>Tokens that are read, padding not counted.</summary>
    public long Tokens => _sequences.Sum(sequence => (long)sequence.Length);

    /// <summary>Number of sequences.</summary>
    public int Sequences => _sequences.Count;

    /// <summary>Logits at each sample's last real token, [samples, vocab]; the head is applied there only.</summary>
    /// <param name="model">The model.</param>
    public Tensor Logits(CausalLM model)
    {
        var states = new List<Tensor>();
        var rowOfSample = new long[_samples.Count];
        var rows = 0;
        foreach (var group in LengthGroups.Of(Enumerable.Range(0, _sequences.Count), i => _sequences[i].Length))
        {
            var longest = _sequences[group[0]].Length;
            var ids = new long[group.Length * longest];
            var labelled = new List<long>();
            for (var row = 0; row < group.Length; row++)
            {
                var sequence = _sequences[group[row]];
                for (var i = 0; i < sequence.Length; i++)
                    ids[row * longest + i] = sequence[i];
                foreach (var sample in _samplesOf[group[row]])
                {
                    rowOfSample[sample] = rows++;
                    labelled.Add((long)row * longest + _samples[sample].Prefix.Length - 1);
                }
            }
            var sequences = tensor(ids, device: model.Device).view(group.Length, longest);
            var hidden = model.Hidden(sequences);
            states.Add(hidden.view(-1, hidden.size(-1)).index_select(0, tensor(labelled.ToArray(), device: model.Device)));
        }
        var all = states.Count == 1 ? states[0] : cat(states, 0);
        return model.Head(all.index_select(0, tensor(rowOfSample, device: model.Device)));
    }

    /// <summary>Σ over the samples of KL(label ‖ model) = Σ_v w_v (log w_v − log p_v), in nats.</summary>
    public Tensor Loss(Tensor logits)
    {
        var vocabulary = logits.size(-1);
        var entries = new List<long>();
        var weights = new List<float>();
        for (var i = 0; i < _samples.Count; i++)
        {
            entries.AddRange(_samples[i].TokenIds.Select(id => i * vocabulary + id));
            weights.AddRange(_samples[i].Weights.Select(w => (float)w));
        }
        var logProbabilities = logits.to(ScalarType.Float32).log_softmax(-1).view(-1).index_select(0, tensor(entries.ToArray(), device: logits.device));
        return logProbabilities.mul(tensor(weights.ToArray(), device: logits.device)).sum().neg().add(_samples.Sum(sample => sample.NegativeEntropy));
    }
}
