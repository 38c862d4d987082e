using LightReasoner.Worker.Models;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>A model read from a Hugging Face folder.</summary>
public sealed record LoadedModel(CausalLM Model, GenerationConfig Generation, string Dir) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();
}
