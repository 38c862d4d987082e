using LightReasoner.Worker.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// A decoder-only language model of the Qwen2, Qwen3 or Llama family. With a cache it decodes (no gradients, rows of unequal lengths
/// side by side); without one it reads whole sequences, and gradients flow.
/// </summary>
public sealed partial class CausalLM : nn.Module
{
    private readonly Parameter _embedding; // [vocab, hidden]
    private readonly DecoderLayer[] _layers;
    private readonly RmsNorm _finalNorm;
    private readonly FusedProjection? _head; // null when tied to the embedding
    private readonly RotaryEmbedding _rotary;
    private EmbeddingGradient? _gathered;
    private readonly ScalarType _compute;
    private readonly List<(string Name, Parameter Value)> _named;

    private CausalLM(DecoderConfig config, ScalarType dtype, Device device) : base(nameof(CausalLM))
    {
        (Config, DType, Device) = (config, dtype, device);
        _compute = ComputeType.For(dtype, device);
        using var scope = NewDisposeScope();
        _embedding = Owned.Parameter(empty([config.VocabSize, config.HiddenSize], dtype: dtype, device: device));
        _layers = [.. Enumerable.Range(0, config.NumLayers).Select(layer => new DecoderLayer(config, layer, dtype, device))];
        _finalNorm = new RmsNorm("model.norm", config.HiddenSize, config.RmsNormEps, dtype, device);
        _head = config.TieWordEmbeddings ? null : new FusedProjection(dtype, device, config.HiddenSize, ("lm_head", config.VocabSize, false));
        _rotary = new RotaryEmbedding(config, _compute, device);
        _named =
        [
            ("model.embed_tokens.weight", _embedding),
            .. _layers.SelectMany(layer => layer.Parameters()),
            ("model.norm.weight", _finalNorm.Weight),
            .. _head?.Parts[0].Parameters() ?? [],
        ];
    }

    /// <summary>The model's shape.</summary>
    public DecoderConfig Config { get; }

    /// <summary>Where the weights lie.</summary>
    public Device Device { get; }

    /// <summary>The type of the weights. Arithmetic runs in it too, but for float16 on a CPU, which computes in float32.</summary>
    public ScalarType DType { get; }

    /// <summary>The adapter over this model, if any.</summary>
    public LoraAdapter? Lora { get; private set; }

    /// <summary>Makes a model; its weights are those of Hugging Face's initialisation for a seed, or else undefined until they are loaded.</summary>
    public static CausalLM Create(DecoderConfig config, ScalarType dtype, Device device, long? initSeed = null)
    {
        var model = new CausalLM(config, dtype, device);
        if (initSeed is { } seed)
            model.Initialize(seed);
        return model;
    }

    /// <summary>The hidden states after the final norm, [batch, length, hidden].</summary>
    /// <param name="ids">Token ids [batch, length], int64.</param>
    /// <param name="cache">Without one: positions 0..length-1, causal. With one: each row continues at its own length.</param>
    /// <param name="newLengths">With a cache: how many columns of each row are real (null: all); the rest is padding on the right.</param>
    public Tensor Hidden(Tensor ids, KvCache? cache = null, int[]? newLengths = null)
    {
        var (batch, length) = ((int)ids.size(0), (int)ids.size(1));
        if (cache is null)
            return Run(ids, AttentionPlan.WithoutCache(Config, _rotary, batch, length, _compute, Device));

        return Continue(ids, cache, newLengths ?? Fill(batch, length), from: null);
    }

    /// <summary>
    /// Continues every row of a cache, as <see cref="Hidden"/> does, and returns hidden states from some new token of each row on only, row after row, [asked, hidden]. The last layer
    /// computes nothing but keys and values for the others.
    /// </summary>
    /// <param name="ids">Token ids [batch, length], int64.</param>
    /// <param name="cache">What the rows hold.</param>
    /// <param name="newLengths">How many columns of each row are real.</param>
    /// <param name="from">The first column of each row that is asked for.</param>
    internal Tensor HiddenFrom(Tensor ids, KvCache cache, int[] newLengths, int[] from)
    {
        using var scope = NewDisposeScope();
        return Continue(ids, cache, newLengths, from).view(-1, Config.HiddenSize).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The hidden states of a few new tokens over a cache, [batch, length, hidden], computed by operators from nothing but memory of the device, so that they can be recorded and
    /// replayed: the host's <see cref="KvCache.Lengths"/> are neither read nor counted up.
    /// </summary>
    /// <param name="ids">Token ids [batch, length], int64.</param>
    /// <param name="cache">Its rows continue behind the tokens that they hold; what lies behind a row's real columns is padding.</param>
    /// <param name="lengths">Tokens that each row holds, [batch], int64.</param>
    /// <param name="reach">Number of keys that are attended to; no real column may lie behind them.</param>
    /// <param name="turns">The rotations of all positions of the cache (<see cref="Turns"/>).</param>
    internal Tensor HiddenFromDevice(Tensor ids, KvCache cache, Tensor lengths, int reach, Tensor turns)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        return Run(ids, AttentionPlan.FromDevice(Config, turns, cache, (int)ids.size(1), lengths, reach, _compute, Device)).MoveToOuterDisposeScope();
    }

    /// <summary>The rotations of the first positions, [4, at least so many, headDim]: a handle of the caller's own, valid even if the model comes to need longer tables.</summary>
    internal Tensor Turns(int positions) => _rotary.Tables(positions).alias();

    /// <summary>Hidden states of whole sequences, and the keys and values that each layer computed, [batch, kvHeads, length, headDim], appended to <paramref name="states"/>.</summary>
    internal Tensor HiddenWithStates(Tensor ids, List<(Tensor Keys, Tensor Values)> states) =>
        Run(ids, AttentionPlan.WithoutCache(Config, _rotary, (int)ids.shape[0], (int)ids.shape[1], _compute, Device).Collecting(states));

    /// <summary>Hidden states of tokens that follow prompts of the given lengths, whose keys and values are given by layer.</summary>
    internal Tensor ContinuePrompt(Tensor ids, int[] promptLengths, Func<int, (Tensor Keys, Tensor Values)> promptOfLayer) =>
        Run(ids, AttentionPlan.BehindPrompts(Config, _rotary, promptLengths, (int)promptOfLayer(0).Keys.shape[2], promptOfLayer, (int)ids.shape[1], _compute, Device));

    /// <summary>From now on the embedding's gradient is gathered by rows, until what this returns is disposed of; null where the embedding is frozen or not float32.</summary>
    internal EmbeddingGradient? GatherEmbeddingGradient() =>
        _gathered = _embedding.requires_grad && _embedding.dtype == ScalarType.Float32 ? new EmbeddingGradient(_embedding, () => _gathered = null) : null;

    /// <summary>The logits of every position, [batch, length, vocab].</summary>
    public Tensor forward(Tensor ids)
    {
        using var scope = NewDisposeScope();
        return Logits(Hidden(ids)).MoveToOuterDisposeScope();
    }

    /// <summary>The base weights under their Hugging Face names; a tied head is not repeated.</summary>
    public IReadOnlyList<(string Name, Parameter Value)> NamedParameters() => _named;

    /// <inheritdoc/>
    public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) =>
        _named.Concat(Lora?.NamedParameters() ?? []);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (Lora is not null)
                UnloadLora();
            foreach (var layer in _layers)
                layer.Dispose();
            _embedding.Dispose();
            _finalNorm.Dispose();
            _head?.Dispose();
            _screened?.Dispose();
            _rotary.Dispose();
        }
        base.Dispose(disposing);
    }

    private Tensor Continue(Tensor ids, KvCache cache, int[] newLengths, int[]? from)
    {
        var (batch, length) = ((int)ids.size(0), (int)ids.size(1));
        cache.CheckRoom(batch, length, newLengths);
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var plan = AttentionPlan.WithCache(Config, _rotary, cache, length, newLengths, Lora is { Enabled: true, Merged: false }, _compute, Device);
        if (from is not null)
            plan.AskFrom(from, newLengths, Device);
        var hidden = Run(ids, plan);
        cache.Advance(newLengths);
        return hidden.MoveToOuterDisposeScope();
    }

    private Tensor Run(Tensor ids, AttentionPlan plan)
    {
        using var scope = NewDisposeScope();
        var tokens = ids.view(-1);
        var x = (_gathered is not null && is_grad_enabled() ? _gathered.Read(tokens) : _embedding.index_select(0, tokens)).In(_compute);
        for (var i = 0; i < _layers.Length; i++)
            x = _layers[i].Forward(x, plan, training, last: i == _layers.Length - 1);
        x = _finalNorm.Forward(x);
        return (plan.Asked is null ? x.view(plan.Batch, plan.Length, Config.HiddenSize) : x).MoveToOuterDisposeScope();
    }

    private static int[] Fill(int count, int value)
    {
        var values = new int[count];
        Array.Fill(values, value);
        return values;
    }
}
