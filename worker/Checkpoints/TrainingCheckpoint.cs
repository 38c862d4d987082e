using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>
/// A training run at one step, as a folder: trained tensors, optimizer averages, torch's CPU generator, and the caller's state (scheduler,
/// generators, data position) as JSON. <c>COMPLETE</c> is written last and lists every file's size and hash, so that a folder that was
/// half written or half copied is never taken for a checkpoint. Restoring gives the same bytes.
/// </summary>
public static class TrainingCheckpoint
{
    private const string Weights = "weights.safetensors", Optimizer = "optimizer.safetensors", State = "state.json", Complete = "COMPLETE";

    private const string Prefix = "step-";

    /// <summary>The folder's name for a step: <c>step-000200</c>.</summary>
    public static string FolderName(long step) => $"{Prefix}{step:D6}";

    /// <summary>Writes a checkpoint into <paramref name="dir"/>.</summary>
    /// <param name="dir">A folder named by <see cref="FolderName"/>; made if it is not there, replaced if it is.</param>
    /// <param name="parameters">The trained tensors: the adapter's or the whole model's.</param>
    /// <param name="optimizer">Over exactly these parameters, in this order.</param>
    /// <param name="state">All else that the run needs to continue.</param>
    public static void Save(string dir, IReadOnlyList<(string Name, Parameter Value)> parameters, AdamW optimizer, JsonObject state)
    {
        if (Directory.Exists(dir))
            Directory.Delete(dir, recursive: true);
        Directory.CreateDirectory(dir);
        using var scope = NewDisposeScope();
        Safetensors.Write(Path.Combine(dir, Weights), parameters.Select(p => (p.Name, (Tensor)p.Value)));
        Safetensors.Write(Path.Combine(dir, Optimizer), AdamWMoments.Capture(optimizer, parameters).Append(("torch.cpu_rng_state", get_rng_state())));
        JsonFile.Write(Path.Combine(dir, State), state);
        JsonFile.Write(Path.Combine(dir, Complete), new JsonObject
        {
            ["files"] = new JsonObject(((string[])[Weights, Optimizer, State]).Select(name => KeyValuePair.Create(name, (JsonNode?)Fingerprint(Path.Combine(dir, name))))),
        });
    }

    /// <summary>Restores tensors, optimizer and torch's CPU generator; returns the caller's state.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is incomplete, damaged, or of other parameters.</exception>
    public static JsonObject Restore(string dir, IReadOnlyList<(string Name, Parameter Value)> parameters, AdamW optimizer)
    {
        Verify(dir);
        using var weights = Safetensors.Open(Path.Combine(dir, Weights));
        using var moments = Safetensors.Open(Path.Combine(dir, Optimizer));
        if (weights.Entries.Count != parameters.Count)
            throw new InvalidDataException($"{weights.Path}: holds {weights.Entries.Count} tensors, this run trains {parameters.Count}");
        foreach (var (name, parameter) in parameters)
            weights.CopyTo(name, parameter);
        AdamWMoments.Restore(optimizer, parameters, moments);
        using var generator = moments.Load("torch.cpu_rng_state");
        set_rng_state(generator);
        return JsonFile.Read(Path.Combine(dir, State));
    }

    /// <summary>The step that a folder's name tells, or null for other folders.</summary>
    public static long? StepOf(string folderName) =>
        folderName.StartsWith(Prefix, StringComparison.Ordinal)
        && long.TryParse(folderName.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : null;

    private static JsonObject Fingerprint(string path)
    {
        using var stream = File.OpenRead(path);
        return new JsonObject { ["bytes"] = stream.Length, ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(stream)) };
    }

    private static void Verify(string dir)
    {
        if (!File.Exists(Path.Combine(dir, Complete)))
            throw new InvalidDataException($"{dir}: is no complete checkpoint ({Complete} is missing)");
        var path = Path.Combine(dir, Complete);
        if (JsonFile.Read(path)["files"] is not JsonObject files)
            throw new InvalidDataException($"{path}: field 'files' must be an object");
        foreach (var name in (string[])[Weights, Optimizer, State])
        {
            var file = Path.Combine(dir, name);
            if (!File.Exists(file))
                throw new InvalidDataException($"{file}: is missing from the checkpoint");
            if (!JsonNode.DeepEquals(files[name], Fingerprint(file)))
                throw new InvalidDataException($"{file}: differs from what {Complete} lists; the checkpoint is damaged");
        }
    }
}
