using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

public sealed partial class CausalLM
{
    /// <summary>
    /// Lays a fresh LoRA adapter over the projections that <paramref name="options"/> names (A uniform in ±1/√in, B zero, as PEFT does) and freezes
    /// the base weights.
    /// </summary>
    public LoraAdapter AddLora(LoraOptions options, long seed)
    {
        if (Lora is not null)
            throw new InvalidOperationException("the model has an adapter already; unload it first");
        if (options.TargetModules.FirstOrDefault(name => !LoraOptions.Targets.Contains(name)) is { } unknown)
            throw new ArgumentException($"'{unknown}' is no projection of a decoder layer (known: {string.Join(", ", LoraOptions.Targets)})", nameof(options));
        if (options.TargetModules.Count == 0)
            throw new ArgumentException("an adapter needs at least one target module", nameof(options));

        foreach (var (_, parameter) in _named)
            parameter.requires_grad = false;
        using var generator = new Generator((ulong)seed);
        var adapted = new List<LoraLinear>();
        foreach (var projection in _layers.SelectMany(layer => layer.Projections))
            if (options.TargetModules.Contains(projection.Name[(projection.Name.LastIndexOf('.') + 1)..]))
                adapted.Add(projection.Lora = new LoraLinear(projection, options, generator));
        return Lora = new LoraAdapter(options, adapted);
    }

    /// <summary>Adds the adapter into the base weights; forward passes then cost what the base's cost.</summary>
    public void MergeLora() => (Lora ?? throw new InvalidOperationException("the model has no adapter to merge")).SetMerged(true);

    /// <summary>Takes a merged adapter out of the base weights again (exact up to rounding).</summary>
    public void UnmergeLora() => (Lora ?? throw new InvalidOperationException("the model has no adapter to unmerge")).SetMerged(false);

    /// <summary>Removes the adapter and lets the base weights train again. What was merged stays in them.</summary>
    public void UnloadLora()
    {
        foreach (var projection in _layers.SelectMany(layer => layer.Projections))
            projection.Lora = null;
        foreach (var (_, parameter) in Lora?.NamedParameters() ?? [])
            parameter.Dispose();
        Lora = null;
        foreach (var (_, parameter) in _named)
            parameter.requires_grad = true;
    }

    /// <summary>Hugging Face's initialisation: matrices and embeddings normal(0, 0.02), biases 0, norms 1. Drawn on the CPU, so that a seed means the same on every device.</summary>
    private void Initialize(long seed)
    {
        using var _ = no_grad();
        using var generator = new Generator((ulong)seed);
        foreach (var (name, parameter) in _named)
        {
            using var scope = NewDisposeScope();
            if (parameter.shape.Length == 2)
                parameter.copy_(empty(parameter.shape, dtype: ScalarType.Float32).normal_(0, 0.02, generator));
            else if (name.EndsWith(".bias", StringComparison.Ordinal))
                parameter.zero_();
        }
    }
}
