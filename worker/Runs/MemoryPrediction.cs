using LightReasoner.Api;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Native;
using LightReasoner.Worker.Sampling;
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

    // What cuBLAS keeps for the stream that steps are recorded on, on the GPUs where it is largest.
    private const long BlasWorkspace = 32L << 20;

    /// <summary>All parts together.</summary>
    public long Total => Parts.Sum(part => part.Bytes);

    /// <summary>Sampling: two models, a KV cache each, and the logits of a step.</summary>
    /// <param name="expert">The expert.</param>
    /// <param name="amateur">The amateur.</param>
    /// <param name="batchSize">Rows at once.</param>
    /// <param name="longestPrompt">Tokens of the longest prompt.</param>
    /// <param name="maxNewTokens">Most tokens of an answer.</param>
    /// <param name="recorded">Whether decode steps are recorded.</param>
    public static MemoryPrediction Sampling(CausalLM expert, CausalLM amateur, int batchSize, int longestPrompt, int maxNewTokens, bool recorded = false)
    {
        long capacity = longestPrompt + maxNewTokens;
        // While rows are admitted or given up, or a recorded step is compared, a second cache exists beside the first.
        long Cache(CausalLM model) => 2L * 2 * model.Config.NumLayers * model.Config.NumKvHeads * model.Config.HeadDim * capacity * batchSize * Size(model);
        long reading = (long)batchSize * longestPrompt * WidestRow(expert.Config) * Size(expert);
        // The recorded steps of a cache share the memory of the largest, which reads drafts: its widest activations, and attention weights before, in and behind the softmax.
        long Recorded(CausalLM model) => batchSize * (AmateurDraft.MaxLength + 1L) * (WidestRow(model.Config) * Size(model) + model.Config.NumHeads * capacity * (sizeof(float) + 2L * Size(model)));
        return new([("weights", Weights(expert) + Weights(amateur)), ("KV caches", Cache(expert) + Cache(amateur)), ("reading prompts", reading),
            ("logits", 2L * batchSize * (expert.Config.VocabSize + (long)amateur.Config.VocabSize) * Size(expert)),
            .. recorded ? [("recorded steps", Recorded(expert) + Recorded(amateur) + BlasWorkspace)] : ((string, long)[])[]]);
    }

    /// <summary>Training of some parameters over a frozen or trained base.</summary>
    /// <param name="model">The model, adapter included.</param>
    /// <param name="rows">Sequences in a forward pass.</param>
    /// <param name="length">Tokens of the longest.</param>
    /// <param name="checkpointing">Whether layers are computed again in the backward pass.</param>
    /// <param name="blocks">Whether block generation measures the model afterwards, beside weights and optimizer.</param>
    public static MemoryPrediction Training(CausalLM model, int rows, int length, bool checkpointing, bool blocks = false)
    {
        DecoderConfig config = model.Config;
        long trained = model.Lora is { } lora ? lora.NamedParameters().Sum(p => p.Value.numel()) : Elements(model);
        // A gradient in the parameter's type; two averages, and a master copy where the weights are not float32 themselves.
        bool wide = model.Lora is not null || model.DType == torch.ScalarType.Float32;
        long optimizer = trained * ((wide ? sizeof(float) : Size(model)) + (wide ? 2L : 3L) * sizeof(float));
        long tokens = (long)rows * length;
        // Kept for a layer's backward pass: residuals, norms, projections and their rotations, gates, and attention weights before and after the softmax, where they are not computed again.
        long weights = CausalAttention.Supports(model.DType, model.Device, config.HeadDim, length) ? 0 : 2L * config.NumHeads * length;
        long perToken = 6L * config.HiddenSize + 4L * (config.NumHeads + 2 * config.NumKvHeads) * config.HeadDim + 4L * config.IntermediateSize + weights;
        long activations = tokens * Size(model) * (checkpointing ? perToken + (long)config.NumLayers * config.HiddenSize : perToken * config.NumLayers);
        long head = 2L * Math.Min(HeadElements, tokens * config.VocabSize) * sizeof(float);
        return new([("weights", Weights(model)), ("gradients and optimizer", optimizer), ("activations", activations), ("head", head),
            .. blocks && ScreenedHead.Bytes(model.HeadWeight) is > 0 and var copy ? [("copy of the head for block generation", copy)] : ((string, long)[])[]]);
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

    private static long Size(CausalLM model) => BytesOf(ComputeType.For(model.DType, model.Device));

    private static long BytesOf(torch.ScalarType type) => type == torch.ScalarType.Float32 ? 4 : 2;

    private static long WidestRow(DecoderConfig config) => 4L * config.HiddenSize + 3L * config.IntermediateSize;

    private static string Amount(long bytes) => bytes >= 1L << 30
        ? FormattableString.Invariant($"{bytes / (double)(1L << 30):F1} GiB")
        : FormattableString.Invariant($"{bytes / (double)(1L << 20):F0} MiB");
}
