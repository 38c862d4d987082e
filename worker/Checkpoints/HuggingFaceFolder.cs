using LightReasoner.Worker.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>A model as a folder in Hugging Face's layout: config.json, safetensors, generation_config.json and tokenizer files.</summary>
internal static partial class HuggingFaceFolder
{
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
}
