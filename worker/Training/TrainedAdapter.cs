using LightReasoner.Api;
using LightReasoner.Worker.Models;

namespace LightReasoner.Worker.Training;

/// <summary>The LoRA adapter that a run trains.</summary>
internal static class TrainedAdapter
{
    /// <summary>The shape of the adapter that is trained: of that which lies over the model, unmerged, or else of a fresh one.</summary>
    public static LoraOptions Options(CausalLM model, LoraSpec lora) => model.Lora is { Merged: false } adapter
        ? adapter.Options
        : new LoraOptions { Rank = lora.Rank, Alpha = lora.Alpha, Dropout = lora.Dropout, TargetModules = lora.TargetModules };

    /// <summary>The adapter that lies over the model, to be trained on; a fresh one if there is none, or if it was merged and so is part of the base.</summary>
    public static IReadOnlyList<NamedSlice> Of(CausalLM model, LoraSpec lora, long seed)
    {
        if (model.Lora is { Merged: true })
            model.UnloadLora();
        var adapter = model.Lora ?? model.AddLora(Options(model, lora), seed);
        return [.. adapter.NamedParameters().Select(parameter => new NamedSlice(parameter.Name, parameter.Value))];
    }
}
