using LightReasoner.Worker.Training;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>
/// A training run at one step, as a folder: float32 weights and the optimizer's moments by name, whatever number of devices holds them, and
/// the caller's state (step, data position) as JSON. Random numbers follow from seed and step, so there is no generator to keep.
/// <c>COMPLETE</c> is written last and lists every file's size and hash, so that a folder that was half written or half copied is never
/// taken for a checkpoint. Loading gives the same bytes.
/// </summary>
internal static class TrainingCheckpoint
{
    private const string State = "state.json", Complete = "COMPLETE", Prefix = "step-";

    private static readonly (string File, string Suffix, Func<AdamW, Tensor> Buffer)[] s_files =
    [
        ("weights.safetensors", "", optimizer => optimizer.Master),
        ("optimizer.safetensors", ".exp_avg", optimizer => optimizer.Moment1),
        ("optimizer.safetensors", ".exp_avg_sq", optimizer => optimizer.Moment2),
    ];

    /// <summary>The folder's name for a step: <c>step-000200</c>.</summary>
    public static string FolderName(long step) => $"{Prefix}{step:D6}";

    /// <param name="dir">A folder named by <see cref="FolderName"/>; made if it is not there, replaced if it is.</param>
    /// <param name="state">All else that the run needs to continue.</param>
    public static void Save(string dir, DataParallel trained, JsonObject state)
    {
        if (Directory.Exists(dir))
            Directory.Delete(dir, recursive: true);
        Directory.CreateDirectory(dir);
        foreach (var file in s_files.GroupBy(part => part.File))
            Safetensors.Write(Path.Combine(dir, file.Key), file.SelectMany(part => trained.Weights.Select(weight =>
                new TensorSource(weight.Name + part.Suffix, ScalarType.Float32, weight.Shape, () => trained.Read(weight, part.Buffer)))));
        JsonFile.Write(Path.Combine(dir, State), state);
        JsonFile.Write(Path.Combine(dir, Complete), new JsonObject
        {
            ["files"] = new JsonObject(FileNames().Select(name =>
                KeyValuePair.Create(name, (JsonNode?)Fingerprint(Path.Combine(dir, name))))),
        });
    }

    /// <summary>Loads weights and optimizer; returns the caller's state.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is incomplete, damaged, or of other weights.</exception>
    public static JsonObject Load(string dir, DataParallel trained)
    {
        Verify(dir);
        foreach (var group in s_files.GroupBy(part => part.File))
        {
            using var file = new SafetensorsFile(Path.Combine(dir, group.Key));
            if (file.Entries.Count != group.Count() * trained.Weights.Count)
                throw new InvalidDataException($"{file.Path}: holds {file.Entries.Count} tensors, this run has "
                    + $"{group.Count() * trained.Weights.Count}");
            foreach (var (_, suffix, buffer) in group)
            {
                foreach (var weight in trained.Weights)
                {
                    using var value = empty([.. weight.Shape], ScalarType.Float32);
                    file.CopyTo(weight.Name + suffix, value);
                    trained.Write(weight, buffer, value);
                }
            }
        }
        trained.Publish();
        return JsonFile.Read(Path.Combine(dir, State));
    }

    /// <summary>The step that a folder's name tells, or null for other folders.</summary>
    public static long? StepOf(string folderName) =>
        folderName.StartsWith(Prefix, StringComparison.Ordinal)
        && long.TryParse(folderName.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : null;

    private static IEnumerable<string> FileNames() => s_files.Select(part => part.File).Distinct().Append(State);

    private static JsonObject Fingerprint(string path)
    {
        using var stream = File.OpenRead(path);
        return new JsonObject { ["bytes"] = stream.Length, ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(stream)) };
    }

    private static void Verify(string dir)
    {
        var path = Path.Combine(dir, Complete);
        if (!File.Exists(path))
            throw new InvalidDataException($"{dir}: is not a complete checkpoint ({Complete} is missing)");
        if (JsonFile.Read(path)["files"] is not JsonObject files)
            throw new InvalidDataException($"{path}: field 'files' must be an object");
        foreach (var name in FileNames())
        {
            var file = Path.Combine(dir, name);
            if (!File.Exists(file))
                throw new InvalidDataException($"{file}: is missing from the checkpoint");
            if (!JsonNode.DeepEquals(files[name], Fingerprint(file)))
                throw new InvalidDataException($"{file}: differs from what {Complete} lists; the checkpoint is damaged");
        }
    }
}
