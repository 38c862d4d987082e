using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

/// <summary>The check of a document's URIs before anything is read or written.</summary>
internal static class DocumentUris
{
    public static void Check(Manifest manifest) =>
        Check(JsonSerializer.SerializeToNode(manifest.RunSpec, manifest.RunSpec.GetType(), ApiJson.Options)!.AsObject(), "spec");

    private static void Check(JsonObject node, string path)
    {
        foreach (var (name, value) in node)
        {
            if (value is JsonObject inner && name != "worker") Check(inner, $"{path}.{name}");
            if (name is not ("uri" or "adapterUri") || value is null) continue;
            try
            {
                BlobUri.Check((string)value!,
                    isFile: path.EndsWith("dataset", StringComparison.Ordinal) || path is "spec.samples" or "spec.validation");
            }
            catch (WorkerException e)
            {
                throw new WorkerException(e.Code, $"{path}.{name}: {e.Message}", e);
            }
        }
    }
}
