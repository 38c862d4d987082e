using System.Text.Json.Nodes;

namespace LightReasoner.Worker.Data;

/// <summary>A prompt with its response; each is text, or a list of chat messages with <c>role</c> and <c>content</c>.</summary>
/// <param name="Index">Position of the record in the dataset, from 0.</param>
/// <param name="Prompt">JSON string or array of messages.</param>
/// <param name="Response">JSON string or array of messages.</param>
public sealed record PromptResponse(int Index, JsonNode Prompt, JsonNode Response)
{
    /// <summary>An empty list of records that does not have to fit into memory.</summary>
    internal static SpooledList<PromptResponse> Spool() => new(
        (writer, record) =>
        {
            writer.Write(record.Index);
            writer.Write(record.Prompt.ToJsonString());
            writer.Write(record.Response.ToJsonString());
        },
        reader => new PromptResponse(reader.ReadInt32(), JsonNode.Parse(reader.ReadString())!, JsonNode.Parse(reader.ReadString())!));
}
