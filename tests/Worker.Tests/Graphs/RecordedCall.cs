using TorchSharp;
using TorchSharp.Interop;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Graphs;

/// <summary>One operator call as a CUDA graph keeps it: everything of the host as it was, tensors by their memory.</summary>
internal sealed unsafe class RecordedCall : IDisposable
{
    private readonly Operator _operator;
    private readonly Argument[] _arguments;
    private readonly int _capacity;
    private readonly List<Tensor> _held = [];

    public RecordedCall(Operator called, ReadOnlySpan<Argument> arguments, ReadOnlySpan<Value> results)
    {
        (_operator, _capacity) = (called, results.Length);
        _arguments = new Argument[arguments.Length];
        for (var i = 0; i < arguments.Length; i++)
            _arguments[i] = Kept(arguments[i]);
        foreach (ref readonly var result in results)
            foreach (var handle in Handles(result))
                Results.Add(Hold(new Tensor(Shim.torchshim_tensor_alias(handle))));
    }

    public string Name => _operator.Name;

    /// <summary>Tensors among the arguments.</summary>
    public List<Tensor> Inputs { get; } = [];

    public List<Tensor> Results { get; } = [];

    /// <summary>The call but for its tensors: what the host contributed.</summary>
    public string Constants => $"{Name}({string.Join(", ", _arguments.Select(Text))})";

    /// <summary>Calls the operator again and puts what it gives where it lay when it was recorded.</summary>
    public void Replay()
    {
        var results = stackalloc Value[Math.Max(1, _capacity)];
        _operator.Run(_arguments, results, _capacity);
        var at = 0;
        for (var i = 0; i < _capacity; i++)
        {
            foreach (var handle in Handles(results[i]))
            {
                using var again = new Tensor(handle);
                var recorded = Results[at++];
                if (again.DataPointer != recorded.DataPointer) // else a view, or in place
                    recorded.copy_(again);
            }
            if (results[i].Tag == Tag.Tensors)
                Shim.torchshim_free(results[i].Pointer);
        }
    }

    public void Dispose()
    {
        foreach (var tensor in _held)
            tensor.Dispose();
    }

    private Argument Kept(in Argument argument)
    {
        switch (argument.Object)
        {
            case Tensor tensor:
                Inputs.Add(Hold(tensor.alias()));
                return Inputs[^1];
            case Tensor?[] tensors:
                var kept = Array.ConvertAll(tensors, tensor => tensor is null ? null : Hold(tensor.alias()));
                Inputs.AddRange(kept.OfType<Tensor>());
                return kept;
            case long[] values:
                return (long[])values.Clone();
            default:
                return argument;
        }
    }

    private Tensor Hold(Tensor tensor)
    {
        _held.Add(tensor.DetachFromDisposeScope());
        return tensor;
    }

    private static nint[] Handles(in Value result) => result.Tag switch
    {
        Tag.Tensor => [(nint)result.Pointer],
        Tag.Tensors => new ReadOnlySpan<nint>(result.Pointer, result.Count).ToArray(),
        _ => [],
    };

    private static string Text(Argument argument) => argument.Object switch
    {
        Tensor tensor => $"[{string.Join("×", tensor.shape)}]",
        Tensor?[] tensors => string.Join(" ", tensors.Select(tensor => tensor is null ? "none" : Text(tensor))),
        long[] values => $"({string.Join(" ", values)})",
        _ => $"{argument.Tag}:{argument.Object}{argument.Bits}",
    };
}
