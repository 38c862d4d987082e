using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Refinement;

/// <summary>Turns records into token ids. A response is never put through the chat template: some templates cut the reasoning out of
/// earlier answers.</summary>
internal static class ResponseEncoder
{
    private const string ThinkOpens = "<think>";

    /// <summary>The ids of a record's prompt and of its response, without EOS.</summary>
    /// <exception cref="WorkerException">The tokenizer knows nothing of the prompt or of the response, or has ids that the model does not
    /// have.</exception>
    public static (int[] Prompt, int[] Response) Encode(Tokenizer tokenizer, PromptSpec prompt, PromptResponse record,
        int vocabulary = int.MaxValue)
    {
        string promptText;
        var raw = false;
        if (record.Prompt is JsonArray messages)
        {
            promptText = PromptFormat.Render(tokenizer, (JsonArray)messages.DeepClone());
        }
        else
        {
            var text = record.Prompt.GetValue<string>();
            PromptFormat.CheckKnown(tokenizer, text, record.Place, "prompt");
            promptText = PromptFormat.Text(tokenizer, prompt, text);
            raw = prompt.Template is PromptTemplate.None;
        }
        var response = WithoutRepeatedThink(promptText, record.Response);
        PromptFormat.CheckKnown(tokenizer, response, record.Place, "response");
        return (TokenIds.Check(tokenizer.Encode(promptText, addSpecialTokens: raw), vocabulary, $"{record.Place}: the prompt"),
            TokenIds.Check(tokenizer.Encode(response), vocabulary, $"{record.Place}: the response"));
    }

    /// <summary>A chat template may end with an opened <c>&lt;think&gt;</c>; a response that opens it too would have it twice.</summary>
    internal static string WithoutRepeatedThink(string prompt, string response)
    {
        if (!prompt.TrimEnd().EndsWith(ThinkOpens, StringComparison.Ordinal)
            || !response.TrimStart().StartsWith(ThinkOpens, StringComparison.Ordinal))
            return response;
        var rest = response.TrimStart()[ThinkOpens.Length..];
        return prompt.EndsWith('\n') && rest.StartsWith('\n') ? rest[1..] : rest;
    }
}
