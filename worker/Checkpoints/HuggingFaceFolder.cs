using LightReasoner.Worker.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>A model as a folder in Hugging Face's layout: config.json, safetensors, generation_config.json and tokenizer files.</summary>
internal static class HuggingFaceFolder
{
    private static readonly string[] s_tokenizerFiles =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
        "tokenizer.model", "chat_template.jinja", "chat_template.json", "generation_config.json",
    ];

    /// <summary>Reads a model, cast to <paramref name="dtype"/>; names and shapes are checked before anything is allocated.</summary>
    /// <exception cref="InvalidDataException">Something in the folder is wrong; names the file and the field or tensor.</exception>
    public static LoadedModel Load(string dir, ScalarType dtype, Device dev)
    {
        var (config, configJson) = ReadConfig(dir);
        var eosIds = EosIds(dir, configJson);
        using var weights = WeightFiles.Open(dir);
        Check(config, weights);
        var model = CausalLM.Create(config, dtype, dev);
        try
        {
            using var scope = NewDisposeScope(); // for the views
            foreach (var (name, parameter) in model.NamedParameters())
                weights.Find(name)!.CopyTo(name, parameter);
            model.eval();
            return new LoadedModel(model, eosIds, dir);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>What <c>worker inspect model</c> prints: architecture, size, types and files of a folder, from headers alone.</summary>
    public static JsonObject Inspect(string dir)
    {
        var (config, configJson) = ReadConfig(dir);
        var eosIds = EosIds(dir, configJson);
        using var weights = WeightFiles.Open(dir);
        Check(config, weights);
        var entries = weights.Names.Select(name => weights.Find(name)!.Entries[name]).ToList();
        return new JsonObject
        {
            ["architecture"] = config.Architecture,
            ["parameters"] = ParameterShapes.Of(config).Sum(p => p.Shape.Aggregate(1L, (a, b) => a * b)),
            ["dtype"] = string.Join(", ", entries.Select(e => TypeName(e.Type)).Distinct().Order(StringComparer.Ordinal)),
            ["vocabulary"] = config.VocabSize,
            ["context"] = config.MaxPositionEmbeddings,
            ["layers"] = config.NumLayers,
            ["hiddenSize"] = config.HiddenSize,
            ["intermediateSize"] = config.IntermediateSize,
            ["heads"] = config.NumHeads,
            ["kvHeads"] = config.NumKvHeads,
            ["headDim"] = config.HeadDim,
            ["tiedEmbeddings"] = config.TieWordEmbeddings,
            ["eosIds"] = new JsonArray([.. eosIds.Select(id => (JsonNode)id)]),
            ["weightBytes"] = entries.Sum(e => e.Length),
            ["files"] = new JsonArray([.. new DirectoryInfo(dir).EnumerateFiles().OrderBy(f => f.Name, StringComparer.Ordinal)
                .Select(f => new JsonObject { ["name"] = f.Name, ["bytes"] = f.Length })]),
        };
    }

    /// <summary>The type that most of a folder's weights are stored in; float32 for what is stored wider.</summary>
    public static ScalarType StoredType(string dir)
    {
        using var weights = WeightFiles.Open(dir);
        var types = weights.Names.Select(name => weights.Find(name)!.Entries[name]).GroupBy(entry => entry.Type);
        return types.MaxBy(type => type.Sum(entry => entry.Count))?.Key is { } most and (ScalarType.BFloat16 or ScalarType.Float16)
            ? most : ScalarType.Float32;
    }

    internal static string TypeName(ScalarType type) => type.ToString().ToLowerInvariant();

    internal static (DecoderConfig Config, JsonObject Json) ReadConfig(string dir)
    {
        var path = Path.Combine(dir, "config.json");
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: is missing; this is no Hugging Face model folder");
        var json = JsonFile.Read(path);
        return (DecoderConfig.Parse(json, path), json);
    }

    private static int[] EosIds(string dir, JsonObject config)
    {
        var generation = Path.Combine(dir, "generation_config.json");
        JsonFields[] files = [new(JsonFile.ReadIfPresent(generation) ?? [], generation), new(config, Path.Combine(dir, "config.json"))];
        return [.. files.SelectMany(file => file.Ids("eos_token_id")).Distinct()];
    }

    private static void Check(DecoderConfig config, WeightFiles weights)
    {
        var expected = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, shape) in ParameterShapes.Of(config))
        {
            var file = weights.Find(name) ?? throw new InvalidDataException($"{weights.Listing}: tensor '{name}' is missing");
            var entry = file.Entries[name];
            if (!entry.Shape.SequenceEqual(shape))
                throw new InvalidDataException($"{file.Path}: tensor '{name}' has shape "
                    + $"{SafetensorsEntry.Format(entry.Shape)}, expected {SafetensorsEntry.Format(shape)} by config.json");
            if (entry.Type is not (ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float64))
                throw new InvalidDataException($"{file.Path}: tensor '{name}' has type {TypeName(entry.Type)}; weights must be float64, "
                    + "float32, float16 or bfloat16");
            expected.Add(name);
        }
        // A surplus bias or norm would mean another model than config.json describes. Two kinds are known to be redundant.
        foreach (var name in weights.Names)
            if (!expected.Contains(name) && name != "lm_head.weight" && !name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal))
                throw new InvalidDataException($"{weights.Find(name)!.Path}: tensor '{name}' is not a weight of the {config.Architecture} "
                    + "that config.json describes");
    }

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
            var file = shards.Count == 1 ? WeightFiles.Single : $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors";
            Safetensors.Write(Path.Combine(dir, file), shards[i], dtype);
            foreach (var (name, _) in shards[i])
                map[name] = file;
        }
        HashSet<string> written = [.. map.Values];
        if (shards.Count > 1)
        {
            JsonFile.Write(Path.Combine(dir, WeightFiles.Index), new JsonObject
            {
                ["metadata"] = new JsonObject { ["total_size"] = model.NamedParameters().Sum(p => p.Value.numel()) * dtype.ElementSize() },
                ["weight_map"] = new JsonObject(map.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
            });
            written.Add(WeightFiles.Index);
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
