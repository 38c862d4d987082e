using LightReasoner.Worker.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Checkpoints;

internal static partial class HuggingFaceFolder
{
    private static readonly string[] s_tokenizerFiles =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
        "tokenizer.model", "chat_template.jinja", "chat_template.json", "generation_config.json",
    ];

    /// <summary>
    /// Writes a complete folder: config, weights cast to <paramref name="dtype"/> (in shards of at most 5 GB), and the tokenizer and
    /// generation files of <paramref name="sourceDir"/>. An adapter must be merged first.
    /// </summary>
    public static void Save(CausalLM model, string sourceDir, string destDir, ScalarType dtype, long shardBytes = 5_000_000_000)
    {
        if (model.Lora is not null)
            throw new InvalidOperationException("the model's adapter is not merged; a saved folder would lack it");
        Directory.CreateDirectory(destDir);
        using var scope = NewDisposeScope(); // views of the weights would keep them in memory
        WriteWeights(model, destDir, dtype, shardBytes);
        foreach (var file in s_tokenizerFiles)
            if (File.Exists(Path.Combine(sourceDir, file)) && Path.GetFullPath(sourceDir) != Path.GetFullPath(destDir))
                File.Copy(Path.Combine(sourceDir, file), Path.Combine(destDir, file), overwrite: true);
        WriteConfig(model, sourceDir, destDir, dtype);
    }

    private static void WriteWeights(CausalLM model, string dir, ScalarType dtype, long shardBytes)
    {
        var shards = Shards(model.NamedParameters(), dtype.ElementSize(), shardBytes);
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < shards.Count; i++)
        {
            var file = shards.Count == 1 ? "model.safetensors" : $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors";
            Safetensors.Write(Path.Combine(dir, file), shards[i], dtype);
            foreach (var (name, _) in shards[i])
                map[name] = file;
        }
        HashSet<string> written = [.. map.Values];
        if (shards.Count > 1)
        {
            const string index = "model.safetensors.index.json";
            JsonFile.Write(Path.Combine(dir, index), new JsonObject
            {
                ["metadata"] = new JsonObject { ["total_size"] = model.NamedParameters().Sum(p => p.Value.numel()) * dtype.ElementSize() },
                ["weight_map"] = new JsonObject(map.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
            });
            written.Add(index);
        }
        foreach (var stale in Directory.GetFiles(dir, "model*.safetensors*").Where(path => !written.Contains(Path.GetFileName(path))))
            File.Delete(stale);
    }

    /// <summary>Fills shards in order; a tensor above the limit gets one of its own.</summary>
    private static List<List<(string Name, Tensor Value)>> Shards(IEnumerable<(string Name, Tensor Value)> parameters,
        long elementSize, long limit)
    {
        var shards = new List<List<(string, Tensor)>> { new() };
        long filled = 0;
        foreach (var (name, value) in parameters)
        {
            var bytes = value.numel() * elementSize;
            if (filled > 0 && filled + bytes > limit)
            {
                shards.Add([]);
                filled = 0;
            }
            shards[^1].Add((name, value));
            filled += bytes;
        }
        return shards;
    }

    private static void WriteConfig(CausalLM model, string sourceDir, string destDir, ScalarType dtype)
    {
        var json = SourceConfig(model, sourceDir);
        json.Remove("dtype"); // transformers 5 reads torch_dtype as well, older ones read nothing else
        json["torch_dtype"] = TypeName(dtype);
        var generation = Path.Combine(destDir, "generation_config.json");
        if (!File.Exists(generation))
        {
            var ids = new JsonObject { ["do_sample"] = false };
            foreach (var field in (string[])["bos_token_id", "eos_token_id", "pad_token_id"])
                if (json[field] is { } value)
                    ids[field] = value.DeepClone();
            JsonFile.Write(generation, ids);
        }
        JsonFile.Write(Path.Combine(destDir, "config.json"), json);
    }

    /// <summary>The source folder's config.json with all its fields, when it describes the same model.</summary>
    private static JsonObject SourceConfig(CausalLM model, string sourceDir)
    {
        var path = Path.Combine(sourceDir, "config.json");
        return JsonFile.ReadIfPresent(path) is { } json && DecoderConfig.Parse(json, path) == model.Config ? json : model.Config.ToJson();
    }
}
