using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

/// <summary>
/// <c>run.json</c> in the output: the document, the versions and the fingerprints of the data, enough to repeat the run. It also guards the folder:
/// output of one document is never mixed with that of another.
/// </summary>
internal static class RunRecord
{
    public const string BlobName = "run.json";

    /// <summary>Fields that say how the work is done, not what comes out.</summary>
    private static readonly string[] Operational =
        ["storage", "output", "tracking", "worker", "suspend", "queueName", "retries", "activeDeadlineSeconds", "ttlSecondsAfterFinished", "dependencyTimeoutSeconds", "parallelism"];

    /// <summary>Version of this program.</summary>
    public static string Version { get; } =
        typeof(RunRecord).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>Writes the record, or makes sure that the one there is of the same work.</summary>
    /// <returns>When the work was begun.</returns>
    /// <exception cref="WorkerException">The folder holds the output of another document.</exception>
    public static async Task<string> EnsureAsync(RunOutput output, Manifest manifest, RunReferences references, TimeProvider time, CancellationToken cancellation)
    {
        JsonObject document = Redactor.OfProcess.Redact(JsonNode.Parse(ManifestReader.ToJson(manifest)))!.AsObject();
        document.Remove("status");
        var record = new JsonObject
        {
            ["document"] = document,
            ["begun"] = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
            ["versions"] = new JsonObject { ["worker"] = Version, ["runtime"] = Environment.Version.ToString(), ["libtorch"] = TorchSharp.torch.__version__ },
            ["data"] = await FingerprintsAsync(manifest, references, cancellation),
        };
        if (await output.Store.GetAsync(BlobName, cancellation) is not { } existing)
        {
            await output.PutOnceAsync(BlobName, Encoding.UTF8.GetBytes(record.ToJsonString(ApiJson.Indented) + "\n"), cancellation);
            return (string)record["begun"]!;
        }
        JsonObject before = JsonNode.Parse(existing.Bytes)!.AsObject();
        if (!JsonNode.DeepEquals(Essence(before["document"]), Essence(document)))
            throw new WorkerException(ExitCode.BadManifest,
                $"{output.Store.Uri} holds the output of a run with another spec (see {BlobName} there); name another spec.output.uri, or delete that folder");
        if (!Hashes(before["data"]).SequenceEqual(Hashes(record["data"])))
            throw new WorkerException(ExitCode.BadData,
                $"{output.Store.Uri} was begun on other data: the files that the spec names have changed since (see {BlobName} there); restore them, name another spec.output.uri, or delete that folder");
        return (string?)before["begun"] ?? "";
    }

    /// <summary>Contents alone: the same file may be mounted at another path.</summary>
    private static IEnumerable<string?> Hashes(JsonNode? data) => data is JsonObject files ? files.Select(file => (string?)file.Value) : [];

    /// <summary>Kind and spec as far as they affect what comes out.</summary>
    public static JsonNode Essence(JsonNode? document)
    {
        JsonObject essence = new() { ["kind"] = document?["kind"]?.DeepClone(), ["spec"] = document?["spec"]?.DeepClone() };
        foreach (string field in Operational) (essence["spec"] as JsonObject)?.Remove(field);
        return essence;
    }

    private static async Task<JsonObject> FingerprintsAsync(Manifest manifest, RunReferences references, CancellationToken cancellation)
    {
        DatasetSource?[] datasets = manifest switch
        {
            SamplingRun run => [run.Spec.Dataset],
            FineTuneRun run => [run.Spec.Samples, run.Spec.Sft?.Dataset, run.Spec.Validation?.Dataset, .. run.Spec.Evaluation?.Datasets() ?? []],
            RefineRun run => [run.Spec.Dataset, run.Spec.Validation?.Dataset, .. run.Spec.Evaluation?.Datasets() ?? []],
            _ => [],
        };
        var fingerprints = new JsonObject();
        foreach (DatasetSource dataset in datasets.OfType<DatasetSource>())
            foreach (Fingerprint file in await Fingerprint.OfDatasetAsync(references.DatasetUri(dataset), cancellation))
                fingerprints[file.Uri] = file.Value;
        return fingerprints;
    }
}
