using LightReasoner.Worker.Models;
using LightReasoner.Worker.Training;

namespace LightReasoner.Worker.Runs;

/// <summary>
/// The memory that a run will need at its peak, known from shapes before it starts. An estimate of the large parts (weights, optimizer,
/// activations, caches, logits), meant to refuse what cannot fit before hours of work, not to be exact.
/// </summary>
/// <param name="Parts">Bytes by what they are for.</param>
internal sealed record MemoryPrediction(IReadOnlyList<(string Name, long Bytes)> Parts)
{
    /// <summary>
    /// What a process on a CPU grows by while it trains, beside tensors: code that is compiled, pages of libtorch that are touched for the
    /// first time, the managed heap, what the allocator keeps.
    /// </summary>
    public const long TrainingGrowth = 80 << 20;

    /// <summary>Tokens that are read at once.</summary>
    private const long ReadTokens = 8192;

    public long Total => Parts.Sum(part => part.Bytes);

    /// <summary>
    /// Sampling: two models, the expert's KV cache, the hidden states of a chunk's answers, what is read at once, and the logits of a piece
    /// of steps.
    /// </summary>
    /// <param name="chunk">Questions whose answers are held at once.</param>
    public static MemoryPrediction Sampling(CausalLM expert, CausalLM amateur, int batchSize, int longestPrompt,
        int maxNewTokens, int chunk = 0)
    {
        long capacity = longestPrompt + maxNewTokens, rows = Math.Max(batchSize, chunk);
        // The expert's states of a chunk's answers as they come, in order, and of the steps that are compared; the amateur's of these.
        var states = rows * maxNewTokens * expert.DType.ElementSize() * (3L * expert.Config.HiddenSize + amateur.Config.HiddenSize);
        var reading = Math.Max(Math.Min(ReadTokens, rows * capacity) * WidestRow(amateur.Config) * amateur.DType.ElementSize(),
            Math.Min(ReadTokens / 2, (long)batchSize * longestPrompt) * WidestRow(expert.Config) * expert.DType.ElementSize());
        return new([("weights", Weights(expert) + Weights(amateur)), ("packed weights", expert.PackedBytes + amateur.PackedBytes),
            ("KV cache", KvCache.BytesPerToken(expert) * capacity * batchSize), ("answers", states), ("reading", reading),
            ("logits", 6L * Math.Min(expert.HeadElements, rows * maxNewTokens * expert.Config.VocabSize) * sizeof(float))]);
    }

    /// <summary>Training on one device; known from shapes alone.</summary>
    /// <param name="lora">The adapter that is trained; null for all weights.</param>
    /// <param name="rows">Sequences in a forward pass.</param>
    /// <param name="checkpointing">Whether layers are computed again in the backward pass.</param>
    /// <param name="devices">Devices that share the optimizer's state.</param>
    public static MemoryPrediction Training(DecoderConfig config, torch.ScalarType dtype, LoraSpec? lora, int rows, int length,
        bool checkpointing, int devices = 1)
    {
        long size = dtype.ElementSize(), tokens = (long)rows * length, weights = Elements(config);
        long hidden = config.HiddenSize, inner = config.IntermediateSize, queries = (long)config.NumHeads * config.HeadDim,
            projected = queries + 2L * config.NumKvHeads * config.HeadDim;
        var adapted = Adapted(config, lora);
        var trained = Trained(config, lora);
        var wide = lora is not null || size == sizeof(float); // adapters are float32 always
        // A 16-bit gradient of one backward pass beside the float32 sum; the master weights are the model's own where those are float32.
        long gradients = trained * (sizeof(float) + (wide ? 0 : size)),
            optimizer = trained * (2 + (wide ? 0 : 1)) * sizeof(float) / devices;
        // What a layer keeps of a token for its backward pass: residuals and norms, projections and their rotation, keys and values
        // repeated for their query heads, attention, gates.
        // Products with frozen weights do not keep their input; an adapter keeps it in float32, dropped out.
        var layer = lora is null
            ? size * (6 * hidden + projected + 4 * queries + 4 * inner)
            : size * (2 * hidden + 2 * projected + 3 * queries + 3 * inner) + sizeof(float) * adapted.Sum(projection =>
                projection.In * (lora.Dropout > 0 ? 2 : 1) + lora.Rank);
        var activations = tokens * (checkpointing ? layer + size * config.NumLayers * hidden : layer * config.NumLayers);
        // Logits, their logarithms and the gradients of both, in float32, and in 16 bits besides; with a trained head the gradient of its
        // matrix before it is added.
        var head = Math.Min(HeadLoss.Positions(config.VocabSize),
            tokens) * config.VocabSize * (4 * sizeof(float) + (size == sizeof(float) ? 0 : 2 * size))
            + (lora is null ? config.VocabSize * hidden * size : 0);
        return new([("weights", weights * size + (lora is null ? 0 : trained * sizeof(float))), ("gradients", gradients),
            ("optimizer", optimizer), ("activations", activations), ("head", head)]);
    }

    /// <summary>What answering questions takes beside the model: packed weights, rows of a batch, prompts that are read.</summary>
    public static long Answers(CausalLM model, int rows, int longestPrompt, int maxNewTokens) =>
        model.PackedBytes + rows * Row(model, longestPrompt + maxNewTokens)
        + Math.Min(ReadTokens, (long)rows * longestPrompt) * WidestRow(model.Config) * model.DType.ElementSize();

    /// <summary>A row of a batch: its part of the KV cache, which grows by copying, and its logits.</summary>
    public static long Row(CausalLM model, long tokens) =>
        KvCache.BytesPerToken(model) * tokens * 5 / 4 + 3L * sizeof(float) * model.Config.VocabSize;

    /// <summary>
    /// A training whose model answers questions before and after it. On a GPU that takes what a step's activations leave free, and only
    /// what goes beyond them counts; on a CPU the freed small blocks of the steps lie beside it.
    /// </summary>
    public MemoryPrediction WithAnswers(long answers, DeviceType device)
    {
        var shared = device == DeviceType.CUDA
            ? Parts.Where(part => part.Name is "activations" or "head").Sum(part => part.Bytes) : 0;
        return answers > shared ? new([.. Parts, ("evaluation", answers - shared)]) : this;
    }

    /// <summary>Parameters that are trained.</summary>
    public static long Trained(DecoderConfig config, LoraSpec? lora) =>
        lora is null ? Elements(config) : config.NumLayers * Adapted(config, lora)
            .Sum(projection => lora.Rank * (projection.In + projection.Out));

    /// <summary>Sizes of a layer's projections that get an adapter.</summary>
    private static (long In, long Out)[] Adapted(DecoderConfig config, LoraSpec? lora) =>
    [
        .. from weight in ParameterShapes.Of(config with { NumLayers = 1 })
           where lora?.TargetModules.Any(name => weight.Name.EndsWith($".{name}.weight", StringComparison.Ordinal)) ?? false
           select (weight.Shape[1], weight.Shape[0]),
    ];

    public override string ToString() =>
        $"predicted peak memory: {Amount(Total)} ({string.Join(", ", Parts.Select(part => $"{part.Name} {Amount(part.Bytes)}"))})";

    /// <summary>
    /// The same beside what the process itself takes, as it is now: .NET, libtorch, a GPU's context. The model is loaded already.
    /// </summary>
    /// <param name="loaded">Bytes of the weights that are there.</param>
    /// <param name="replicas">Replicas in this memory: those on the CPU share the machine's.</param>
    /// <param name="growth">Bytes that the process itself will grow by, on a CPU.</param>
    public MemoryPrediction WithProcess(torch.Device device, long loaded, int replicas = 1, long growth = 0)
    {
        if (device.type == DeviceType.CUDA) (replicas, growth) = (1, 0);
        return new([.. Parts.Select(part => (part.Name, part.Bytes * replicas)),
            ("process", Math.Max(0, DeviceMemory.Used(device) + growth - loaded))]);
    }

    internal void RefuseAbove(long available, string remedy)
    {
        if (Total > available)
            throw new WorkerException(ExitCode.BadManifest, $"{ToString()}, but only {Amount(available)} may be used here; {remedy}");
    }

    /// <summary>Bytes of a model's weights.</summary>
    public static long Weights(CausalLM model) => Elements(model.Config) * model.DType.ElementSize();

    /// <summary>Parameters of a model.</summary>
    public static long Elements(DecoderConfig config) => ParameterShapes.Of(config)
        .Sum(weight => weight.Shape.Aggregate(1L, (product, size) => product * size));

    private static long WidestRow(DecoderConfig config) => 4L * config.HiddenSize + 3L * config.IntermediateSize;

    /// <summary>Bytes for people.</summary>
    public static string Amount(long bytes) => bytes >= 1L << 30
        ? $"{bytes / (double)(1L << 30):F1} GiB" : $"{bytes / (double)(1L << 20):F0} MiB";
}
