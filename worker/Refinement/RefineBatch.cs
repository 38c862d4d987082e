using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Refinement;

/// <summary>
/// Some sequences as one forward pass, padded on the right to the longest. The padding needs no mask (attention is causal) and is outside
/// the loss.
/// </summary>
internal sealed class RefineBatch
{
    private readonly Tensor _clean;      // [rows, length]: t0
    private readonly Tensor _responses;  // flat positions of the response tokens that are predicted
    private readonly Tensor _predictors; // the flat positions before them

    /// <summary>Uploads the sequences; all tensors belong to the present dispose scope.</summary>
    /// <param name="noised">The same with noise in their responses.</param>
    public RefineBatch(IReadOnlyList<RefineSequence> rows, IReadOnlyList<int[]> noised, Device device)
    {
        _clean = Transfer.Padded([.. rows.Select(row => row.Ids)], device);
        Noised = Transfer.Padded(noised, device);
        var length = _clean.size(1);
        long[] responses = [.. rows.SelectMany((row, i) => Enumerable.Range(row.Ids.Length - row.Targets, row.Targets)
            .Select(at => i * length + at))];
        _responses = responses.ToDevice(device);
        _predictors = _responses.sub(Scalars.Of(1));
        Targets = _clean.view(-1).index_select(0, _responses);
    }

    /// <summary>s0: the sequences with noised responses, [rows, length].</summary>
    public Tensor Noised { get; }

    /// <summary>The clean response tokens, [n].</summary>
    public Tensor Targets { get; }

    /// <summary>The hidden states that predict the response, [n, hidden].</summary>
    public Tensor Predictors(Tensor hidden) => hidden.flatten(0, 1).index_select(0, _predictors);

    /// <summary>s(i+1): the clean prompts with the predicted responses.</summary>
    public Tensor WithResponses(Tensor predicted) => _clean.view(-1).index_copy(0, _responses, predicted).view(_clean.shape);
}
