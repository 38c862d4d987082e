using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Tokenization;
using TorchSharp;

namespace LightReasoner.Worker.Runs;

/// <summary>A model ready for use, with its tokenizer and where both came from.</summary>
/// <param name="Loaded">The model.</param>
/// <param name="Tokenizer">Its tokenizer.</param>
/// <param name="Uri">URI of the model folder.</param>
/// <param name="Folder">The folder on this machine.</param>
public sealed record ModelWithTokenizer(LoadedModel Loaded, Tokenizer Tokenizer, string Uri, string Folder);

/// <summary>Loads the models that a manifest names.</summary>
/// <param name="references">Where referenced runs wrote.</param>
/// <param name="device">Where models are held.</param>
/// <param name="downloads">Told how far downloads are.</param>
public sealed class ModelSources(RunReferences references, torch.Device device, IProgress<DownloadProgress>? downloads = null)
{
    /// <summary>Adapters over adapters are followed this far; more is a circle.</summary>
    private const int MaxAdapters = 8;

    /// <summary>Loads a model; adapters that it names are merged into it.</summary>
    public async Task<ModelWithTokenizer> LoadAsync(ModelSource source, CancellationToken cancellation)
    {
        string uri = source.Uri ?? await OutputModelAsync(references.OutputOf(source.RunRef!), source.RunRef!, cancellation);
        ModelWithTokenizer model = await LoadAsync(uri, source.Dtype, 0, cancellation);
        if (source.AdapterUri is { } adapter) Merge(model, await LocalFolder.OfModelAsync(adapter, cancellation, downloads));
        return model;
    }

    private static async Task<string> OutputModelAsync(string output, RunReference reference, CancellationToken cancellation)
    {
        IBlobStore store = BlobUri.Open(output);
        if (await store.TagAsync("model/config.json", cancellation) is not null) return BlobUri.Join(output, "model");
        if (await store.TagAsync("adapter/adapter_config.json", cancellation) is not null) return BlobUri.Join(output, "adapter");
        throw new WorkerException(ExitCode.MissingInput, $"{reference}: {output} holds neither model/config.json nor adapter/adapter_config.json; has that run succeeded?");
    }

    private async Task<ModelWithTokenizer> LoadAsync(string uri, WeightType dtype, int depth, CancellationToken cancellation)
    {
        string folder = await LocalFolder.OfModelAsync(uri, cancellation, downloads);
        string adapterConfig = Path.Combine(folder, "adapter_config.json");
        if (!File.Exists(adapterConfig))
            return new ModelWithTokenizer(HuggingFaceFolder.Load(folder, TypeOf(dtype), device), Tokenizer.Load(folder), uri, folder);

        string? baseModel = (string?)JsonNode.Parse(await File.ReadAllTextAsync(adapterConfig, cancellation))?["base_model_name_or_path"];
        if (baseModel is null || depth == MaxAdapters)
            throw new WorkerException(ExitCode.BadData, $"{adapterConfig}: field 'base_model_name_or_path' must lead to a model folder");
        ModelWithTokenizer model = await LoadAsync(FromPeftName(baseModel), dtype, depth + 1, cancellation);
        Merge(model, folder);
        return model with { Uri = uri };
    }

    /// <summary>The name that PEFT's own tools know a base model by: <c>org/name</c> on the hub, and no credentials.</summary>
    public static string PeftName(string uri)
    {
        if (uri.StartsWith(HubRepository.Scheme, StringComparison.Ordinal) && HubRepository.Parse(uri) is { Type: "models", Revision: "main", Folder: "" } repository) return repository.Id;
        return BlobUri.WithoutCredentials(uri);
    }

    /// <summary>PEFT's <c>org/name</c> is a folder if there is one of that name, else a repository of the hub.</summary>
    private static string FromPeftName(string name) =>
        !name.Contains("://", StringComparison.Ordinal) && !Directory.Exists(name) && HubRepository.IsId(name) ? HubRepository.Scheme + name : name;

    private static void Merge(ModelWithTokenizer model, string adapter)
    {
        PeftAdapter.Load(adapter, model.Loaded.Model);
        model.Loaded.Model.MergeLora();
        // The merged weights stay and are an ordinary model's again: trainable, and free for another adapter.
        model.Loaded.Model.UnloadLora();
    }

    /// <summary>The tensor type of a manifest's dtype.</summary>
    public static torch.ScalarType TypeOf(WeightType dtype) => dtype switch
    {
        WeightType.Float32 => torch.ScalarType.Float32,
        WeightType.Float16 => torch.ScalarType.Float16,
        _ => torch.ScalarType.BFloat16,
    };
}
