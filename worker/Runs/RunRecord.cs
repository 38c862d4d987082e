using System.Reflection;
using LightReasoner.Api.Validation;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

/// <summary>
/// <c>run.json</c> in the output: the document, the versions and the fingerprints of all that goes in, enough to repeat the run. It also
/// guards the folder: output of one document is never mixed with that of another, nor that of one model with that of another.
/// </summary>
internal static class RunRecord
{
    public const string BlobName = "run.json";

    public static string Version { get; } =
        typeof(RunRecord).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>
    /// Writes the record, or makes sure that the one there is of the same work. A document that asks for more of it takes its place, and
    /// so does any other where nothing has been done yet.
    /// </summary>
    /// <returns>What more is asked for than at the attempt before; empty for nothing.</returns>
    /// <exception cref="WorkerException">The folder holds the output of another document, or of other models or data.</exception>
    public static async Task<IReadOnlyList<SpecChange>> EnsureAsync(RunOutput output, Manifest manifest, JsonObject inputs,
        TimeProvider time, CancellationToken cancellation)
    {
        var document = Redactor.OfProcess.Redact(JsonNode.Parse(ManifestReader.ToJson(manifest)))!.AsObject();
        document.Remove("status");
        var record = new JsonObject
        {
            ["document"] = document,
            ["begun"] = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"),
            ["versions"] = new JsonObject
            {
                ["worker"] = Version,
                ["runtime"] = Environment.Version.ToString(),
                ["libtorch"] = TorchSharp.torch.__version__,
            },
            ["inputs"] = inputs.DeepClone(),
        };
        if (await output.Store.GetAsync(BlobName, cancellation) is not { } existing)
        {
            await output.PutOnceAsync(BlobName, new MemoryStream(Encode(record)), cancellation);
            return [];
        }
        var before = JsonNode.Parse(existing.Bytes)!.AsObject();
        var changes = Changes(before["document"]!, document);
        string[] others = [.. changes.Where(change => !change.Extends).Select(change => change.ToString())];
        var difference = RunInputs.Difference(before["inputs"] as JsonObject ?? [], inputs);
        if (changes.Any(change => difference?.StartsWith(change.Path, StringComparison.Ordinal) == true)) difference = null;
        if (others.Length > 0 || difference is not null)
        {
            if (!await IsEmptyAsync(output, cancellation))
                throw others.Length > 0
                    ? new WorkerException(ExitCode.BadManifest, $"{output.Store.Uri} holds the output of a run with another spec: "
                        + $"{string.Join("; ", others)}; name another spec.output.uri, or delete that folder")
                    : new WorkerException(ExitCode.BadData, $"{output.Store.Uri} was begun on other data: {difference}; restore it, name "
                        + "another spec.output.uri, or delete that folder");
            changes = [];
        }
        else if (changes.Count == 0) return [];
        else record["begun"] = before["begun"]?.DeepClone();
        await output.PutAsync(BlobName, new MemoryStream(Encode(record)), cancellation);
        return changes;
    }

    /// <summary>Whether the attempts before have ended and left nothing but this record: they were refused before they began.</summary>
    private static async Task<bool> IsEmptyAsync(RunOutput output, CancellationToken cancellation)
    {
        var blobs = await output.Store.ListAsync("", cancellation);
        return blobs.All(blob => blob.Name == BlobName || blob.Name.StartsWith(RunOutput.Owners, StringComparison.Ordinal))
            && await output.IsAloneAsync(cancellation);
    }

    public static async Task<string> BegunAsync(IBlobStore store, CancellationToken cancellation) =>
        await store.GetAsync(BlobName, cancellation) is { } record ? (string?)JsonNode.Parse(record.Bytes)?["begun"] ?? "" : "";

    private static IReadOnlyList<SpecChange> Changes(JsonNode before, JsonNode now)
    {
        // Both are read, so that a field that this version has and the earlier one lacked has its default in both.
        RunSpec Spec(JsonNode document) =>
            ((Manifest)document.Deserialize(Manifest.TypeOf(Enum.Parse<RunKind>((string)document["kind"]!)), ApiJson.Options)!).RunSpec;
        return (string?)before["kind"] == (string?)now["kind"] ? SpecChanges.Between(Spec(before), Spec(now))
            : [new SpecChange("kind", (string?)before["kind"], (string?)now["kind"], false)];
    }

    private static byte[] Encode(JsonObject record) => Encoding.UTF8.GetBytes(record.ToJsonString(ApiJson.Indented) + "\n");
}
