using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Tokenization;
using TorchSharp;

namespace LightReasoner.Worker.Commands;

/// <summary>Options that the small tools share.</summary>
internal static class Tools
{
    /// <summary>Text as it is, so that a person can read it.</summary>
    public static JsonSerializerOptions Json { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Option<string> ModelOption() => new("--model") { Description = "Hugging Face model folder.", Required = true };

    public static Option<string?> AdapterOption() => new("--adapter") { Description = "PEFT adapter folder, laid over the model." };

    public static Option<string> DtypeOption()
    {
        var option = new Option<string>("--dtype") { Description = "float32, bfloat16 or float16.", DefaultValueFactory = _ => "float32" };
        option.AcceptOnlyFromAmong("float32", "bfloat16", "float16");
        return option;
    }

    public static LoadedModel LoadModel(string model, string? adapter, string dtype)
    {
        torch.ScalarType type = dtype switch
        {
            "bfloat16" => torch.ScalarType.BFloat16,
            "float16" => torch.ScalarType.Float16,
            _ => torch.ScalarType.Float32,
        };
        LoadedModel loaded = HuggingFaceFolder.Load(BlobUri.LocalPath(model), type, torch.cuda.is_available() ? torch.CUDA : torch.CPU);
        if (adapter is not null)
        {
            PeftAdapter.Load(BlobUri.LocalPath(adapter), loaded.Model);
            loaded.Model.MergeLora();
            loaded.Model.UnloadLora();
        }
        loaded.Model.eval();
        return loaded;
    }

    /// <summary>The JSON objects of standard input, one a line; an error names the line.</summary>
    public static IEnumerable<(int Line, JsonObject Value)> Lines(TextReader input)
    {
        for (int line = 1; input.ReadLine() is { } text; line++)
        {
            if (string.IsNullOrWhiteSpace(text)) continue;
            JsonNode? node;
            try
            {
                node = JsonNode.Parse(text);
            }
            catch (JsonException e)
            {
                throw BadLine(line, $"is not JSON (column {e.BytePositionInLine + 1})");
            }
            yield return (line, node as JsonObject ?? throw BadLine(line, "must be a JSON object"));
        }
    }

    /// <summary>The ids of a line: <c>ids</c> as they stand, or <c>prompt</c> encoded.</summary>
    public static int[] Ids(int line, JsonObject value, int vocabulary, Lazy<Tokenizer>? tokenizer)
    {
        int[] ids;
        try
        {
            ids = value["ids"] is JsonArray array ? [.. array.Select(id => id!.GetValue<int>())]
                : tokenizer is not null && value["prompt"] is JsonValue prompt ? tokenizer.Value.Encode(prompt.GetValue<string>(), addSpecialTokens: true)
                : throw BadLine(line, tokenizer is null ? "needs 'ids'" : "needs 'prompt' or 'ids'");
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or NullReferenceException)
        {
            throw BadLine(line, "'ids' must be a list of whole numbers, 'prompt' a text");
        }
        if (ids.Length == 0) throw BadLine(line, "holds no ids");
        foreach (int id in ids)
            if (id < 0 || id >= vocabulary) throw BadLine(line, $"id {id} is outside the vocabulary (0 to {vocabulary - 1})");
        return ids;
    }

    public static WorkerException BadLine(int line, string what) => new(ExitCode.BadData, $"standard input line {line}: {what}");
}
