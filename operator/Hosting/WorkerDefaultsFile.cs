using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;

namespace LightReasoner.Operator.Hosting;

/// <summary>Defaults for <c>spec.worker</c> from a file.</summary>
internal static class WorkerDefaultsFile
{
    public static WorkerSpec? Read(string file) => YamlJson.ToJson(File.ReadAllText(file), file) switch
    {
        [] => null,
        [JsonObject document] => document.Deserialize<WorkerSpec>(ApiJson.Strict),
        _ => throw new FormatException($"{file}: must hold one mapping with fields of spec.worker"),
    };
}
