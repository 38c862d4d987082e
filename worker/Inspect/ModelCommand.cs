using System.CommandLine;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Inspect;

/// <summary><c>worker inspect model</c>: what a model folder holds, without loading the weights.</summary>
internal static class ModelCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("folder") { Description = "Hugging Face model folder." };
        var command = new Command("model", "Prints architecture, parameters, dtype, vocabulary, context and files as one JSON object.") { folder };
        command.SetAction(parsed =>
        {
            Console.WriteLine(HuggingFaceFolder.Inspect(BlobUri.LocalPath(parsed.GetValue(folder)!)).ToJsonString(ApiJson.Indented));
            return 0;
        });
        return command;
    }
}
