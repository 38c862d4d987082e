using LightReasoner.Api;
using LightReasoner.Worker.Models;
using TorchSharp;

namespace LightReasoner.Worker.Runs;

/// <summary>
/// The memory that a run will need at its peak, known from shapes before it starts. An estimate of the large parts (weights, optimizer, activations, caches,
/// logits), meant to refuse what cannot fit before hours of work, not to be exact.
/// </summary>
/// <param name="Parts">Bytes by what they are for.</param>
internal sealed record MemoryPrediction(IReadOnlyList<(string Name, long Bytes)> Parts)
{
    // Logits of the head are made in pieces of at most so many elements (see HeadLoss), in float32, with a gradient.
    private const long HeadElements = 16L << 20;

    /// <summary>All parts together.</summary>
    public long Total => Parts.Sum(part => part.Bytes);

    /// <summary>Sampling: two models, a KV cache each, and the logits of a step.</summary>
    /// <param name="expert">The expert.</param>
    /// <param name="amateur">The amateur.</param>
    /// <param name="batchSize">Rows at once.</param>
    /// <param name="longestPrompt">Tokens of the longest prompt.</param>
    /// <param name="maxNewTokens">Most tokens of an answer.</param>
    public static MemoryPrediction Sampling(CausalLM expert, CausalLM amateur, int batchSize, int longestPrompt, int maxNewTokens)
    {
        long capacity = longestPrompt + maxNewTokens;
        long reading = Math.Min(4096L, (long)batchSize * longestPrompt) * WidestRow(expert.Config) * Size(expert);
        return new([("weights", Weights(expert) + Weights(amateur)), ("KV cache", KvCache.BytesPerToken(expert) * capacity * batchSize), ("reading prompts", reading),
            ("logits", 6L * expert.HeadElements * sizeof(float))]);
    }

    /// <summary>Training of some parameters over a frozen or trained base.</summary>
    /// <param name="model">The model, adapter included.</param>
    /// <param name="rows">Sequences in a forward pass.</param>
    /// <param name="length">Tokens of the longest.</param>
    /// <param name="checkpointing">Whether layers are computed again in the backward pass.</param>
    public static MemoryPrediction Training(CausalLM model, int rows, int length, bool checkpointing)
    {
        DecoderConfig config = model.Config;
        long trained = model.Lora is { } lora ? lora.NamedParameters().Sum(p => p.Value.numel()) : Elements(model);
        // A gradient in the parameter's type; two averages, and a master copy where the weights are not float32 themselves.
        bool wide = model.Lora is not null || model.DType == torch.ScalarType.Float32;
        long optimizer = trained * ((wide ? sizeof(float) : Size(model)) + (wide ? 2L : 3L) * sizeof(float));
        long tokens = (long)rows * length;
        // Kept for a layer's backward pass: residuals, norms, projections and their rotations, gates, and attention weights before and after the softmax, where they are not computed again.
        long perToken = 6L * config.HiddenSize + 4L * (config.NumHeads + 2 * config.NumKvHeads) * config.HeadDim + 4L * config.IntermediateSize;
        long activations = tokens * Size(model) * (checkpointing ? perToken + (long)config.NumLayers * config.HiddenSize : perToken * config.NumLayers);
        long head = 2L * Math.Min(HeadElements, tokens * config.VocabSize) * sizeof(float);
        return new([("weights", Weights(model)), ("gradients and optimizer", optimizer), ("activations", activations), ("head", head)]);
    }

    /// <summary>One line for a person.</summary>
    public override string ToString() => $"predicted peak memory: {Amount(Total)} ({string.Join(", ", Parts.Select(part => $"{part.Name} {Amount(part.Bytes)}"))})";

    /// <summary>Says what is predicted, and refuses what exceeds the memory that this process may use. Of a GPU's memory nothing is known here, so nothing is refused.</summary>
    /// <param name="run">The run.</param>
    /// <param name="device">Where the work is done.</param>
    /// <param name="remedy">What the person can change in the document.</param>
    public void Check(RunContext run, torch.Device device, string remedy)
    {
        run.Progress.Say(ToString());
        if (device.type == DeviceType.CPU) RefuseAbove(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, remedy);
    }

    internal void RefuseAbove(long available, string remedy)
    {
        if (Total > available)
            throw new WorkerException(ExitCode.BadManifest, $"{ToString()}, but only {Amount(available)} may be used here; {remedy}");
    }

    private static long Weights(CausalLM model) => Elements(model) * BytesOf(model.DType);

    private static long Elements(CausalLM model) => model.NamedParameters().Sum(p => p.Value.numel());

    private static long Size(CausalLM model) => BytesOf(model.DType);

    private static long BytesOf(torch.ScalarType type) => type == torch.ScalarType.Float32 ? 4 : 2;

    private static long WidestRow(DecoderConfig config) => 4L * config.HiddenSize + 3L * config.IntermediateSize;

    private static string Amount(long bytes) => bytes >= 1L << 30
        ? FormattableString.Invariant($"{bytes / (double)(1L << 30):F1} GiB")
        : FormattableString.Invariant($"{bytes / (double)(1L << 20):F0} MiB");
}
