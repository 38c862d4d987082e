namespace LightReasoner.Worker.Checkpoints;

/// <summary>The safetensors files of a model folder: one file, or shards that an index lists.</summary>
internal sealed class WeightFiles : IDisposable
{
    public const string Single = "model.safetensors", Index = "model.safetensors.index.json";

    private readonly Dictionary<string, SafetensorsFile> _files = new(StringComparer.Ordinal), _fileOf = new(StringComparer.Ordinal);

    private WeightFiles(string listing) => Listing = listing;

    /// <summary>What lists the tensors: the file that an error about a missing tensor names.</summary>
    public string Listing { get; }

    public IEnumerable<string> Names => _fileOf.Keys;

    public static WeightFiles Open(string dir)
    {
        string single = Path.Combine(dir, Single), index = Path.Combine(dir, Index);
        var isSingle = File.Exists(single); // as transformers does: an index beside it is a leftover
        if (!isSingle && !File.Exists(index))
            throw new FileNotFoundException(Directory.EnumerateFiles(dir, "*.bin").Any()
                ? $"{dir}: holds weights as .bin files only; convert them to safetensors"
                : $"{dir}: neither {Single} nor {Index} is there");
        var weights = new WeightFiles(isSingle ? single : index);
        try
        {
            if (isSingle) weights.OpenSingle(single);
            else weights.OpenShards(index, dir);
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    public SafetensorsFile? Find(string tensor) => _fileOf.GetValueOrDefault(tensor);

    public void Dispose()
    {
        foreach (var file in _files.Values)
            file.Dispose();
    }

    private void OpenSingle(string path)
    {
        var file = _files[Single] = new SafetensorsFile(path);
        foreach (var name in file.Entries.Keys)
            _fileOf.Add(name, file);
    }

    private void OpenShards(string path, string dir)
    {
        if (JsonFile.Read(path)["weight_map"] is not JsonObject map)
            throw new InvalidDataException($"{path}: field 'weight_map' must be an object that maps tensors to files");
        foreach (var (tensor, node) in map)
        {
            if (node is not JsonValue value || value.GetValueKind() != JsonValueKind.String)
                throw new InvalidDataException($"{path}: tensor '{tensor}' must name its file");
            var shard = value.GetValue<string>();
            if (shard.Length == 0 || shard != Path.GetFileName(shard) || shard is "." or "..")
                throw new InvalidDataException($"{path}: tensor '{tensor}' names '{shard}', which is not a file of this folder");
            if (!_files.TryGetValue(shard, out var file))
            {
                var shardPath = Path.Combine(dir, shard);
                if (!File.Exists(shardPath))
                    throw new FileNotFoundException($"{shardPath}: is missing; {path} places tensor '{tensor}' there");
                file = _files[shard] = new SafetensorsFile(shardPath);
            }
            if (!file.Entries.ContainsKey(tensor))
                throw new InvalidDataException($"{file.Path}: tensor '{tensor}' is missing; {path} places it there");
            _fileOf.Add(tensor, file);
        }
    }
}
