using System.Text.Json.Nodes;
using LightReasoner.Worker.Models;

namespace LightReasoner.Worker.Checkpoints;

/// <summary>The special tokens of generation, from <c>generation_config.json</c> or, without it, <c>config.json</c>.</summary>
/// <param name="EosIds">Any of these ends a text; may be empty.</param>
/// <param name="PadId">The padding token, if named.</param>
/// <param name="BosId">The token that begins a text, if named.</param>
public sealed record GenerationConfig(int[] EosIds, int? PadId, int? BosId)
{
    internal static GenerationConfig Read(string dir, JsonObject modelConfig)
    {
        var path = Path.Combine(dir, "generation_config.json");
        var own = JsonFile.ReadIfPresent(path);
        var fields = own is null ? new JsonFields(modelConfig, Path.Combine(dir, "config.json")) : new JsonFields(own, path);
        return new GenerationConfig(fields.Ids("eos_token_id"), First(fields.Ids("pad_token_id")), First(fields.Ids("bos_token_id")));

        static int? First(int[] ids) => ids.Length == 0 ? null : ids[0];
    }
}
