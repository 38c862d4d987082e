using TorchSharp.Modules;

namespace LightReasoner.Worker.Models;

/// <summary>The LoRA adapter that lies over a <see cref="CausalLM"/>.</summary>
public sealed class LoraAdapter
{
    private readonly IReadOnlyList<LoraLinear> _layers;
    private bool _enabled = true;

    internal LoraAdapter(LoraOptions options, IReadOnlyList<LoraLinear> layers) => (Options, _layers) = (options, layers);

    /// <summary>The adapter's shape.</summary>
    public LoraOptions Options { get; }

    /// <summary>Whether the adapter takes part in forward passes. Switched off, the model answers as its base does.</summary>
    public bool Enabled
    {
        get => _enabled;
        set
        {
            _enabled = value;
            Refresh();
        }
    }

    /// <summary>Whether the adapter is added into the base weights at the moment.</summary>
    public bool Merged { get; private set; }

    /// <summary>The trained matrices, in layer order, under PEFT's names.</summary>
    public IReadOnlyList<(string Name, Parameter Value)> NamedParameters() =>
    [
        .. _layers.SelectMany(layer => new (string, Parameter)[]
        {
            ($"base_model.model.{layer.Name}.lora_A.weight", layer.A),
            ($"base_model.model.{layer.Name}.lora_B.weight", layer.B),
        })
    ];

    internal void SetMerged(bool merged)
    {
        if (merged == Merged)
            return;
        foreach (var layer in _layers)
            layer.Merge(merged ? 1 : -1);
        Merged = merged;
        Refresh();
    }

    private void Refresh()
    {
        foreach (var layer in _layers)
            layer.Active = _enabled && !Merged;
    }
}
