using System.Text.Json.Nodes;
using LightReasoner.Worker.Models;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>The special tokens of generation that a model folder's JSON files name.</summary>
/// <param name="EosIds">Those of <c>generation_config.json</c> and of <c>config.json</c>; any of them ends a text; may be empty.</param>
/// <param name="PadId">The padding token, if named.</param>
/// <param name="BosId">The token that begins a text, if named.</param>
public sealed record GenerationConfig(int[] EosIds, int? PadId, int? BosId)
{
    internal static GenerationConfig Read(string dir, JsonObject modelConfig)
    {
        var path = Path.Combine(dir, "generation_config.json");
        JsonFields[] files = [new(JsonFile.ReadIfPresent(path) ?? [], path), new(modelConfig, Path.Combine(dir, "config.json"))];
        return new GenerationConfig([.. Ids("eos_token_id").Distinct()], First("pad_token_id"), First("bos_token_id"));

        IEnumerable<int> Ids(string name) => files.SelectMany(file => file.Ids(name));

        int? First(string name) => Ids(name).Select(id => (int?)id).FirstOrDefault();
    }
}
