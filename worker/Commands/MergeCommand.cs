using System.CommandLine;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Inspect;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Commands;

/// <summary><c>worker merge</c>: a base model and a LoRA adapter become one Hugging Face model folder.</summary>
internal static class MergeCommand
{
    public static Command Create()
    {
        var model = Tools.ModelOption();
        var dtype = EnumOption.Of<WeightType>("--dtype",
            "Number format of the weights; that of the model folder where left out.");
        dtype.Required = false;
        var adapter = new Option<string>("--adapter") { Description = "PEFT adapter folder.", Required = true };
        var output = new Option<string>("--output") { Description = "Folder to write; must not exist.", Required = true };
        var command = new Command("merge", "Writes base and adapter as one Hugging Face model folder.") { model, adapter, dtype, output };
        command.SetAction(async (parsed, cancellation) =>
        {
            var target = BlobUri.LocalPath(parsed.GetValue(output)!);
            if (Directory.Exists(target))
                throw new WorkerException(ExitCode.Usage, $"--output {target}: exists already; name a new folder");
            var source = await LocalFolder.OfModelAsync(parsed.GetValue(model)!, cancellation);
            var type = parsed.GetValue(dtype) is { } name
                ? ModelSources.TypeOf(EnumOption.Value<WeightType>(name))
                : HuggingFaceFolder.StoredType(source);
            using var loaded = await Tools.LoadModelAsync(source, parsed.GetValue(adapter), type, cancellation);
            var staging = target + ".partial";
            if (Directory.Exists(staging)) Directory.Delete(staging, recursive: true);
            HuggingFaceFolder.Save(loaded.Model, loaded.Dir, staging, loaded.Model.DType);
            Directory.Move(staging, target);
            return 0;
        });
        return command;
    }
}
