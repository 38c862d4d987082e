using LightReasoner.Worker.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>A LoRA adapter as the folder that PEFT reads and writes.</summary>
internal static class PeftAdapter
{
    private const string ConfigFile = "adapter_config.json", WeightsFile = "adapter_model.safetensors";

    /// <summary>Lays the adapter in a folder over a model, whose base weights are frozen by that.</summary>
    /// <exception cref="InvalidDataException">It does not fit the model or uses what is not supported.</exception>
    public static LoraAdapter Load(string dir, CausalLM model)
    {
        var options = ReadOptions(dir);
        var weightsPath = Path.Combine(dir, WeightsFile);
        if (!File.Exists(weightsPath))
            throw new FileNotFoundException($"{weightsPath}: is missing; this is no PEFT adapter folder with safetensors");
        using var weights = new SafetensorsFile(weightsPath);
        var adapter = model.AddLora(options, seed: 0);
        try
        {
            var parameters = adapter.NamedParameters;
            foreach (var (name, parameter) in parameters)
                weights.CopyTo(name, parameter);
            if (weights.Entries.Keys.Except(parameters.Select(p => p.Name)).FirstOrDefault() is { } surplus)
                throw new InvalidDataException($"{weights.Path}: tensor '{surplus}' belongs to no target module of this model");
            return adapter;
        }
        catch
        {
            model.UnloadLora();
            throw;
        }
    }

    /// <summary>Writes the adapter with PEFT's names.</summary>
    /// <param name="baseModel">Name or path of the model under the adapter, for readers of the folder.</param>
    /// <param name="below">Adapters merged into the model before: all are written as one, of the sum of their ranks.</param>
    public static void Save(LoraAdapter adapter, string dir, string? baseModel = null, IReadOnlyList<string>? below = null)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        Directory.CreateDirectory(dir);
        var (options, weights) = (adapter.Options, adapter.NamedParameters.Select(p => (p.Name, (Tensor)p.Value)).ToList());
        if (below is { Count: > 0 })
            (options, weights) = SideBySide([.. below.Select(Read), (options, weights)]);
        Safetensors.Write(Path.Combine(dir, WeightsFile), weights);
        JsonFile.Write(Path.Combine(dir, ConfigFile), new JsonObject
        {
            ["alpha_pattern"] = new JsonObject(),
            ["auto_mapping"] = null,
            ["base_model_name_or_path"] = baseModel,
            ["bias"] = "none",
            ["fan_in_fan_out"] = false,
            ["inference_mode"] = true,
            ["init_lora_weights"] = true,
            ["layers_pattern"] = null,
            ["layers_to_transform"] = null,
            ["lora_alpha"] = Whole(options.Alpha),
            ["lora_dropout"] = options.Dropout,
            ["modules_to_save"] = null,
            ["peft_type"] = "LORA",
            ["r"] = options.Rank,
            ["rank_pattern"] = new JsonObject(),
            ["revision"] = null,
            ["target_modules"] = new JsonArray([.. options.TargetModules.Select(name => (JsonNode)name)]),
            ["task_type"] = "CAUSAL_LM",
            ["use_dora"] = false,
            ["use_rslora"] = false,
        });

        static JsonNode Whole(double value) => value == Math.Floor(value) && Math.Abs(value) < int.MaxValue ? (int)value : value;
    }

    private static (LoraSpec, List<(string Name, Tensor Value)>) Read(string dir)
    {
        using var weights = new SafetensorsFile(Path.Combine(dir, WeightsFile));
        return (ReadOptions(dir), [.. weights.Entries.Keys.Select(name => (name, weights.Load(name, ScalarType.Float32)))]);
    }

    /// <summary>
    /// Σ s·B·A of several adapters as one: B = [s1·B1, s2·B2, …], A = [A1; A2; …], scaling 1. A module that some adapter leaves out has
    /// zeros there.
    /// </summary>
    private static (LoraSpec, List<(string Name, Tensor Value)>) SideBySide(
        IReadOnlyList<(LoraSpec Options, List<(string Name, Tensor Value)> Weights)> adapters)
    {
        var named = adapters.Select(adapter => adapter.Weights.ToDictionary(w => w.Name, w => w.Value.cpu())).ToArray();
        var weights = new List<(string, Tensor)>();
        foreach (var name in named.SelectMany(weights => weights.Keys).Distinct())
        {
            var isB = name.EndsWith(".lora_B.weight", StringComparison.Ordinal);
            var like = named.First(weights => weights.ContainsKey(name))[name];
            var parts = adapters.Zip(named, (adapter, own) => own.TryGetValue(name, out var value)
                ? isB ? value.mul(Scalars.Of(adapter.Options.Alpha / adapter.Options.Rank)) : value
                : isB ? zeros(like.size(0), adapter.Options.Rank) : zeros(adapter.Options.Rank, like.size(1)));
            weights.Add((name, cat([.. parts], isB ? 1 : 0)));
        }
        var rank = adapters.Sum(adapter => adapter.Options.Rank);
        string[] modules = [.. adapters.SelectMany(adapter => adapter.Options.TargetModules).Distinct()];
        return (adapters[^1].Options with { Rank = rank, Alpha = rank, TargetModules = modules }, weights);
    }

    private static LoraSpec ReadOptions(string dir)
    {
        var path = Path.Combine(dir, ConfigFile);
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: is missing; this is no PEFT adapter folder");
        var json = JsonFile.Read(path);
        var fields = new JsonFields(json, path);
        if (fields.Text("peft_type") is var type && type != "LORA")
            throw fields.Bad("peft_type", $"is '{type}', which is not supported (supported: LORA)");
        if (fields.Text("bias") is { } bias && bias != "none")
            throw fields.Bad("bias", $"is '{bias}', which is not supported (supported: none)");
        foreach (var flag in (string[])["use_dora", "use_qalora", "fan_in_fan_out", "lora_bias"])
            if (fields.Bool(flag, false))
                throw fields.Bad(flag, "is true, which is not supported");
        foreach (var name in (string[])["rank_pattern", "alpha_pattern", "modules_to_save", "layers_to_transform", "layer_replication",
            "exclude_modules", "target_parameters", "trainable_token_indices", "alora_invocation_tokens"])
            if (json[name] is { } node and not JsonObject { Count: 0 } and not JsonArray { Count: 0 })
                throw fields.Bad(name,
                    $"is {node.ToJsonString()}, which is not supported: every target module has the same rank in every layer, and nothing "
                    + "else is trained");

        // These change the base weights when PEFT lays the adapter over them.
        if (json["init_lora_weights"] is JsonValue value && value.TryGetValue(out string? init)
            && ((string[])["pissa", "olora", "corda", "loftq"]).Any(name => init.StartsWith(name, StringComparison.OrdinalIgnoreCase)))
            throw fields.Bad("init_lora_weights",
                $"is '{init}', which changes the base model's weights and is not supported; save it from PEFT with "
                + "path_initial_model_for_weight_conversion, which makes it an ordinary adapter");

        var targets = fields.Texts("target_modules");
        if (targets is ["all-linear"])
            targets = [.. LoraAdapter.Targets];
        if (targets.Length == 0)
            throw fields.Bad("target_modules", "names no module");
        if (targets.FirstOrDefault(t => !LoraAdapter.Targets.Contains(t)) is { } unknown)
            throw fields.Bad("target_modules",
                $"names '{unknown}', which is not supported (supported: {string.Join(", ", LoraAdapter.Targets)})");
        if (json["lora_dropout"] is { } given && JsonFields.Number(given) is not (>= 0 and < 1))
            throw fields.Bad("lora_dropout", $"must be a number from 0 to below 1, is {given.ToJsonString()}");
        var rank = fields.Int("r", 1);
        var alpha = fields.Positive("lora_alpha");
        return new LoraSpec
        {
            Rank = rank,
            Alpha = fields.Bool("use_rslora", false) ? alpha * Math.Sqrt(rank) : alpha, // rank-stabilised: scaled by alpha / √rank
            Dropout = JsonFields.Number(json["lora_dropout"]) ?? 0,
            TargetModules = targets,
        };
    }
}
