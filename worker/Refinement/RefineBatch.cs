using LightReasoner.Api;
using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Refinement;

/// <summary>
/// Some sequences as one forward pass, padded on the right to the longest. The padding needs no mask (attention is causal) and is outside the loss.
/// </summary>
internal sealed class RefineBatch : IDisposable
{
    private readonly IReadOnlyList<RefineSequence> _rows;
    private readonly int _length;
    private readonly Device _device;
    private readonly Tensor _clean;      // [rows, length]: t0
    private readonly Tensor _responses;  // flat positions of the response tokens that are predicted
    private readonly Tensor _predictors; // the flat positions before them

    public RefineBatch(IReadOnlyList<RefineSequence> rows, Device device)
    {
        (_rows, _length, _device) = (rows, rows.Max(row => row.Ids.Length), device);
        using var scope = NewDisposeScope();
        var flat = new long[rows.Count * _length];
        var positions = new List<long>();
        for (var row = 0; row < rows.Count; row++)
        {
            for (var i = 0; i < rows[row].Ids.Length; i++)
                flat[row * _length + i] = rows[row].Ids[i];
            for (var i = Math.Max(1, rows[row].ResponseStart); i < rows[row].Ids.Length; i++)
                positions.Add((long)row * _length + i);
        }
        _clean = Upload(flat).view(rows.Count, _length).DetachFromDisposeScope();
        _responses = Upload([.. positions]).DetachFromDisposeScope();
        _predictors = _responses.sub(1).DetachFromDisposeScope();
        Targets = _clean.view(-1).index_select(0, _responses).DetachFromDisposeScope();
        Tokens = rows.Sum(row => (long)row.Ids.Length);
    }

    /// <summary>The clean response tokens, [n].</summary>
    public Tensor Targets { get; }

    /// <summary>Tokens of one pass, padding not counted.</summary>
    public long Tokens { get; }

    /// <summary>s0: the sequences with noised responses, and the share of response tokens that were replaced.</summary>
    public (Tensor Ids, double Share) Noise(ref RandomStream random, IterativeSpec spec, int eos, Compatibility rule)
    {
        var flat = new long[_rows.Count * _length];
        long replaced = 0, maskable = 0;
        for (var row = 0; row < _rows.Count; row++)
        {
            var ids = Array.ConvertAll(_rows[row].Ids, id => (long)id);
            var response = new bool[ids.Length];
            response.AsSpan(_rows[row].ResponseStart).Fill(true);
            var t = (float)(spec.NoiseMin + (spec.NoiseMax - spec.NoiseMin) * random.NextDouble());
            var u = new float[ids.Length];
            for (var i = 0; i < u.Length; i++)
                u[i] = random.NextSingle();
            var (noised, mask) = EosNoise.Apply(ids, response, u, t, eos, eos, rule);
            noised.CopyTo(flat, row * _length);
            replaced += mask.Count(m => m);
            maskable += ids.Length - _rows[row].ResponseStart;
        }
        return (Upload(flat).view(_rows.Count, _length), (double)replaced / maskable);
    }

    /// <summary>The hidden states that predict the response, [n, hidden].</summary>
    public Tensor Predictors(Tensor hidden) => hidden.view(-1, hidden.size(-1)).index_select(0, _predictors);

    /// <summary>s(i+1): the clean prompts with the predicted responses.</summary>
    public Tensor WithResponses(Tensor predicted) => _clean.view(-1).index_copy(0, _responses, predicted).view(_rows.Count, _length);

    public void Dispose()
    {
        foreach (var tensor in (Tensor[])[_clean, _responses, _predictors, Targets])
            tensor.Dispose();
    }

    private Tensor Upload(long[] values) => tensor(values, device: _device);
}
