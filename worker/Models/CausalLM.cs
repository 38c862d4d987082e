using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// A decoder-only language model of the Qwen2, Qwen3 or Llama family. Without a cache it reads whole sequences and gradients flow; with a
/// cache it decodes, rows of unequal lengths side by side.
/// </summary>
/// <remarks>
/// Layers that read the same input are one matrix in memory (query, key, value; gate, up). <see cref="Weights"/> are these matrices: what
/// autograd and an optimizer see. The objects stay the same for the model's life, and nothing is derived from their storage, so that
/// <c>set_</c> may move them into a flat buffer. <see cref="NamedParameters"/> are their slices under Hugging Face's names.
/// </remarks>
public sealed class CausalLM : nn.Module
{
    private readonly Parameter _embedding; // [vocab, hidden]
    private readonly DecoderLayer[] _layers;
    private readonly RmsNorm _norm;
    private readonly Projection _head; // its weight is the embedding where the two are tied
    private readonly RotaryEmbedding _rotary;
    private Generator? _dropout; // the model's own: replicas draw at the same time
    private long _dropoutSeed;
    private Packing? _packing;
    private bool _disposed;

    private CausalLM(DecoderConfig config, ScalarType dtype, Device device) : base(nameof(CausalLM))
    {
        (Config, DType, Device) = (config, dtype, device);
        using var scope = NewDisposeScope();
        _embedding = NamedSlice.Own(empty([config.VocabSize, config.HiddenSize], dtype: dtype, device: device));
        _layers = [.. Enumerable.Range(0, config.NumLayers).Select(layer => new DecoderLayer(config, layer, dtype, device))];
        _norm = new RmsNorm("model.norm", config.HiddenSize, config.RmsNormEps, dtype, device);
        _head = config.TieWordEmbeddings ? new Projection("lm_head", _embedding)
            : new Projection(dtype, device, config.HiddenSize, ("lm_head", config.VocabSize, false));
        _rotary = new RotaryEmbedding(config, dtype, device);
        Slices = [new("model.embed_tokens.weight", _embedding), .. _layers.SelectMany(layer => layer.Slices()), _norm.Slice,
            .. config.TieWordEmbeddings ? [] : _head.Slices()];
        // tensors are equal by value
        Weights = [.. Slices.Select(slice => slice.Parameter).Distinct<object>(ReferenceEqualityComparer.Instance).Cast<Parameter>()];
    }

    /// <summary>The model's shape.</summary>
    public DecoderConfig Config { get; }

    /// <summary>Where the weights lie.</summary>
    public Device Device { get; }

    /// <summary>The type of the weights and of the arithmetic; norms, softmax and adapters are float32 always.</summary>
    public ScalarType DType { get; }

    /// <summary>The matrices and vectors of the base model as they lie in memory, the adapter's not among them.</summary>
    public IReadOnlyList<Parameter> Weights { get; }

    /// <summary>The adapter over this model, if any.</summary>
    public LoraAdapter? Lora { get; private set; }

    /// <summary>
    /// Whether a forward pass with gradients keeps the inputs of layers only and computes each layer again in the backward pass.
    /// </summary>
    public bool Checkpointing { get; set; }

    /// <summary>Logits that are made at once, at most, where there are many: on a CPU few enough for its caches.</summary>
    internal int HeadElements => Device.type == DeviceType.CPU ? 1 << 23 : 1 << 26;

    /// <summary>The weight of the output head, [vocab, hidden]; the embedding where the two are tied.</summary>
    public Parameter HeadWeight => _head.Weight;

    /// <summary>
    /// Makes a model; its weights are those of Hugging Face's initialisation for a seed, or else undefined until they are loaded.
    /// </summary>
    public static CausalLM Create(DecoderConfig config, ScalarType dtype, Device device, long? initSeed = null)
    {
        var model = new CausalLM(config, dtype, device);
        if (initSeed is { } seed)
            model.Initialize(seed);
        return model;
    }

    /// <summary>Reads whole sequences without a cache; gradients flow where they are enabled.</summary>
    /// <param name="ids">Token ids [rows, length], int64.</param>
    /// <param name="positions">Position of each token, [rows or 1, length], int64; null for 0..length-1.</param>
    /// <param name="mask">What each token attends to (true), [rows or 1, 1, length, length]; null for causal.</param>
    /// <returns>The hidden states after the final norm, [rows, length, hidden].</returns>
    public Tensor Hidden(Tensor ids, Tensor? positions = null, Tensor? mask = null)
    {
        using var scope = NewDisposeScope();
        var (rows, length) = ((int)ids.size(0), (int)ids.size(1));
        var (cos, sin) = positions is null
            ? _rotary.CosSin(arange(Scalars.Zero, Scalars.Of(length), Scalars.One, device: Device), length, repeat: rows)
            : _rotary.CosSin(positions.expand(rows, length).reshape(-1), Config.MaxPositionEmbeddings);
        return Run(ids, new ForwardPass(rows, length, cos, sin, mask is null ? null : ForwardPass.Additive(mask, DType)))
            .MoveToOuterDisposeScope();
    }

    /// <summary>Continues rows of a cache, without gradients. Afterwards each row holds its new tokens too.</summary>
    /// <param name="ids">Token ids [rows, length], int64, padded on the right.</param>
    /// <param name="cache">What the rows hold already.</param>
    /// <param name="newLengths">How many columns of each row are real.</param>
    /// <param name="rows">The rows of the cache that are continued; null for all.</param>
    /// <param name="wanted">The tokens whose states are asked for, each as row · length + column; null for all.</param>
    /// <returns>The hidden states after the final norm, [rows, length, hidden], or of the wanted tokens, [tokens, hidden].</returns>
    public Tensor Hidden(Tensor ids, KvCache cache, int[] newLengths, int[]? rows = null, int[]? wanted = null)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var (count, length) = ((int)ids.size(0), (int)ids.size(1));
        var place = cache.Place(length, newLengths, rows);
        var (cos, sin) = _rotary.CosSin(place.Positions.view(-1), cache.Capacity);
        var hidden = Run(ids, new ForwardPass(count, length, cos, sin,
            place.Mask(Config.NumHeads / Config.NumKvHeads, DType), cache, place), wanted?.ToDevice(Device));
        cache.Advance(newLengths, rows);
        return hidden.MoveToOuterDisposeScope();
    }

    /// <summary>The logits of the next token, [..., hidden] → [..., vocab], in the model's type.</summary>
    public Tensor Head(Tensor hidden) => _head.Forward(hidden);

    /// <summary>
    /// The most likely next token after each hidden state, [tokens, hidden] → [tokens]; -1 where the logits are not finite. The logits are
    /// made in pieces.
    /// </summary>
    public Tensor Argmax(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return cat([.. hidden.split(Math.Max(1, HeadElements / Config.VocabSize), 0).Select(piece =>
        {
            var (best, ids) = Head(piece).max(-1); // NaN wins
            return ids.masked_fill(best.isfinite().logical_not(), Scalars.MinusOne);
        })], 0).MoveToOuterDisposeScope();
    }

    /// <summary>The logits of every position, [rows, length, vocab].</summary>
    public Tensor forward(Tensor ids)
    {
        using var scope = NewDisposeScope();
        return Head(Hidden(ids)).MoveToOuterDisposeScope();
    }

    /// <summary>The base weights by name as parts of <see cref="Weights"/>.</summary>
    internal IReadOnlyList<NamedSlice> Slices { get; }

    /// <summary>What dropout draws in the coming forward passes follows from this alone.</summary>
    internal void SeedDropout(int seed) => _dropoutSeed = (long)seed << 20;

    private IEnumerable<Projection> Products => _layers.SelectMany(layer => layer.Projections).Append(_head);

    /// <summary>Bytes that <see cref="Pack"/> takes; 0 where it leaves the weights as they are.</summary>
    internal long PackedBytes
    {
        get
        {
            var bytes = Products.Sum(projection => projection.Weight.numel() * sizeof(float));
            return PackedWeights.Serve(DType, Device) && bytes < DeviceMemory.Total(Device) / 4 ? bytes : 0;
        }
    }

    /// <summary>
    /// Packs copies of the weights, which forward passes without gradients use until what is returned is disposed of; the weights must not
    /// change meanwhile. Null where they are packed already, or it would gain nothing.
    /// </summary>
    internal IDisposable? Pack()
    {
        if (_packing is not null || PackedBytes == 0)
            return null;
        using var _ = no_grad();
        _packing = new Packing(this);
        try
        {
            foreach (var projection in Products)
                projection.Pack();
        }
        catch
        {
            _packing.Dispose();
            throw;
        }
        return _packing;
    }

    private sealed class Packing(CausalLM model) : IDisposable
    {
        public void Dispose()
        {
            foreach (var projection in model.Products)
                projection.Unpack();
            model._packing = null;
        }
    }

    /// <summary>A model of the same weights and adapter on a device, in a memory of its own.</summary>
    internal CausalLM CopyTo(Device device)
    {
        using var _ = no_grad();
        var copy = Create(Config, DType, device);
        if (Lora is { } adapter)
            copy.AddLora(adapter.Options, seed: 0);
        foreach (var ((_, from), (_, to)) in named_parameters().Zip(copy.named_parameters()))
            to.copy_(from);
        return copy;
    }

    /// <summary>The base weights under their Hugging Face names, as views for loading and saving; a tied head is not repeated.</summary>
    public IReadOnlyList<(string Name, Tensor Value)> NamedParameters() =>
        [.. Slices.Select(slice => (slice.Name, slice.Of(slice.Parameter.detach())))];

    /// <inheritdoc/>
    public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) =>
        Weights.Select((weight, i) => ($"weights.{i}", weight)).Concat(Lora?.NamedParameters ?? []);

    /// <summary>
    /// Lays a fresh LoRA adapter over the projections that <paramref name="options"/> names (A uniform in ±1/√in, B zero, as PEFT does) and
    /// freezes the base weights.
    /// </summary>
    public LoraAdapter AddLora(LoraSpec options, long seed)
    {
        if (Lora is not null)
            throw new InvalidOperationException("the model has an adapter already; unload it first");
        if (options.TargetModules.FirstOrDefault(name => !LoraAdapter.Targets.Contains(name)) is { } unknown)
            throw new ArgumentException(
                $"'{unknown}' is not a projection of a decoder layer (known: {string.Join(", ", LoraAdapter.Targets)})", nameof(options));
        if (options.TargetModules.Count == 0)
            throw new ArgumentException("an adapter needs at least one target module", nameof(options));

        foreach (var weight in Weights)
            weight.requires_grad = false;
        using var generator = new Generator((ulong)seed);
        return Lora = new LoraAdapter(options, [.. Products.SelectMany(projection => projection.AddLora(options, generator))]);
    }

    /// <summary>
    /// Adds the adapter, if there is one, into the base weights and removes it: an ordinary model again, trainable and free for another
    /// adapter.
    /// </summary>
    public void MergeLora()
    {
        foreach (var projection in Products)
            projection.MergeLora();
        UnloadLora();
    }

    /// <summary>Removes the adapter and lets the base weights train again.</summary>
    public void UnloadLora()
    {
        foreach (var projection in Products)
            projection.RemoveLora();
        Lora = null;
        foreach (var weight in Weights)
            weight.requires_grad = true;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            UnloadLora();
            _packing?.Dispose();
            foreach (var weight in Weights)
                weight.Dispose();
            _rotary.Dispose();
            _dropout?.Dispose();
        }
        base.Dispose(disposing);
    }

    private Tensor Run(Tensor ids, ForwardPass pass, Tensor? wanted = null)
    {
        var x = _embedding.index_select(0, ids.reshape(-1));
        var checkpointing = Checkpointing && pass.Cache is null && is_grad_enabled();
        if (checkpointing && !x.requires_grad)
            x.requires_grad_(); // a frozen embedding; the layers' own weights are no inputs of the recomputed function
        if (checkpointing)
            pass.DetachFromDisposeScope(); // the backward pass reads it again
        var dropout = training && Lora is { Options.Dropout: > 0 } ? _dropout ??= new Generator(0, Device) : null;
        foreach (var layer in _layers)
        {
            var seed = _dropoutSeed++; // every layer has its own, so that it draws the same when it is computed again
            Action? before = dropout is null ? null : () => dropout.manual_seed(seed);
            if (!checkpointing)
                before?.Invoke();
            var next = checkpointing ? Recomputation.Apply(y => layer.Forward(y, pass, dropout), x, before)
                : layer.Forward(x, pass, dropout, layer == _layers[^1] ? wanted : null);
            if (!is_grad_enabled())
                x.Dispose();
            x = next;
        }
        x = _norm.Forward(x);
        return wanted is null ? x.view(pass.Rows, pass.Length, Config.HiddenSize) : x;
    }

    /// <summary>
    /// Hugging Face's initialisation: matrices and embeddings normal(0, 0.02), biases 0, norms 1. Drawn on the CPU, so that a seed means
    /// the same on every device.
    /// </summary>
    private void Initialize(long seed)
    {
        using var _ = no_grad();
        using var generator = new Generator((ulong)seed);
        foreach (var slice in Slices)
        {
            using var scope = NewDisposeScope();
            var value = slice.Of(slice.Parameter);
            if (value.shape.Length == 2)
                value.copy_(empty(value.shape, dtype: ScalarType.Float32).normal_(0, 0.02, generator));
            else if (slice.Name.EndsWith(".bias", StringComparison.Ordinal))
                value.zero_();
        }
    }
}

/// <summary>A weight of the published model: some rows of a parameter, or all of it.</summary>
internal readonly record struct NamedSlice(string Name, Parameter Parameter, long Start = 0, long Count = -1)
{
    /// <summary>A parameter that lives until it is disposed of, whatever dispose scope is open while it is made.</summary>
    public static Parameter Own(Tensor value)
    {
        var parameter = new Parameter(value);
        parameter.DetachFromDisposeScope();
        return parameter;
    }

    /// <summary>The same rows of the parameter or of its gradient.</summary>
    public Tensor Of(Tensor whole) => Count < 0 ? whole : whole.narrow(0, Start, Count);
}
