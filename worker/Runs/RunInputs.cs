using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

/// <summary>
/// Fingerprints of all that goes into a run: the files of its models, tokenizers, adapters and data, by the field of the spec that names
/// them. They are taken at every attempt and by every shard, so that two shards never work with two different models of the same name.
/// </summary>
internal static class RunInputs
{
    /// <summary>By field: <c>uri</c> and the fingerprint of each of its <c>files</c>; adapters and base stand beside it.</summary>
    public static async Task<JsonObject> FingerprintsAsync(Manifest manifest, RunReferences references, CancellationToken cancellation)
    {
        (string Field, ModelSource? Source)[] models = manifest switch
        {
            SamplingRun run => [("spec.expert", run.Spec.Expert), ("spec.amateur", run.Spec.Amateur)],
            FineTuneRun run => [("spec.model", run.Spec.Model)],
            RefineRun run => [("spec.model", run.Spec.Model)],
            _ => [],
        };
        (string Field, DatasetSource? Source)[] datasets = manifest switch
        {
            SamplingRun run => [("spec.dataset", run.Spec.Dataset)],
            FineTuneRun run => [("spec.samples", run.Spec.Samples), ("spec.sft.dataset", run.Spec.Sft?.Dataset),
                ("spec.validation.dataset", run.Spec.Validation?.Dataset), .. Evaluation(run.Spec.Evaluation)],
            RefineRun run => [("spec.dataset", run.Spec.Dataset), ("spec.validation.dataset", run.Spec.Validation?.Dataset),
                .. Evaluation(run.Spec.Evaluation)],
            _ => [],
        };
        var inputs = new JsonObject();
        foreach (var (field, source) in models)
            foreach (var (layer, uri) in (await ModelSources.FoldersAsync(source!, references, cancellation)).Index())
                inputs[layer == 0 ? field : $"{field} (layer {layer} below)"] = Entry(uri,
                    await Fingerprint.OfModelAsync(uri, cancellation));
        foreach (var (field, source) in datasets)
            if (source is not null && references.DatasetUri(source) is var uri)
                inputs[field] = Entry(uri, await FilesAsync(uri, source.RunRef));
        (string Field, RunReference? Reference) answers = manifest switch
        {
            SamplingRun run => ("spec.answers", run.Spec.Answers?.RunRef),
            FineTuneRun { Spec.Objective: FineTuneObjective.Sft } run => ("spec.samples (answers)", run.Spec.Samples.RunRef),
            _ => default,
        };
        if (answers.Reference is { } answered && BlobUri.Join(references.OutputOf(answered), "answers/*") is var given)
            inputs[answers.Field] = Entry(given, await FilesAsync(given, answered));
        return inputs;

        async Task<IReadOnlyList<Fingerprint>> FilesAsync(string uri, RunReference? reference)
        {
            try
            {
                return await Fingerprint.OfDatasetAsync(uri, cancellation);
            }
            catch (WorkerException e) when (e.Code == ExitCode.MissingInput && reference is not null)
            {
                throw new WorkerException(e.Code, $"{reference}: {e.Message}; {RunReferences.Hint(reference)}", e);
            }
        }
    }

    /// <summary>The first input whose content is not what it was, in words; null where all are. Paths do not count: volumes move.</summary>
    public static string? Difference(JsonObject before, JsonObject now)
    {
        foreach (var (field, input) in now)
        {
            if (before[field]?["files"] is not JsonObject then || input?["files"] is not JsonObject here) continue;
            if (then.Select(file => (string?)file.Value).SequenceEqual(here.Select(file => (string?)file.Value))) continue;
            foreach (var name in then.Select(file => file.Key).Union(here.Select(file => file.Key)))
                if ((string?)then[name] is var was && (string?)here[name] is var value && was != value)
                    return $"{field}: {name} {(was is null ? "was not there" : $"was {was}")} and "
                        + (value is null ? "is gone" : $"is {value} now");
        }
        return null;
    }

    /// <summary>
    /// What tells a model's weights from others, wherever they lie: its base's and those of each adapter over it, as
    /// <c>sha256:…+sha256:…</c>; null where nothing is known of them.
    /// </summary>
    public static string? WeightsOf(JsonObject inputs, string field)
    {
        string[] layers = [.. inputs.Where(input => input.Key == field || input.Key.StartsWith(field + " (", StringComparison.Ordinal))
            .Select(input => Weights(input.Value!["files"]!.AsObject())).Reverse()];
        return layers.Length == 0 || layers.Contains("") ? null : string.Join('+', layers);
    }

    private static string Weights(JsonObject files)
    {
        string[] values = [.. files.Where(file => file.Key.EndsWith(".safetensors", StringComparison.Ordinal))
            .Select(file => (string)file.Value!)];
        string[] kinds = [.. values.Select(value => value.Split(':')[0]).Distinct()];
        return values.Length == 0 ? "" : $"{(kinds.Length == 1 ? kinds[0] : "etag")}:{RunExtent.Hash(string.Join('\n', values))[..16]}";
    }

    /// <summary>Whether the samples of an expert fit a model, by the weights of both (<see cref="WeightsOf"/>).</summary>
    /// <returns>What may be wrong, null for nothing; whether it surely is: hashes differ, and no adapter explains it.</returns>
    public static (string? Doubt, bool IsSure) Mismatch(string expert, string model)
    {
        if (expert == model) return default;
        string[] one = expert.Split('+'), other = model.Split('+');
        if (one[0] == other[0])
            return ($"are of an expert with other adapters over the same base ({expert}) than spec.model ({model})", false);
        var (kind, otherKind) = (one[0].Split(':')[0], other[0].Split(':')[0]);
        return kind == otherKind && kind != "etag"
            ? ($"are of an expert with other weights ({expert}) than spec.model ({model})", true)
            : ($"may be of another expert ({expert}) than spec.model ({model}), which cannot be told: the one is known by {Words(kind)}, "
                + $"the other by {Words(otherKind)}", false);

        static string Words(string kind) =>
            kind == "etag" ? "its server's tag, which says nothing of the content" : $"its content ({kind})";
    }

    private static IEnumerable<(string, DatasetSource?)> Evaluation(EvaluationSpec? spec) =>
    [
        ("spec.evaluation.dataset", spec?.Dataset),
        .. (spec?.Benchmarks ?? []).Select((set, i) => ($"spec.evaluation.benchmarks[{i}]", (DatasetSource?)set.Dataset)),
    ];

    private static JsonObject Entry(string uri, IReadOnlyList<Fingerprint> files) => new()
    {
        ["uri"] = BlobUri.WithoutCredentials(BlobUri.Absolute(uri)),
        ["files"] = new JsonObject(files.Select(file => KeyValuePair.Create(file.Uri, (JsonNode?)file.Value))),
    };
}
