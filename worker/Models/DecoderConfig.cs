namespace LightReasoner.Worker.Models;

/// <summary>The shape of a decoder-only model, as a Hugging Face <c>config.json</c> states it.</summary>
public sealed record DecoderConfig
{
    private const string Qwen2 = "Qwen2ForCausalLM", Qwen3 = "Qwen3ForCausalLM", Llama = "LlamaForCausalLM";

    /// <summary>The architectures that <see cref="CausalLM"/> computes.</summary>
    public static IReadOnlyList<string> SupportedArchitectures { get; } = [Llama, Qwen2, Qwen3];

    /// <summary>Hugging Face class name, one of <see cref="SupportedArchitectures"/>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Rows of the embedding and of the output head.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the gated feed-forward layer.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of decoder layers.</summary>
    public required int NumLayers { get; init; }

    /// <summary>Query heads per layer.</summary>
    public required int NumHeads { get; init; }

    /// <summary>Key and value heads per layer; divides <see cref="NumHeads"/>.</summary>
    public required int NumKvHeads { get; init; }

    /// <summary>Width of one head; even.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>Stretched rotary frequencies (Llama 3.1 and later), or null.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>Added to the mean square before its root is taken.</summary>
    public double RmsNormEps { get; init; } = 1e-6;

    /// <summary>Whether the output head is the embedding matrix.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>Whether the query, key and value projections have biases.</summary>
    public bool AttentionBias { get; init; }

    /// <summary>Whether the output projection of the attention has a bias.</summary>
    public bool AttentionOutputBias { get; init; }

    /// <summary>Whether the feed-forward projections have biases.</summary>
    public bool MlpBias { get; init; }

    /// <summary>Whether queries and keys are normalised per head before the rotation (Qwen3).</summary>
    public bool QkNorm { get; init; }

    /// <summary>Longest sequence that the model was trained for.</summary>
    public int MaxPositionEmbeddings { get; init; } = 2048;

    /// <summary>Reads a parsed <c>config.json</c>.</summary>
    /// <exception cref="InvalidDataException">A field is missing, wrong or asks for something unsupported; names <paramref
    /// name="fileName"/> and the field.</exception>
    public static DecoderConfig Parse(JsonObject configJson, string fileName)
    {
        var fields = new JsonFields(configJson, fileName);
        var architecture = ParseArchitecture(fields, fileName);
        var activation = fields.Text("hidden_act") ?? "silu";
        if (activation != "silu")
            throw fields.Bad("hidden_act", $"is '{activation}', which is not supported (supported: silu)");
        if (fields.Bool("use_sliding_window", false))
            throw fields.Bad("use_sliding_window", "is true, which is not supported: every layer attends to the whole context");

        var hidden = fields.Int("hidden_size", 1);
        var heads = fields.Int("num_attention_heads", 1);
        var kvHeads = fields.Int("num_key_value_heads", 1, heads);
        if (heads % kvHeads != 0)
            throw fields.Bad("num_key_value_heads", $"must divide num_attention_heads ({heads}), is {kvHeads}");
        if (!fields.Has("head_dim") && architecture != Qwen3 && hidden % heads != 0)
            throw fields.Bad("hidden_size", $"must be a multiple of num_attention_heads ({heads}) when head_dim is absent, is {hidden}");
        var headDim = fields.Int("head_dim", 2, architecture == Qwen3 ? 128 : hidden / heads);
        if (headDim % 2 != 0)
            throw fields.Bad("head_dim", $"must be even, is {headDim}");

        var attentionBias = fields.Bool("attention_bias", false);
        // As transformers 5 has it: rope_scaling, where there is one, stands for rope_parameters, and what it leaves out is at the top
        // level.
        var (older, newer) = (fields.Object("rope_scaling"), fields.Object("rope_parameters"));
        var (scaling, parameters) = (RopeScaling.Parse(older), RopeScaling.Parse(newer)); // an unsupported kind is refused in either
        var rope = older ?? newer;
        return new DecoderConfig
        {
            Architecture = architecture,
            VocabSize = fields.Int("vocab_size", 1),
            HiddenSize = hidden,
            IntermediateSize = fields.Int("intermediate_size", 1),
            NumLayers = fields.Int("num_hidden_layers", 1),
            NumHeads = heads,
            NumKvHeads = kvHeads,
            HeadDim = headDim,
            RopeTheta = rope is not null && rope.Has("rope_theta") ? rope.Positive("rope_theta") : fields.Positive("rope_theta", 10000),
            RopeScaling = older is not null ? scaling : parameters,
            RmsNormEps = fields.Positive("rms_norm_eps", 1e-6),
            TieWordEmbeddings = fields.Bool("tie_word_embeddings", false),
            AttentionBias = architecture == Qwen2 || attentionBias,
            AttentionOutputBias = architecture != Qwen2 && attentionBias,
            MlpBias = architecture == Llama && fields.Bool("mlp_bias", false),
            QkNorm = architecture == Qwen3,
            MaxPositionEmbeddings = fields.Int("max_position_embeddings", 1, architecture == Llama ? 2048 : 32768),
        };
    }

    /// <summary>The fields of a <c>config.json</c> from which <see cref="Parse"/> gives this configuration again.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray(Architecture),
            ["model_type"] = ModelType(Architecture),
            ["hidden_act"] = "silu",
            ["vocab_size"] = VocabSize,
            ["hidden_size"] = HiddenSize,
            ["intermediate_size"] = IntermediateSize,
            ["num_hidden_layers"] = NumLayers,
            ["num_attention_heads"] = NumHeads,
            ["num_key_value_heads"] = NumKvHeads,
            ["rope_theta"] = RopeTheta,
            ["rms_norm_eps"] = RmsNormEps,
            ["tie_word_embeddings"] = TieWordEmbeddings,
            ["max_position_embeddings"] = MaxPositionEmbeddings,
            ["initializer_range"] = 0.02,
            ["attention_dropout"] = 0.0,
            ["use_cache"] = true,
        };
        if (Architecture != Qwen2 || HeadDim * NumHeads != HiddenSize)
            json["head_dim"] = HeadDim;
        if (Architecture != Qwen2)
            json["attention_bias"] = AttentionBias;
        if (Architecture == Llama)
            json["mlp_bias"] = MlpBias;
        if (RopeScaling is not null)
            json["rope_scaling"] = RopeScaling.ToJson();
        return json;
    }

    private static string ModelType(string architecture) => architecture.Replace("ForCausalLM", "").ToLowerInvariant();

    private static string ParseArchitecture(JsonFields fields, string file)
    {
        var named = fields.Texts("architectures");
        if (named.Length == 0 && fields.Text("model_type") is { } type)
            named = [SupportedArchitectures.FirstOrDefault(a => ModelType(a) == type) ?? type];
        if (named.Length == 0)
            throw new InvalidDataException($"{file}: fields 'architectures' and 'model_type' are missing; this is no configuration of a "
                + "language model");
        return named.FirstOrDefault(SupportedArchitectures.Contains)
            ?? throw fields.Bad("architectures",
                $"names {string.Join(", ", named)}, which is not supported (supported: {string.Join(", ", SupportedArchitectures)})");
    }
}
