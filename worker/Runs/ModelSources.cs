using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Runs;

/// <summary>A model ready for use, with its tokenizer and where both came from.</summary>
/// <param name="Adapters">Folders of the adapters that were merged into it, the lowest first.</param>
internal sealed record ModelWithTokenizer(
    LoadedModel Loaded, Tokenizer Tokenizer, string Uri, string Folder, IReadOnlyList<string> Adapters);

/// <summary>Loads the models that a manifest names, and disposes of them when the run has ended.</summary>
internal sealed class ModelSources(RunReferences references, torch.Device device, IProgress<DownloadProgress>? downloads = null)
    : IDisposable
{
    /// <summary>Adapters over adapters are followed this far; more is a circle.</summary>
    private const int MaxAdapters = 8;

    private const string ConfigFile = "adapter_config.json", BaseField = "base_model_name_or_path";

    private readonly List<LoadedModel> _loaded = [];

    /// <summary>Loads a model; adapters that it names are merged into it.</summary>
    public async Task<ModelWithTokenizer> LoadAsync(ModelSource source, CancellationToken cancellation)
    {
        var uris = await FoldersAsync(source, references, cancellation);
        var folder = await LocalFolder.OfModelAsync(uris[^1], cancellation, downloads);
        var loaded = HuggingFaceFolder.Load(folder, TypeOf(source.Dtype), device);
        _loaded.Add(loaded);
        var adapters = new List<string>();
        foreach (var uri in uris.SkipLast(1).Reverse())
        {
            adapters.Add(await LocalFolder.OfModelAsync(uri, cancellation, downloads));
            PeftAdapter.Load(adapters[^1], loaded.Model);
            loaded.Model.MergeLora();
        }
        return new ModelWithTokenizer(loaded, Tokenizer.Load(folder), uris[^1], folder, adapters);
    }

    /// <summary>A model's tokenizer, and how many tokens the model has logits for. No weights are read.</summary>
    public async Task<(Tokenizer Tokenizer, int Rows)> TokenizerAsync(ModelSource source, CancellationToken cancellation)
    {
        var uris = await FoldersAsync(source, references, cancellation);
        var folder = await LocalFolder.OfModelAsync(uris[^1], cancellation, downloads);
        return (Tokenizer.Load(folder), HuggingFaceFolder.ReadConfig(folder).Config.VocabSize);
    }

    /// <summary>URIs of a model folder and of all that it lies over: adapters, and the base at the end. No weights are read.</summary>
    public static async Task<IReadOnlyList<string>> FoldersAsync(ModelSource source, RunReferences references,
        CancellationToken cancellation)
    {
        var folders = new List<string>();
        if (source.AdapterUri is { } adapter) folders.Add(adapter);
        var uri = await UriAsync(source, references, cancellation);
        for (int adapters = 0; ; adapters++)
        {
            folders.Add(uri);
            var name = BlobUri.Join(uri, ConfigFile);
            if (await BlobUri.Open(uri).GetAsync(ConfigFile, cancellation) is not { } config) return folders;
            if (adapters == MaxAdapters)
                throw new WorkerException(ExitCode.BadData,
                    $"{name}: field '{BaseField}' must lead to a model folder; after {adapters} adapters it has not");
            uri = FromPeftName(new JsonFields(JsonFile.Parse(config.Bytes, name), name).Text(BaseField)
                ?? throw new WorkerException(ExitCode.BadData, $"{name}: field '{BaseField}' must name the model that the adapter is for"));
        }
    }

    private static async Task<string> UriAsync(ModelSource source, RunReferences references, CancellationToken cancellation)
    {
        if (source.Uri is { } uri) return uri;
        var reference = source.RunRef!;
        var output = references.OutputOf(reference);
        var store = BlobUri.Open(output);
        if (await store.TagAsync("model/config.json", cancellation) is not null) return BlobUri.Join(output, "model");
        if (await store.TagAsync("adapter/adapter_config.json", cancellation) is not null) return BlobUri.Join(output, "adapter");
        throw new WorkerException(ExitCode.MissingInput,
            $"{reference}: {output} holds neither model/config.json nor adapter/adapter_config.json; {RunReferences.Hint(reference)}");
    }

    /// <summary>The name that PEFT's own tools know a base model by: <c>org/name</c> on the hub, and no credentials.</summary>
    public static string PeftName(string uri)
    {
        if (uri.StartsWith(HubRepository.Scheme, StringComparison.Ordinal)
            && HubRepository.Parse(uri) is { Type: "models", Revision: "main", Folder: "" } repository) return repository.Id;
        return BlobUri.WithoutCredentials(uri);
    }

    /// <summary>PEFT's <c>org/name</c> is a folder if there is one of that name, else a repository of the hub.</summary>
    private static string FromPeftName(string name) =>
        !name.Contains("://", StringComparison.Ordinal) && !Directory.Exists(name) && HubRepository.IsId(name)
            ? HubRepository.Scheme + name : name;

    public void Dispose()
    {
        foreach (var model in _loaded) model.Dispose();
    }

    public static torch.ScalarType TypeOf(WeightType dtype) => dtype switch
    {
        WeightType.Float32 => torch.ScalarType.Float32,
        WeightType.Float16 => torch.ScalarType.Float16,
        _ => torch.ScalarType.BFloat16,
    };
}
