using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>The running averages of an AdamW optimizer as named tensors.</summary>
public static class AdamWMoments
{
    /// <summary>Three tensors for each parameter: <c>NAME.exp_avg</c>, <c>NAME.exp_avg_sq</c> and <c>NAME.step</c>.</summary>
    /// <param name="optimizer">Over exactly these parameters, in this order.</param>
    /// <param name="parameters">Names and parameters.</param>
    public static IReadOnlyList<(string Name, Tensor Value)> Capture(AdamW optimizer, IReadOnlyList<(string Name, Parameter Value)> parameters) =>
    [
        .. States(optimizer, parameters).SelectMany(s => new (string, Tensor)[]
        {
            ($"{s.Name}.exp_avg", s.State.exp_avg),
            ($"{s.Name}.exp_avg_sq", s.State.exp_avg_sq),
            ($"{s.Name}.step", tensor(s.State.step, dtype: ScalarType.Int64)),
        })
    ];

    /// <summary>Puts captured averages back.</summary>
    public static void Restore(AdamW optimizer, IReadOnlyList<(string Name, Parameter Value)> parameters, SafetensorsFile source)
    {
        foreach (var (name, state) in States(optimizer, parameters))
        {
            source.CopyTo($"{name}.exp_avg", state.exp_avg);
            source.CopyTo($"{name}.exp_avg_sq", state.exp_avg_sq);
            using var step = source.Load($"{name}.step");
            state.step = step.item<long>();
        }
    }

    private static IEnumerable<(string Name, AdamW.State State)> States(AdamW optimizer, IReadOnlyList<(string Name, Parameter Value)> parameters)
    {
        var states = optimizer.state_dict().State;
        if (states.Count != parameters.Count)
            throw new ArgumentException($"the optimizer has {states.Count} parameters, {parameters.Count} are named");
        return parameters.Select((p, i) => (p.Name, (AdamW.State)states[i]));
    }
}
