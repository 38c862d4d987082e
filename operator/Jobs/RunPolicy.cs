using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Operator.Hosting;

namespace LightReasoner.Operator.Jobs;

/// <summary>
/// What runs may ask for, by the admin's choice: who may create runs gets no more than that. The operator's own worker defaults are not
/// bound by it.
/// </summary>
internal static class RunPolicy
{
    /// <summary>Largest document that fits into an annotation beside the others.</summary>
    public const int MaxDocumentBytes = 200 * 1024;

    /// <summary>Volume types that PodSecurity <em>restricted</em> allows, and OCI images.</summary>
    public static readonly IReadOnlyList<string> DefaultVolumeTypes =
        ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"];

    /// <summary>What a run asks for and may not have; empty for nothing.</summary>
    public static IEnumerable<string> Violations(RunSpec spec, OperatorOptions options)
    {
        var worker = spec.Worker;
        if (worker.Image is { } image && options.AllowedImages.Count > 0
            && !options.AllowedImages.Any(prefix => image.StartsWith(prefix, StringComparison.Ordinal)))
            yield return $"spec.worker.image: '{image}' is not allowed here (allowed prefixes: {string.Join(", ", options.AllowedImages)})";
        if (worker.ServiceAccountName is { } account && !Allows(options.AllowedServiceAccounts, account))
            yield return $"spec.worker.serviceAccountName: '{account}' is not allowed here "
                + $"(allowed: {string.Join(", ", options.AllowedServiceAccounts)})";
        foreach (var (path, secret) in Secrets(spec))
            if (!Allows(options.AllowedSecrets, secret))
                yield return $"{path}: Secret '{secret}' is not allowed here (allowed: {string.Join(", ", options.AllowedSecrets)})";
        foreach (var (i, volume) in (worker.Volumes ?? []).Index())
            foreach (var (type, source) in volume.Where(part => part.Key != "name"))
            {
                if (!options.AllowedVolumeTypes.Contains(type))
                    yield return $"spec.worker.volumes[{i}]: type {type} is not allowed here "
                        + $"(allowed: {string.Join(", ", options.AllowedVolumeTypes)})";
                else if (type == "projected" && !options.AllowTokens && Sources(source).Any(s => s.ContainsKey("serviceAccountToken")))
                    yield return $"spec.worker.volumes[{i}].projected: a serviceAccountToken is not allowed here";
            }
    }

    /// <summary>Null if the document fits.</summary>
    public static string? TooLarge(RunSpec spec, string document)
    {
        var bytes = System.Text.Encoding.UTF8.GetByteCount(document);
        if (bytes <= MaxDocumentBytes) return null;
        var (name, size) = System.Text.Json.JsonSerializer.SerializeToNode(spec, spec.GetType(), ApiJson.Options)!.AsObject()
            .Select(field => (field.Key, field.Value?.ToJsonString().Length ?? 0)).MaxBy(field => field.Item2);
        return $"spec.{name}: the document has {bytes} bytes, {size} of them here; "
            + $"at most {MaxDocumentBytes} fit into the Job's annotation";
    }

    private static IEnumerable<(string Path, string Name)> Secrets(RunSpec spec)
    {
        if (spec.Storage?.SecretRef is { } storage) yield return ("spec.storage.secretRef.name", storage.Name);
        if (spec.Tracking?.Mlflow?.SecretRef is { } mlflow) yield return ("spec.tracking.mlflow.secretRef.name", mlflow.Name);
        foreach (var (i, variable) in (spec.Worker.Env ?? []).Index())
            if (Text((variable["valueFrom"] as JsonObject)?["secretKeyRef"], "name") is { } name)
                yield return ($"spec.worker.env[{i}].valueFrom.secretKeyRef", name);
        foreach (var (i, volume) in (spec.Worker.Volumes ?? []).Index())
        {
            if (Text(volume["secret"], "secretName") is { } name) yield return ($"spec.worker.volumes[{i}].secret", name);
            foreach (var source in Sources(volume["projected"]))
                if (Text(source["secret"], "name") is { } projected) yield return ($"spec.worker.volumes[{i}].projected", projected);
        }
    }

    private static IEnumerable<JsonObject> Sources(JsonNode? projected) =>
        ((projected as JsonObject)?["sources"] as JsonArray ?? []).OfType<JsonObject>();

    private static string? Text(JsonNode? parent, string field) =>
        (parent as JsonObject)?[field] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    /// <summary>Names, with <c>*</c> at the end of a beginning, or alone for all.</summary>
    private static bool Allows(IReadOnlyList<string> allowed, string name) =>
        allowed.Any(pattern => pattern.EndsWith('*') ? name.StartsWith(pattern[..^1], StringComparison.Ordinal) : pattern == name);
}
