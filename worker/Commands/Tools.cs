using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Inspect;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;
using TorchSharp;

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

    /// <summary>How a question becomes a prompt: <c>auto</c> or <c>none</c>.</summary>
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

    /// <summary>Adds the check that a number lies in a range; what does not is a usage error.</summary>
    public static Option<T> Within<T>(this Option<T> option, T min, T max)
        where T : struct, IComparable<T>
    {
        option.Validators.Add(result => Check(result, option.Name, result.GetValueOrDefault<T>(), min, max));
        return option;
    }

    /// <summary>The same for an option that may be left out.</summary>
    public static Option<T?> Within<T>(this Option<T?> option, T min, T max)
        where T : struct, IComparable<T>
    {
        option.Validators.Add(result => Check(result, option.Name, result.GetValueOrDefault<T?>(), min, max));
        return option;
    }

    /// <summary>Adds the check that a text is a number of passes or <c>converge</c>.</summary>
    public static Option<string> PassesOrConverge(this Option<string> option)
    {
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is var given && given != RefineIterations.Word
                && !(int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var passes) && passes is >= 1 and <= 1000))
                result.AddError($"{option.Name} must be a number from 1 to 1000, or {RefineIterations.Word}, was {given}");
        });
        return option;
    }

    /// <summary>A number of passes; null for <c>converge</c>.</summary>
    public static int? Passes(string given) => given == RefineIterations.Word ? null : int.Parse(given, CultureInfo.InvariantCulture);

    private static void Check<T>(OptionResult result, string name, T? value, T min, T max)
        where T : struct, IComparable<T>
    {
        // Not between the two, rather than outside of them: NaN is neither.
        if (value is { } given && !(given.CompareTo(min) >= 0 && given.CompareTo(max) <= 0))
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} must be from {min} to {max}, was {given}"));
    }
}

/// <summary>How blocks are generated: what <c>generate</c> and <c>evaluate</c> ask in the same words.</summary>
internal sealed class BlockOptions
{
    public BlockOptions() => Decoder.AcceptOnlyFromAmong("blockwise", "self-aware");

    public Option<int?> Block { get; } =
        new Option<int?>("--block") { Description = "Block generation: tokens per block." }.Within(1, 1 << 16);

    public Option<string> Refine { get; } = Tools.Option("--refine",
        "Block generation: forward passes per block, or converge for exactly the greedy answer.", "2").PassesOrConverge();

    public Option<string?> Decoder { get; } = new("--decoder")
    {
        Description = "Decodes from masks (a model trained with objective interleaved): blockwise takes every block, self-aware ends it "
            + "before a token that is unlikely or repeated.",
    };

    public Option<int> BlockSize { get; } = Tools.Option("--block-size", "With --decoder: tokens predicted per forward pass.",
        new InterleavedSpec().BlockSize).Within(1, 1024);

    public Option<double> Threshold { get; } = Tools.Option("--threshold",
        "With --decoder self-aware: lowest probability of a block's tokens after the first.", new EvaluationSpec().Threshold).Within(0, 1);
}
