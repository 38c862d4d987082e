using LightReasoner.Worker.Models;

namespace LightReasoner.Worker.Runs;

/// <summary>What <c>batchSize: auto</c> comes to.</summary>
internal static class BatchSizes
{
    private const int MostOnCpu = 64, MostOnGpu = 256; // beyond these a step is bound by arithmetic, and more rows gain nothing

    /// <summary>
    /// Rows that are decoded at once. Auto follows from the device's whole memory, not from what is free at the moment, so that the same
    /// document gives the same results on the same kind of device, whatever attempt this is.
    /// </summary>
    /// <param name="others">Models that lie on the device too.</param>
    public static int Rows(BatchSize asked, CausalLM model, int longestPrompt, int maxNewTokens, params CausalLM[] others)
    {
        if (asked.Number is { } number) return number;
        var gpu = model.Device.type == DeviceType.CUDA;
        var weights = others.Append(model).Sum(m => m.Weights.Sum(w => w.numel() * w.element_size())) + model.PackedBytes;
        // A fifth stays free for reading prompts, scoring and the allocator.
        var room = DeviceMemory.Total(model.Device) / 5 * 4 - weights;
        var rows = (int)Math.Clamp(room / MemoryPrediction.Row(model, longestPrompt + maxNewTokens), 1, gpu ? MostOnGpu : MostOnCpu);
        return rows >= 8 ? rows / 8 * 8 : rows;
    }
}
