using System.Text.Json.Nodes;

namespace LightReasoner.DevCluster.Tests.Transcripts;

/// <summary>One recorded case.</summary>
internal sealed record TranscriptCase(string Name, string Area, string[] Fixtures, JsonArray? Normalize, IReadOnlyList<JsonObject> Steps)
{
    /// <summary>Cases that delete a CRD others use run alone.</summary>
    public bool Alone => Fixtures.Any(f => f.StartsWith("absent:", StringComparison.Ordinal)) || Area == "discovery";

    public static TranscriptCase Load(string file)
    {
        var o = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        return new TranscriptCase(
            o["name"]!.GetValue<string>(), o["area"]!.GetValue<string>(),
                [.. (o["fixtures"] as JsonArray ?? []).Select(f => f!.GetValue<string>())],
            o["normalize"] as JsonArray, [.. o["steps"]!.AsArray().Select(s => s!.AsObject())]);
    }
}
