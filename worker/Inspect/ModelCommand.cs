using System.CommandLine;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Inspect;

/// <summary><c>worker inspect model</c>: what a model folder holds, without loading the weights.</summary>
internal static class ModelCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("folder") { Description = "Hugging Face model folder: a path or URI." };
        var command = new Command("model",
            "Prints architecture, parameters, dtype, vocabulary, context and files as one JSON object.") { folder };
        command.SetAction(async (parsed, cancellation) =>
        {
            Console.WriteLine(HuggingFaceFolder.Inspect(await LocalFolder.OfModelAsync(parsed.GetValue(folder)!, cancellation))
                .ToJsonString(ApiJson.Indented));
            return 0;
        });
        return command;
    }
}
