using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// The gradient of the embedding by the rows that were read. As an operator's, it is a matrix of the whole vocabulary for every pass, cleared, filled in a few hundred rows and
/// added to the parameter's; gathered, only those rows are touched.
/// </summary>
/// <param name="weight">[vocab, hidden], float32.</param>
/// <param name="ended">Is told when gathering ends.</param>
internal sealed class EmbeddingGradient(Parameter weight, Action ended) : IDisposable
{
    private readonly List<(Tensor Ids, Tensor Rows)> _read = [];

    /// <summary>The rows of some tokens, [n, hidden]; what flows back to them waits for <see cref="Flush"/>.</summary>
    public Tensor Read(Tensor ids)
    {
        var rows = weight.detach().index_select(0, ids).requires_grad_().DetachFromDisposeScope();
        _read.Add((ids.detach().DetachFromDisposeScope(), rows));
        return rows;
    }

    /// <summary>Adds what has flowed back to the parameter's gradient.</summary>
    public void Flush()
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (ids, rows) in _read)
        {
            if (rows.grad is not { } gradient)
                continue;
            if (weight.grad is { } sum)
                sum.index_add_(0, ids, gradient, 1);
            else
                weight.grad = zeros_like(weight).index_add_(0, ids, gradient, 1);
        }
        Forget();
    }

    /// <summary>Ends gathering; what was not flushed is lost.</summary>
    public void Dispose()
    {
        Forget();
        ended();
    }

    private void Forget()
    {
        foreach (var (ids, rows) in _read)
        {
            ids.Dispose();
            rows.Dispose();
        }
        _read.Clear();
    }
}
