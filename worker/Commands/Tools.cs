using System.CommandLine;
using System.CommandLine.Parsing;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Inspect;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Commands;

/// <summary>Options that the small tools share.</summary>
internal static class Tools
{
    public static Option<string> ModelOption() =>
        new("--model") { Description = "Hugging Face model folder: a path or URI (hf://, az://, s3://, https://).", Required = true };

    public static Option<string?> AdapterOption() =>
        new("--adapter") { Description = "PEFT adapter folder to apply to the model: a path or URI." };

    /// <summary>The default is that of manifests.</summary>
    public static Option<string> DtypeOption() =>
        EnumOption.Of<WeightType>("--dtype", "Number format that weights are held and computed in.", new ModelSource().Dtype);

    public static Option<T> Option<T>(string name, string description, T fallback) =>
        new(name) { Description = description, DefaultValueFactory = _ => fallback };

    public static Option<PromptTemplate> TemplateOption() =>
        Option("--template", "auto: the chat template; none: the raw question.", PromptTemplate.Auto);

    public static Task<LoadedModel> LoadModelAsync(string model, string? adapter, string dtype, CancellationToken cancellation) =>
        LoadModelAsync(model, adapter, ModelSources.TypeOf(EnumOption.Value<WeightType>(dtype)), cancellation);

    public static async Task<LoadedModel> LoadModelAsync(string model, string? adapter, torch.ScalarType type,
        CancellationToken cancellation)
    {
        var folder = await LocalFolder.OfModelAsync(model, cancellation);
        var loaded = HuggingFaceFolder.Load(folder, type, torch.cuda.is_available() ? torch.CUDA : torch.CPU);
        if (adapter is not null)
        {
            PeftAdapter.Load(await LocalFolder.OfModelAsync(adapter, cancellation), loaded.Model);
            loaded.Model.MergeLora();
        }
        loaded.Model.eval();
        return loaded;
    }

    /// <summary>Adds the check that a number lies in a range, if it is given; what does not is a usage error.</summary>
    public static Option<T> Within<T, TBound>(this Option<T> option, TBound min, TBound max)
        where TBound : IComparable
    {
        option.Validators.Add(result =>
        {
            // Not between the two, rather than outside of them: NaN is neither.
            if (result.GetValueOrDefault<T>() is { } given && !(min.CompareTo(given) <= 0 && max.CompareTo(given) >= 0))
                result.AddError($"{option.Name} must be from {min} to {max}, was {given}");
        });
        return option;
    }
}

/// <summary>How answers are generated: what <c>generate</c> and <c>evaluate</c> ask in the same words.</summary>
internal sealed class BlockOptions
{
    private static readonly EvaluationSpec Defaults = new();

    public BlockOptions() => Decoder.AcceptOnlyFromAmong("blockwise", "self-aware");

    public Option<int?> Block { get; } =
        new Option<int?>("--block") { Description = "Block generation: tokens per block." }.Within(1, 1 << 16);

    public Option<RefineIterations> Refine { get; } = new("--refine")
    {
        Description = "Block generation: forward passes per block, or converge for exactly the greedy answer.",
        DefaultValueFactory = _ => 2,
        CustomParser = Passes,
    };

    public Option<string?> Decoder { get; } = new("--decoder")
    {
        Description = "Decodes from masks (a model trained with objective interleaved): blockwise takes every block, self-aware ends it "
            + "before a token that is unlikely or repeated.",
    };

    public Option<int> BlockSize { get; } = Tools.Option("--block-size", "With --decoder: tokens predicted per forward pass.",
        new InterleavedSpec().BlockSize).Within(1, 1024);

    public Option<double> Threshold { get; } = Tools.Option("--threshold",
        "With --decoder self-aware: lowest probability of a block's tokens after the first.", Defaults.Threshold).Within(0.0, 1.0);

    public Decoding Decoding(ParseResult parsed) => parsed.GetValue(Decoder) is not null ? Evaluation.Decoding.Masks
        : parsed.GetValue(Block) is not null ? Evaluation.Decoding.Blocks : Evaluation.Decoding.Tokens;

    /// <summary>What was asked for, in a document's terms.</summary>
    public EvaluationSpec Spec(ParseResult parsed) => new()
    {
        BlockLength = Decoding(parsed) is Evaluation.Decoding.Masks ? parsed.GetValue(BlockSize)
            : parsed.GetValue(Block) ?? Defaults.BlockLength,
        RefineIterations = parsed.GetValue(Refine),
        Decoder = parsed.GetValue(Decoder) == "blockwise" ? BlockDecoder.Blockwise : BlockDecoder.SelfAware,
        Threshold = parsed.GetValue(Threshold),
    };

    private static RefineIterations Passes(ArgumentResult result)
    {
        var given = result.Tokens[0].Value;
        if (given == RefineIterations.Word) return RefineIterations.Converge;
        if (int.TryParse(given, out var passes) && passes is >= 1 and <= 1000) return passes;
        result.AddError($"--refine must be a number from 1 to 1000, or {RefineIterations.Word}, was {given}");
        return default;
    }
}
