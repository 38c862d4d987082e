using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Tokenization;
using TorchSharp;

namespace LightReasoner.Worker.Runs;

/// <summary>A model ready for use, with its tokenizer and where both came from.</summary>
/// <param name="Folder">The folder on this machine.</param>
/// <param name="Adapters">Folders of the adapters that were merged into it, the lowest first.</param>
internal sealed record ModelWithTokenizer(
    LoadedModel Loaded, Tokenizer Tokenizer, string Uri, string Folder, IReadOnlyList<string> Adapters);

/// <summary>Loads the models that a manifest names, and disposes of them when the run has ended.</summary>
internal sealed class ModelSources(RunReferences references, torch.Device device, IProgress<DownloadProgress>? downloads = null)
    : IDisposable
{
    /// <summary>Adapters over adapters are followed this far; more is a circle.</summary>
    private const int MaxAdapters = 8;

    private readonly List<LoadedModel> _loaded = [];

    /// <summary>Loads a model; adapters that it names are merged into it.</summary>
    public async Task<ModelWithTokenizer> LoadAsync(ModelSource source, CancellationToken cancellation)
    {
        var uri = await UriAsync(source, references, cancellation);
        var model = await LoadAsync(uri, source.Dtype, 0, cancellation);
        return source.AdapterUri is { } adapter ? Merge(model, await LocalFolder.OfModelAsync(adapter, cancellation, downloads)) : model;
    }

    /// <summary>A model's tokenizer, and how many tokens the model has logits for. No weights are read.</summary>
    public async Task<(Tokenizer Tokenizer, int Rows)> TokenizerAsync(ModelSource source, CancellationToken cancellation)
    {
        var uri = await UriAsync(source, references, cancellation);
        var folder = await LocalFolder.OfModelAsync(uri, cancellation, downloads);
        for (int depth = 0; depth < MaxAdapters && BaseOf(folder) is { } baseModel; depth++)
            folder = await LocalFolder.OfModelAsync(baseModel, cancellation, downloads);
        return (Tokenizer.Load(folder), HuggingFaceFolder.ReadConfig(folder).Config.VocabSize);
    }

    /// <summary>URIs of a model folder and of all that it lies over: adapters, and the base at the end. No weights are read.</summary>
    public static async Task<IReadOnlyList<string>> FoldersAsync(ModelSource source, RunReferences references,
        CancellationToken cancellation)
    {
        var folders = new List<string>();
        if (source.AdapterUri is { } adapter) folders.Add(adapter);
        for (string? uri = await UriAsync(source, references, cancellation); uri is not null && folders.Count <= MaxAdapters;)
        {
            folders.Add(uri);
            var name = BlobUri.Join(uri, "adapter_config.json");
            uri = await BlobUri.Open(uri).GetAsync("adapter_config.json", cancellation) is { } config
                ? BaseIn(JsonFile.Parse(config.Bytes, name), name) : null;
        }
        return folders;
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

    private async Task<ModelWithTokenizer> LoadAsync(string uri, WeightType dtype, int depth, CancellationToken cancellation)
    {
        var folder = await LocalFolder.OfModelAsync(uri, cancellation, downloads);
        if (BaseOf(folder) is not { } baseModel)
        {
            _loaded.Add(HuggingFaceFolder.Load(folder, TypeOf(dtype), device));
            return new ModelWithTokenizer(_loaded[^1], Tokenizer.Load(folder), uri, folder, []);
        }

        if (depth == MaxAdapters)
            throw new WorkerException(ExitCode.BadData,
                $"{Path.Combine(folder, "adapter_config.json")}: field 'base_model_name_or_path' must lead to a model folder; after "
                + $"{depth} adapters it has not");
        return Merge(await LoadAsync(baseModel, dtype, depth + 1, cancellation), folder);
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

    /// <summary>What an adapter folder names as its base; null for a model folder.</summary>
    private static string? BaseOf(string folder)
    {
        var config = Path.Combine(folder, "adapter_config.json");
        return File.Exists(config) ? BaseIn(JsonFile.Read(config), config) : null;
    }

    private static string BaseIn(JsonObject config, string name) => FromPeftName(new JsonFields(config, name)
        .Text("base_model_name_or_path")
        ?? throw new WorkerException(ExitCode.BadData,
        $"{name}: field 'base_model_name_or_path' must name the model that the adapter is for"));

    public void Dispose()
    {
        foreach (var model in _loaded) model.Dispose();
    }

    private static ModelWithTokenizer Merge(ModelWithTokenizer model, string adapter)
    {
        PeftAdapter.Load(adapter, model.Loaded.Model);
        model.Loaded.Model.MergeLora();
        return model with { Adapters = [.. model.Adapters, adapter] };
    }

    /// <summary>The tensor type of a manifest's dtype.</summary>
    public static torch.ScalarType TypeOf(WeightType dtype) => dtype switch
    {
        WeightType.Float32 => torch.ScalarType.Float32,
        WeightType.Float16 => torch.ScalarType.Float16,
        _ => torch.ScalarType.BFloat16,
    };
}
