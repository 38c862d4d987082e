using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Storage;
using TorchSharp;

namespace LightReasoner.Worker.Commands;

/// <summary>Options that the small tools share.</summary>
internal static class Tools
{
    public static Option<string> ModelOption() => new("--model") { Description = "Hugging Face model folder: a path or URI (hf://, az://, s3://, https://).", Required = true };

    public static Option<string?> AdapterOption() => new("--adapter") { Description = "PEFT adapter folder, a path or URI, laid over the model." };

    public static Option<string> DtypeOption()
    {
        var option = new Option<string>("--dtype") { Description = "float32, bfloat16 or float16.", DefaultValueFactory = _ => "float32" };
        option.AcceptOnlyFromAmong("float32", "bfloat16", "float16");
        return option;
    }

    public static async Task<LoadedModel> LoadModelAsync(string model, string? adapter, string dtype, CancellationToken cancellation)
    {
        torch.ScalarType type = dtype switch
        {
            "bfloat16" => torch.ScalarType.BFloat16,
            "float16" => torch.ScalarType.Float16,
            _ => torch.ScalarType.Float32,
        };
        LoadedModel loaded = HuggingFaceFolder.Load(await LocalFolder.OfModelAsync(model, cancellation), type, torch.cuda.is_available() ? torch.CUDA : torch.CPU);
        if (adapter is not null)
        {
            PeftAdapter.Load(await LocalFolder.OfModelAsync(adapter, cancellation), loaded.Model);
            loaded.Model.MergeLora();
            loaded.Model.UnloadLora();
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

    private static void Check<T>(OptionResult result, string name, T? value, T min, T max)
        where T : struct, IComparable<T>
    {
        // Not between the two, rather than outside of them: NaN is neither.
        if (value is { } given && !(given.CompareTo(min) >= 0 && given.CompareTo(max) <= 0))
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} must be from {min} to {max}, was {given}"));
    }
}
