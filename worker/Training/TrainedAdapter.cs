using LightReasoner.Api;
using LightReasoner.Worker.Models;

namespace LightReasoner.Worker.Training;

/// <summary>The LoRA adapter that a run trains.</summary>
internal static class TrainedAdapter
{
    /// <summary>The adapter that lies over the model, to be trained on; a fresh one if there is none, or if it was merged and so is part of the base.</summary>
    public static IReadOnlyList<NamedSlice> Of(CausalLM model, LoraSpec lora, long seed)
    {
        if (model.Lora is { Merged: true })
            model.UnloadLora();
        var adapter = model.Lora ?? model.AddLora(
            new LoraOptions { Rank = lora.Rank, Alpha = lora.Alpha, Dropout = lora.Dropout, TargetModules = lora.TargetModules }, seed);
        return [.. adapter.NamedParameters().Select(parameter => new NamedSlice(parameter.Name, parameter.Value))];
    }
}
