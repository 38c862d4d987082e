using LightReasoner.Api;
using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.FineTuning;

/// <summary>
/// Some samples as one forward pass: sequences padded on the right, and the positions in them that carry a label. With packing, samples whose prefixes
/// extend one another share a sequence: attention is causal, so each position computes what it would alone.
/// </summary>
internal sealed class SoftLabelBatch
{
    private readonly List<int[]> _sequences = [];
    private readonly (int Sequence, int Position)[] _labelled; // of each sample: its last real token
    private readonly IReadOnlyList<TrainingSample> _samples;

    public SoftLabelBatch(IReadOnlyList<TrainingSample> samples, SamplePacking packing)
    {
        _samples = samples;
        _labelled = new (int, int)[samples.Count];
        // Longest first: a shorter prefix then finds the sequence that contains it.
        foreach (var i in Enumerable.Range(0, samples.Count).OrderByDescending(i => samples[i].Prefix.Length))
        {
            var prefix = samples[i].Prefix;
            var home = packing is SamplePacking.Prompt ? _sequences.FindIndex(sequence => sequence.AsSpan().StartsWith(prefix)) : -1;
            if (home < 0)
            {
                home = _sequences.Count;
                _sequences.Add(prefix);
            }
            _labelled[i] = (home, prefix.Length - 1);
        }
    }

    /// <summary>Tokens that the forward pass reads, padding not counted.</summary>
    public long Tokens => _sequences.Sum(sequence => (long)sequence.Length);

    /// <summary>Number of sequences.</summary>
    public int Sequences => _sequences.Count;

    /// <summary>Logits at each sample's last real token, [samples, vocab]; the head is applied there only.</summary>
    public Tensor Logits(CausalLM model)
    {
        var longest = _sequences.Max(sequence => sequence.Length);
        var ids = new long[_sequences.Count * longest];
        for (var row = 0; row < _sequences.Count; row++)
            for (var i = 0; i < _sequences[row].Length; i++)
                ids[row * longest + i] = _sequences[row][i];
        var hidden = model.Hidden(tensor(ids, device: model.Device).view(_sequences.Count, longest));
        var labelled = Array.ConvertAll(_labelled, at => (long)at.Sequence * longest + at.Position);
        return model.Logits(hidden.view(-1, hidden.size(-1)).index_select(0, tensor(labelled, device: model.Device)));
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
        var logProbabilities = logits.log_softmax(-1, ScalarType.Float32).view(-1).index_select(0, tensor(entries.ToArray(), device: logits.device));
        return logProbabilities.mul(tensor(weights.ToArray(), device: logits.device)).sum().neg().add(_samples.Sum(sample => sample.NegativeEntropy));
    }
}
